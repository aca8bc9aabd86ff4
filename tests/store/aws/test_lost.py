"""Whether a request without a reply may have been applied: each kind of failure, on real sockets."""

from __future__ import annotations

import socket
import struct
import zlib

import anyio
import pytest
from anyio.abc import SocketStream

from footfall.store.aws.engine import LARGEST_DIRECT_BYTES
from footfall.store.engine import NoReply
from tests.servers import HOST, free_port
from tests.store.aws.serving import SetEnv, ask, connected, http, serving

pytestmark = pytest.mark.anyio

PATIENCE_SECONDS = 1.0
"""Long enough to connect to this machine, however busy it is: what is awaited never comes."""


async def failure(url: str, body: bytes = b"{}") -> NoReply:
    async with connected(
        url, connect_timeout_seconds=PATIENCE_SECONDS, read_timeout_seconds=PATIENCE_SECONDS
    ) as engine:
        with pytest.raises(NoReply) as caught:
            await engine.call("ListTables", body)

    assert str(caught.value)
    return caught.value


async def reset(client: SocketStream) -> None:
    """Read something, then close with a reset."""
    await client.receive()
    raw = client.extra(anyio.abc.SocketAttribute.raw_socket)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    await client.aclose()


async def test_a_refused_connection_was_not_applied() -> None:
    lost = await failure(f"http://{HOST}:{free_port()}")
    assert "Could not connect" in str(lost)
    assert not lost.maybe_applied


async def test_a_host_that_does_not_exist_was_not_applied() -> None:
    assert not (await failure("http://footfall.invalid:8000")).maybe_applied


async def test_a_server_that_does_not_speak_tls_was_not_applied() -> None:
    async with serving(http(b"{}")) as server:
        lost = await failure(f"https://{HOST}:{server.port}")

    assert not lost.maybe_applied


async def test_a_connection_that_is_not_made_in_time_was_not_applied() -> None:
    # A listener that accepts and never answers the TLS handshake is as silent as a network that drops packets.
    listener = await anyio.create_tcp_listener(local_host=HOST)
    async with listener:
        lost = await failure(f"https://{HOST}:{listener.extra(anyio.abc.SocketAttribute.local_port)}")

    assert "timeout" in str(lost)
    assert not lost.maybe_applied


async def test_a_proxy_that_is_not_there_was_not_applied(environment: SetEnv) -> None:
    environment(HTTPS_PROXY=f"http://{HOST}:{free_port()}")
    assert not (await failure("https://dynamodb.invalid")).maybe_applied


async def test_a_proxy_that_makes_no_tunnel_was_not_applied(environment: SetEnv) -> None:
    async with serving(http(b"who are you?", "407 Proxy Authentication Required")) as proxy:
        environment(HTTPS_PROXY=proxy.url)
        assert not (await failure("https://dynamodb.invalid")).maybe_applied


@pytest.mark.parametrize("body", [b"{}", b" " * (8 * LARGEST_DIRECT_BYTES)], ids=["small", "large"])
async def test_a_connection_that_is_reset_under_the_request_may_have_been_applied(body: bytes) -> None:
    listener = await anyio.create_tcp_listener(local_host=HOST)
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, reset)
        lost = await failure(f"http://{HOST}:{listener.extra(anyio.abc.SocketAttribute.local_port)}", body)
        tasks.cancel_scope.cancel()

    assert "The connection was lost" in str(lost)
    assert lost.maybe_applied


async def test_a_connection_that_closes_after_the_request_may_have_been_applied() -> None:
    async with serving(None) as server:
        lost = await failure(server.url)

    assert server.requests
    assert "Connection was closed" in str(lost)
    assert lost.maybe_applied


async def test_a_reply_that_breaks_off_may_have_been_applied() -> None:
    async with serving(http(b'{"TableNames":[]}')[:-5]) as server:
        assert (await failure(server.url)).maybe_applied


async def test_a_reply_that_is_no_http_may_have_been_applied() -> None:
    async with serving(b"SSH-2.0-OpenSSH_9.6\r\n\r\n") as server:
        assert (await failure(server.url)).maybe_applied


async def test_a_reply_that_does_not_come_may_have_been_applied() -> None:
    listener = await anyio.create_tcp_listener(local_host=HOST)
    async with listener:
        lost = await failure(f"http://{HOST}:{listener.extra(anyio.abc.SocketAttribute.local_port)}")

    assert "timeout" in str(lost)
    assert lost.maybe_applied


async def test_a_reply_that_was_damaged_may_have_been_applied() -> None:
    body = b'{"TableNames":[]}'
    async with serving(http(body, X_Amz_Crc32=str(zlib.crc32(body) ^ 1))) as server:
        lost = await failure(server.url)

    assert "CRC-32" in str(lost)
    assert lost.maybe_applied


async def test_the_login_page_of_a_network_may_hide_that_it_was_applied() -> None:
    async with serving(http(b"<!DOCTYPE html>\x1b[31m")) as server:
        with pytest.raises(NoReply, match=r"not DynamoDB's: <!DOCTYPE html>\\x1b\[31m") as caught:
            await ask(server)

    assert caught.value.maybe_applied
