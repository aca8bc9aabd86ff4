"""A DynamoDB endpoint whose tables are there and whose every BatchWriteItem is refused until it gives in."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

from footfall.keys import SCHEMA_VERSION

META = {
    "pk": {"S": "meta"},
    "sk": {"S": "table"},
    "layout": {"S": "items"},
    "shards": {"N": "8"},
    "salt": {"S": "00"},
    "schema_version": {"N": str(SCHEMA_VERSION)},
}


@dataclass(slots=True)
class Stubborn:
    """A running endpoint.

    `batch_came` is set by the first batch, `options` name it on the command line; once it `gives_in`, it takes batches.
    """

    code: str
    options: tuple[str, ...] = ()
    batch_came: threading.Event = field(default_factory=threading.Event)
    gives_in: bool = False

    def answer(self, operation: str, document: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if operation == "BatchWriteItem":
            self.batch_came.set()
            if self.gives_in:
                return 200, {}

            return 400, {"__type": f"com.amazonaws.dynamodb.v20120810#{self.code}", "message": "as told"}

        is_meta = operation == "GetItem" and document["Key"]["pk"]["S"] == "meta"
        return 200, {"Item": META} if is_meta else {}


@contextmanager
def stubborn_server(code: str) -> Iterator[Stubborn]:
    """Run an endpoint that refuses batches with the error `code`."""
    stubborn = Stubborn(code)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            operation = self.headers["X-Amz-Target"].rpartition(".")[2]
            status, document = stubborn.answer(operation, msgspec.json.decode(body))
            content = msgspec.json.encode(document)
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the standard library names it
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Say nothing of clients that went away before they were answered."""

    with Server(("127.0.0.1", 0), Handler) as server:
        url = f"http://127.0.0.1:{server.server_address[1]}"
        stubborn.options = ("--store", "dynamodb:test_", "--endpoint-url", url, "--region", "eu-central-1")
        thread = threading.Thread(target=server.serve_forever, args=[0.02])
        thread.start()
        try:
            yield stubborn
        finally:
            server.shutdown()
            thread.join()
