"""The whole way in, log bytes to acknowledged batches, against a server that accepts everything.

The usual way, for the ratio: a regular expression per line and boto3's `batch_writer`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import boto3

from benchmarks.logs import log_lines
from benchmarks.null_server import REPLY
from footfall.clock import SystemClock
from footfall.store import Store
from footfall.store.address import StoreSettings, open_store
from footfall.store.engine import Reply
from footfall.store.state import TableMeta
from ingest.run import run_ingest
from ingest.settings import IngestSettings
from ingest.sources import find_sources

OURS = 400_000
USUAL = 10_000
LINE = re.compile(
    r'^(\S+) (\S+) (\S+) \[([^\]]+)\] "(\S+) (\S+) ([^"]+)" (\d{3}) (\d+|-) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"?'
)


@contextmanager
def null_server() -> Iterator[str]:
    """Run the server in a process of its own; yield its URL."""
    command = [sys.executable, "-m", "benchmarks.null_server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.terminate()


async def _ours(path: Path, url: str, dead_letters: Path) -> float:
    address = StoreSettings(address="dynamodb:", region="eu-west-1", endpoint_url=url)
    async with open_store(address, SystemClock()) as store:
        return await _ingest(path, store, dead_letters)


async def _ingest(path: Path, store: Store, dead_letters: Path) -> float:
    settings = IngestSettings(site="example.org", dead_letters=dead_letters, replay=True)
    meta = TableMeta(layout="items", shards=8, salt=b"benchmark")
    outcome = await run_ingest(find_sources([str(path)]), settings, store, meta, SystemClock())
    assert outcome.tally.counts.events == OURS
    return outcome.tally.counts.events / outcome.seconds


class NullEngine:
    """A store that accepts everything at once: what is left is reading, preparing and keeping count."""

    async def call(self, operation: str, body: bytes) -> Reply:
        """Accept `body`."""
        del operation, body
        return Reply(200, REPLY)

    async def aclose(self) -> None:
        """Do nothing."""


async def _without_network(path: Path, dead_letters: Path) -> float:
    store = Store(NullEngine(), "events", "state", "nowhere")
    return await _ingest(path, store, dead_letters)


def _usual(lines: list[bytes], url: str) -> float:
    table = boto3.resource("dynamodb", region_name="eu-west-1", endpoint_url=url).Table("events")
    started = time.perf_counter()
    with table.batch_writer() as batch:
        for number, line in enumerate(lines):
            found = LINE.match(line.decode("utf-8", "replace"))
            if found:
                batch.put_item(Item=_item(number, found))

    return len(lines) / (time.perf_counter() - started)


def _item(number: int, found: re.Match[str]) -> dict[str, object]:
    ip, _, _, when, method, path, protocol, status, size, referrer, agent = found.groups()
    return {
        "pk": f"example.org#{when[:11]}#{number % 8}",
        "sk": f"{when}#{number:013}",
        "m": method,
        "p": path,
        "pr": protocol,
        "st": int(status),
        "b": 0 if size == "-" else int(size),
        "ip": ip,
        "rf": referrer,
        "ua": agent,
    }


def main() -> None:
    """Measure both ways in one run and print them with their ratio."""
    os.environ |= {"AWS_ACCESS_KEY_ID": "benchmark", "AWS_SECRET_ACCESS_KEY": "benchmark"}
    with null_server() as url, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "access.log"
        path.write_bytes(b"".join(log_lines(OURS)))
        usual = _usual(log_lines(USUAL), url)
        ours = anyio.run(_ours, path, url, Path(folder) / "dead-letters.ndjson")
        offline = anyio.run(_without_network, path, Path(folder) / "dead-letters.ndjson")

    print("pipeline: log bytes to acknowledged BatchWriteItem calls, null server on this machine")
    print(f"  re + boto3 batch_writer  {usual:>10,.0f} events/s")
    print(f"  footfall                 {ours:>10,.0f} events/s   {ours / usual:.1f} times")
    print(f"  footfall, no network     {offline:>10,.0f} events/s   {offline / usual:.1f} times")


if __name__ == "__main__":
    main()
