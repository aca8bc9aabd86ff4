"""Servers on this machine that say what DynamoDB, or something before it, may say."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import pytest
from anyio.abc import SocketStream

from footfall.clock import Clock
from footfall.errors import FootfallError
from footfall.store.aws import AwsEngine, AwsSettings
from footfall.store.engine import Reply
from tests.fakes import FakeClock
from tests.servers import HOST

REGION = "eu-central-1"
SECRET = "wJalrXUtnFEMI-K7MDENG"
TOKEN = "FwoGZXIvYXdzEXAMPLE"

Answers = Callable[[bytes], bytes | None]
SetEnv = Callable[..., None]


@dataclass
class Server:
    """A server that answers every request as told; without an answer it hangs up instead."""

    answers: Answers
    port: int = 0
    requests: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def tokens(self) -> list[str]:
        """The session tokens of the requests, in order."""
        return [headers_of(request).get("x-amz-security-token", "") for request in self.requests]

    async def serve(self, client: SocketStream) -> None:
        async with client:
            request = b""
            while not _is_whole(request):
                request += await client.receive()

            self.requests.append(request)
            answer = self.answers(request)
            if answer is not None:
                await client.send(answer)


def _is_whole(request: bytes) -> bool:
    head, found, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return bool(found) and len(body) >= int(length[1] if length else 0)


@asynccontextmanager
async def serving(answer: bytes | Answers | None) -> AsyncIterator[Server]:
    listener = await anyio.create_tcp_listener(local_host=HOST)
    answers: Answers = answer if callable(answer) else lambda _request: answer
    server = Server(answers, listener.extra(anyio.abc.SocketAttribute.local_port))
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


def refusal(code: str, message: str, **headers: str) -> bytes:
    body = f'{{"__type":"com.amazon.coral.service#{code}","message":"{message}"}}'.encode()
    return http(body, "400 Bad Request", **headers)


@asynccontextmanager
async def connected(
    endpoint_url: str | None = None,
    clock: Clock | None = None,
    notify: Callable[[str], None] = lambda _notice: None,
    **settings: Any,
) -> AsyncIterator[AwsEngine]:
    aws = AwsSettings(**{"region": REGION, "endpoint_url": endpoint_url} | settings)
    engine = await AwsEngine.connect(aws, clock or FakeClock(), notify)
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


async def refused_to_connect(**settings: Any) -> FootfallError:
    with pytest.raises(FootfallError) as caught:
        async with connected(**settings):
            pass

    return caught.value
