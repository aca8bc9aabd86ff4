"""A DynamoDB that accepts everything and keeps nothing: what is measured against it is the client's own work.

Run as ``python -m benchmarks.null_server``; it prints its port and answers until its standard input is closed.
"""

from __future__ import annotations

import sys

import anyio
from anyio import to_thread
from anyio.abc import SocketAttribute, SocketStream

REPLY = b'{"ConsumedCapacity":[{"CapacityUnits":25.0,"TableName":"events"}],"UnprocessedItems":{}}'
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: %d\r\n\r\n%s" % (
    len(REPLY),
    REPLY,
)


async def answer(stream: SocketStream) -> None:
    """Answer every request on one connection."""
    async with stream:
        buffer = b""
        while True:
            try:
                buffer = await _pass_request(stream, buffer)
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                return

            await stream.send(RESPONSE)


async def _pass_request(stream: SocketStream, buffer: bytes) -> bytes:
    """Read over one request; return what came behind it."""
    while (end := buffer.find(b"\r\n\r\n")) < 0:
        buffer += await stream.receive(262_144)

    head = buffer[:end].lower()
    start = head.index(b"content-length:") + len(b"content-length:")
    length = int(head[start : head.find(b"\r\n", start) if b"\r\n" in head[start:] else None])
    if b"expect: 100-continue" in head:
        await stream.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    missing = end + 4 + length - len(buffer)
    while missing > 0:
        missing -= len(await stream.receive(262_144))

    return buffer[end + 4 + length :] if missing == 0 else b""


async def main() -> None:
    """Serve on a free port of the loopback interface until standard input ends."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(SocketAttribute.local_port)
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, answer)
        await to_thread.run_sync(sys.stdin.buffer.read)
        tasks.cancel_scope.cancel()


if __name__ == "__main__":
    anyio.run(main)
