from __future__ import annotations

import json
import re
import zlib

import anyio
import pytest
from anyio.abc import SocketStream

from footfall.store.engine import Reply
from tests.servers import HOST
from tests.store.aws.serving import SECRET, TOKEN, SetEnv, ask, connected, headers_of, http, serving

pytestmark = pytest.mark.anyio


async def test_a_reply_comes_through_as_it_is() -> None:
    body = b'{"TableNames":["\xc3\xa9"]}'
    async with serving(http(body, X_Amz_Crc32=str(zlib.crc32(body)))) as server:
        assert await ask(server) == Reply(200, body)


@pytest.mark.parametrize(
    "status", ["400 Bad Request", "500 Internal Server Error", "503 Service Unavailable"]
)
async def test_an_error_is_a_reply(status: str) -> None:
    body = b'{"__type":"x#ValidationException","message":"m"}'
    async with serving(http(body, status)) as server:
        reply = await ask(server)

    assert (reply.status, reply.body, reply.error_code) == (int(status[:3]), body, "ValidationException")


async def test_the_error_page_of_a_proxy_is_a_reply() -> None:
    async with serving(http(b"<html>", "502 Bad Gateway")) as server:
        assert await ask(server) == Reply(502, b"<html>")


async def test_a_request_is_signed_for_region_and_service(environment: SetEnv) -> None:
    environment(AWS_ACCESS_KEY_ID="AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY=SECRET, AWS_SESSION_TOKEN=TOKEN)
    async with serving(http(b"{}")) as server:
        await ask(server, b'{"Limit":1}')

    (request,) = server.requests
    headers = headers_of(request)
    assert request.startswith(b"POST / HTTP/1.1\r\n")
    assert request.endswith(b'\r\n\r\n{"Limit":1}')
    assert headers["x-amz-target"] == "DynamoDB_20120810.ListTables"
    assert headers["content-type"] == "application/x-amz-json-1.0"
    assert headers["x-amz-security-token"] == TOKEN
    assert re.match(
        r"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/\d{8}/eu-central-1/dynamodb/aws4_request, SignedHeaders=\S*host\S*,",
        headers["authorization"],
    )
    assert SECRET.encode() not in request


async def test_a_connection_is_used_again() -> None:
    answer = http(b"{}").replace(b"Connection: close", b"Connection: keep-alive")
    listener = await anyio.create_tcp_listener(local_host=HOST)
    connections = []

    async def serve(client: SocketStream) -> None:
        connections.append(client)
        async with client:
            for _ in range(3):
                await client.receive()
                await client.send(answer)

    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, serve)
        async with connected(
            f"http://{HOST}:{listener.extra(anyio.abc.SocketAttribute.local_port)}"
        ) as engine:
            for _ in range(3):
                await engine.call("ListTables", b"{}")

        tasks.cancel_scope.cancel()

    assert len(connections) == 1


@pytest.mark.parametrize("crc32", ["", "none", "-1"])
async def test_a_checksum_that_is_none_checks_nothing(crc32: str) -> None:
    async with serving(http(b"{}", X_Amz_Crc32=crc32)) as server:
        assert (await ask(server)).ok


async def test_the_engine_speaks_to_a_real_server(moto_endpoint: str) -> None:
    async with connected(moto_endpoint) as engine:
        reply = await engine.call("ListTables", b'{"Limit":1}')
        missing = await engine.call("DescribeTable", b'{"TableName":"no_such_table"}')

    assert "TableNames" in json.loads(reply.body)
    assert missing.error_code == "ResourceNotFoundException"
