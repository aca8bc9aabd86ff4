from __future__ import annotations

import json
import re
import subprocess
import sys
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import botocore.exceptions as botocore_errors
import pytest
from anyio.abc import SocketStream

import cli
from footfall.errors import AccessDenied, FootfallError, SettingsError, StoreUnreachable
from footfall.store.aws import TRANSLATIONS, AwsEngine, AwsSettings
from footfall.store.engine import NoReply, Reply
from tests.servers import HOST, free_port

pytestmark = pytest.mark.anyio

REGION = "eu-central-1"
SECRET = "wJalrXUtnFEMI-K7MDENG"
TOKEN = "FwoGZXIvYXdzEXAMPLE"
NO_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
ROLE = """
[profile role]
role_arn = arn:aws:iam::123456789012:role/reader
source_profile = base
[profile base]
aws_access_key_id = AKIDEXAMPLE
aws_secret_access_key = wJalrXUtnFEMI
"""
SSO = """
[profile sso]
sso_session = office
sso_account_id = 123456789012
sso_role_name = reader
[sso-session office]
sso_start_url = http://127.0.0.1/start
sso_region = eu-central-1
"""

SetEnv = Callable[..., None]


@dataclass
class Server:
    """A server on this machine that answers every request with `answer`; without one it hangs up instead."""

    answer: bytes | None
    port: int = 0
    requests: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    async def serve(self, client: SocketStream) -> None:
        async with client:
            request = b""
            while not _is_whole(request):
                request += await client.receive()

            self.requests.append(request)
            if self.answer is not None:
                await client.send(self.answer)


def _is_whole(request: bytes) -> bool:
    head, found, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return bool(found) and len(body) >= int(length[1] if length else 0)


@asynccontextmanager
async def serving(answer: bytes | None) -> AsyncIterator[Server]:
    listener = await anyio.create_tcp_listener(local_host=HOST)
    server = Server(answer, listener.extra(anyio.abc.SocketAttribute.local_port))
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, server.serve)
        yield server
        tasks.cancel_scope.cancel()


def http(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@asynccontextmanager
async def connected(endpoint_url: str | None = None, **settings: Any) -> AsyncIterator[AwsEngine]:
    engine = await AwsEngine.connect(
        AwsSettings(**{"region": REGION, "endpoint_url": endpoint_url} | settings)
    )
    try:
        yield engine
    finally:
        await engine.aclose()


async def ask(server: Server, body: bytes = b"{}") -> Reply:
    async with connected(server.url) as engine:
        return await engine.call("ListTables", body)


def headers_of(request: bytes) -> dict[str, str]:
    head = request.partition(b"\r\n\r\n")[0].decode()
    pairs = (line.partition(":") for line in head.split("\r\n")[1:])
    return {name.lower(): value.strip() for name, _, value in pairs}


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SetEnv:
    """Set the AWS environment: `config` is the configuration file, None takes a variable away."""

    def set_environment(config: str = "", **variables: str | None) -> None:
        path = tmp_path / "config"
        path.write_text(config)
        monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
        for name, value in variables.items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)

    return set_environment


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


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


async def test_the_login_page_of_a_network_is_no_reply() -> None:
    async with serving(http(b"<!DOCTYPE html>\x1b[31m")) as server:
        with pytest.raises(NoReply, match=r"not DynamoDB's: <!DOCTYPE html>\\x1b\[31m") as caught:
            await ask(server)

    assert caught.value.maybe_applied


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


async def test_a_refused_connection_was_not_applied() -> None:
    async with connected(f"http://{HOST}:{free_port()}") as engine:
        with pytest.raises(NoReply, match="Could not connect") as caught:
            await engine.call("ListTables", b"{}")

    assert not caught.value.maybe_applied


async def test_a_connection_that_closes_after_the_request_may_have_been_applied() -> None:
    async with serving(None) as server:
        with pytest.raises(NoReply, match="Connection was closed") as caught:
            await ask(server)

    assert server.requests
    assert caught.value.maybe_applied


async def test_a_reply_that_breaks_off_may_have_been_applied() -> None:
    async with serving(http(b'{"TableNames":[]}')[:-5]) as server:
        with pytest.raises(NoReply) as caught:
            await ask(server)

    assert caught.value.maybe_applied


async def test_a_reply_that_does_not_come_may_have_been_applied() -> None:
    listener = await anyio.create_tcp_listener(local_host=HOST)
    url = f"http://{HOST}:{listener.extra(anyio.abc.SocketAttribute.local_port)}"
    async with listener, connected(url) as engine:
        engine._http._timeout = type(engine._http._timeout)(sock_read=0.05)
        with pytest.raises(NoReply, match="timeout") as caught:
            await engine.call("ListTables", b"{}")

    assert caught.value.maybe_applied


async def test_a_reply_that_was_damaged_may_have_been_applied() -> None:
    body = b'{"TableNames":[]}'
    async with serving(http(body, X_Amz_Crc32=str(zlib.crc32(body) ^ 1))) as server:
        with pytest.raises(NoReply, match="CRC-32") as caught:
            await ask(server)

    assert caught.value.maybe_applied


@pytest.mark.parametrize("crc32", ["", "none", "-1"])
async def test_a_checksum_that_is_none_checks_nothing(crc32: str) -> None:
    async with serving(http(b"{}", X_Amz_Crc32=crc32)) as server:
        assert (await ask(server)).ok


async def test_the_endpoint_of_a_region_is_the_usual_one() -> None:
    async with connected() as engine:
        assert engine._url == "https://dynamodb.eu-central-1.amazonaws.com/"


async def test_an_account_has_its_own_endpoint(environment: SetEnv) -> None:
    environment(AWS_ACCOUNT_ID="123456789012")
    async with connected() as engine:
        assert engine._url == "https://123456789012.ddb.eu-central-1.amazonaws.com/"


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"])
async def test_the_endpoint_of_the_environment_is_asked(environment: SetEnv, variable: str) -> None:
    async with serving(http(b'{"TableNames":[]}')) as server:
        environment(**{variable: server.url})
        async with connected() as engine:
            assert (await engine.call("ListTables", b"{}")).ok

    assert len(server.requests) == 1


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
async def test_the_region_of_the_environment_is_used(environment: SetEnv, variable: str) -> None:
    environment(**{variable: "eu-west-3"})
    async with connected(region=None) as engine:
        assert engine._url == "https://dynamodb.eu-west-3.amazonaws.com/"


async def test_a_named_region_goes_before_that_of_the_environment(environment: SetEnv) -> None:
    environment(AWS_REGION="eu-west-3")
    async with connected() as engine:
        assert engine._region == REGION


async def test_the_region_of_a_profile_is_used(environment: SetEnv) -> None:
    environment("[profile paris]\nregion = eu-west-3\naws_access_key_id = a\naws_secret_access_key = b\n")
    async with connected(region=None, profile="paris") as engine:
        assert engine._region == "eu-west-3"


async def test_an_emulator_on_this_machine_needs_neither_region_nor_credentials(environment: SetEnv) -> None:
    environment(**dict.fromkeys(NO_CREDENTIALS))
    async with serving(http(b"{}")) as server, connected(server.url, region=None) as engine:
        await engine.call("ListTables", b"{}")

    assert "/us-east-1/dynamodb/" in headers_of(server.requests[0])["authorization"]


async def test_a_proxy_of_the_environment_is_asked(environment: SetEnv) -> None:
    async with serving(http(b"{}")) as proxy:
        environment(HTTP_PROXY=proxy.url)
        async with connected("http://dynamodb.invalid:8000") as engine:
            assert (await engine.call("ListTables", b"{}")).ok

    assert proxy.requests[0].startswith(b"POST http://dynamodb.invalid:8000/ HTTP/1.1\r\n")


async def test_a_host_without_proxy_is_asked_itself(environment: SetEnv) -> None:
    async with serving(http(b"{}")) as proxy, serving(http(b"{}")) as server:
        environment(HTTP_PROXY=proxy.url, NO_PROXY=HOST)
        await ask(server)

    assert (len(proxy.requests), len(server.requests)) == (0, 1)


async def test_the_password_of_a_proxy_is_not_shown(environment: SetEnv) -> None:
    environment(HTTP_PROXY=f"http://me:{SECRET}@{HOST}:{free_port()}")
    async with connected("http://dynamodb.invalid:8000") as engine:
        with pytest.raises(NoReply) as caught:
            await engine.call("ListTables", b"{}")

    assert SECRET not in str(caught.value)
    assert not caught.value.maybe_applied


async def refused_to_connect(**settings: Any) -> FootfallError:
    with pytest.raises(FootfallError) as caught:
        async with connected(**settings):
            pass

    return caught.value


REAL: dict[type[Exception], tuple[str, dict[str, str | None], dict[str, Any]]] = {
    botocore_errors.ProfileNotFound: ("", {}, {"profile": "nobody"}),
    botocore_errors.NoRegionError: ("", {}, {"region": None}),
    botocore_errors.InvalidRegionError: ("", {}, {"region": "not a region!"}),
    botocore_errors.ConfigParseError: ("[default\n", {}, {}),
    botocore_errors.InvalidConfigError: ("[profile x]\nservices = nothing\n", {}, {"profile": "x"}),
    botocore_errors.EndpointProviderError: ("", {"AWS_ACCOUNT_ID_ENDPOINT_MODE": "required"}, {}),
    botocore_errors.NoCredentialsError: ("", dict.fromkeys(NO_CREDENTIALS), {}),
    botocore_errors.PartialCredentialsError: ("", {"AWS_SECRET_ACCESS_KEY": None}, {}),
    botocore_errors.CredentialRetrievalError: (
        "[profile x]\ncredential_process = false\n",
        {},
        {"profile": "x"},
    ),
    botocore_errors.SSOError: (SSO, {}, {"profile": "sso"}),
    OSError: ("[profile x]\ncredential_process = /nonexistent/login\n", {}, {"profile": "x"}),
}
"""What raises each error for real: configuration file, environment, settings."""


@pytest.mark.parametrize("kind", REAL)
async def test_what_is_wrong_with_the_environment_is_said(environment: SetEnv, kind: type[Exception]) -> None:
    config, variables, settings = REAL[kind]
    environment(config, **variables)
    error = await refused_to_connect(**settings)
    ours, hint = next((ours, hint) for foreign, ours, hint in TRANSLATIONS if foreign is kind)
    assert isinstance(error.__cause__, kind)
    assert (type(error), error.hint) == (ours, hint)
    assert str(error)
    assert "\n" not in str(error)


def test_a_login_that_has_ended_is_said_without_a_traceback(environment: SetEnv) -> None:
    # aiobotocore logs one; only a process without pytest's own log handlers shows it.
    environment(SSO)
    command = ["table", "describe", "--store", "dynamodb:", "--profile", "sso", "--region", REGION]
    ended = subprocess.run(
        [sys.executable, cli.__file__, *command], capture_output=True, text=True, check=False
    )
    assert ended.returncode == AccessDenied.exit_code
    assert re.fullmatch(r"footfall: Error loading SSO Token.*\n  try: aws sso login\n", ended.stderr)


async def test_a_role_that_is_refused_is_denied_in_the_words_of_sts(environment: SetEnv) -> None:
    body = (
        b'<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
        b"<Code>AccessDenied</Code><Message>not authorized to assume reader</Message></Error></ErrorResponse>"
    )
    async with serving(http(body, "403 Forbidden")) as sts:
        environment(ROLE, AWS_ENDPOINT_URL_STS=sts.url)
        error = await refused_to_connect(profile="role")

    assert type(error) is AccessDenied
    assert "not authorized to assume reader" in str(error)
    assert "/eu-central-1/sts/" in headers_of(sts.requests[0])["authorization"]


async def test_a_role_whose_service_does_not_answer_is_unreachable(environment: SetEnv) -> None:
    environment(ROLE, AWS_ENDPOINT_URL_STS=f"http://{HOST}:{free_port()}", AWS_MAX_ATTEMPTS="1")
    error = await refused_to_connect(profile="role")
    assert type(error) is StoreUnreachable


class Expired:
    """Credentials that cannot be refreshed any more."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def get_frozen_credentials(self) -> Any:
        raise self._error


def made(kind: Any) -> Exception:
    """Return an error of `kind` as botocore would make it."""
    error: Exception
    if issubclass(kind, botocore_errors.ClientError):
        error = kind({"Error": {"Code": "ExpiredToken", "Message": "why"}}, "AssumeRole")
    elif issubclass(kind, botocore_errors.BotoCoreError):
        error = kind(**dict.fromkeys(re.findall(r"{(\w+)}", kind.fmt), "why"))
    else:
        error = kind("why")

    return error


@pytest.mark.parametrize(
    ("kind", "ours", "hint"), TRANSLATIONS, ids=[row[0].__name__ for row in TRANSLATIONS]
)
async def test_credentials_that_fail_during_a_run_are_said(
    kind: type[Exception], ours: type[FootfallError], hint: str
) -> None:
    async with connected() as engine:
        engine._credentials = Expired(made(kind))
        with pytest.raises(FootfallError) as caught:
            await engine.call("ListTables", b"{}")

    assert (type(caught.value), caught.value.hint) == (ours, hint)


def test_no_translation_hides_another() -> None:
    kinds = [kind for kind, _, _ in TRANSLATIONS]
    assert not [(a, b) for place, a in enumerate(kinds) for b in kinds[place + 1 :] if issubclass(b, a)]


@pytest.mark.parametrize(
    "url",
    ["localhost:8000", "http://", "http://[::1", "ftp://127.0.0.1/", "//127.0.0.1", "8000", "http://a b/"],
)
async def test_an_endpoint_that_is_no_url_is_refused(url: str) -> None:
    error = await refused_to_connect(endpoint_url=url)
    assert type(error) is SettingsError
    assert "http://localhost:8000" in (error.hint or "")


async def test_an_endpoint_with_a_password_is_refused_without_showing_it(environment: SetEnv) -> None:
    environment(AWS_ENDPOINT_URL_DYNAMODB=f"http://me:{SECRET}@{HOST}:8000")
    error = await refused_to_connect()
    assert (type(error), error.hint) == (SettingsError, f"--endpoint-url http://{HOST}:8000/")
    assert SECRET not in str(error)


async def test_a_ca_bundle_that_is_not_there_is_said_at_once(environment: SetEnv) -> None:
    environment(AWS_CA_BUNDLE="/nonexistent/ca.pem")
    error = await refused_to_connect()
    assert (type(error), str(error)) == (SettingsError, "The CA bundle /nonexistent/ca.pem does not exist.")


async def test_the_engine_speaks_to_a_real_server(moto_endpoint: str) -> None:
    async with connected(moto_endpoint) as engine:
        reply = await engine.call("ListTables", b'{"Limit":1}')
        missing = await engine.call("DescribeTable", b'{"TableName":"no_such_table"}')

    assert "TableNames" in json.loads(reply.body)
    assert missing.error_code == "ResourceNotFoundException"
