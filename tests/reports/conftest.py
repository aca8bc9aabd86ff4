from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from footfall.event import SCHEMA, conform
from footfall.keys import visitor_id
from reports.answer import Answer, Provenance
from reports.catalogue import CATALOGUE, Report, View
from reports.extraction.reading import Reading
from reports.scope import Scope
from reports.visits import Facts

MakeEvents = Callable[..., pl.LazyFrame]
Ask = Callable[..., list[dict[str, Any]]]
MakeAnswer = Callable[..., Answer]

REAL_LOG = Path(__file__).parents[3] / "shared" / "data" / "apache_access_10k.log.gz"
LINE = re.compile(
    r'(?P<ip>\S+) \S+ \S+ \[(?P<time>[^]]+)] "(?P<method>\S+) (?P<path>[^ ?]+)\??(?P<query>\S*) (?P<protocol>\S+)" '
    r'(?P<status>\d+) (?P<bytes>\d+|-) "(?P<referrer>[^"]*)" "(?P<user_agent>.*?)"?$'
)
USUAL: dict[str, Any] = {
    "at": "2026-03-01T12:00:00+00:00",
    "site": "example.org",
    "shard": 0,
    "source_id": "0123456789abcdef",
    "kind": "request",
    "method": "GET",
    "path": "/",
    "status": 200,
    "bytes": 100,
    "ip": "192.0.2.0",
    "visitor": "a",
}


@pytest.fixture(scope="session")
def make_events() -> MakeEvents:
    """Events from keyword dictionaries: what a row leaves out is usual; `at` is the time, UTC."""

    def make(*rows: dict[str, Any]) -> pl.LazyFrame:
        filled = [USUAL | {"offset": 100 * place} | row for place, row in enumerate(rows)]
        frame = pl.DataFrame([_timed(row) for row in filled], infer_schema_length=None)
        return conform(frame if filled else pl.DataFrame(schema=SCHEMA)).lazy()

    return make


@pytest.fixture(scope="session")
def ask() -> Ask:
    """The rows that a report of the catalogue gives for events."""

    def rows(name: str, events: pl.LazyFrame, view: View | None = None) -> list[dict[str, Any]]:
        return build(CATALOGUE[name], events, view or View()).to_dicts()

    return rows


@pytest.fixture(scope="session")
def make_answer() -> MakeAnswer:
    """An answer of a report to events, with a provenance that never changes."""

    def make(name: str, events: pl.LazyFrame, view: View | None = None) -> Answer:
        report = CATALOGUE[name]
        frame = build(report, events, view or View())
        reading = Reading("scan", 4, items=10, events=10, read_units=2.5, page_bytes=4_000, seconds=0.25)
        generated_at = datetime(2026, 3, 2, 1, 2, 3, tzinfo=UTC)
        scope = Scope(site="example.org")
        return Answer(
            report,
            frame,
            frame.height,
            Provenance("embedded:x.db", scope, view or View(), generated_at, reading),
        )

    return make


@pytest.fixture(scope="session")
def real_events() -> pl.LazyFrame:
    """The 10,000 requests of the shared Apache log, read line by line, apart from everything that ingest does."""
    if not REAL_LOG.exists():
        pytest.skip(f"{REAL_LOG.name} is not beside this checkout")

    frame = pl.DataFrame(_real_rows(), infer_schema_length=None)
    host = pl.col("referrer").str.extract(r"^[a-z]+://([^/:]+)").str.to_lowercase()
    return conform(frame.with_columns(host.alias("referrer_host"))).lazy()


def build(report: Report, events: pl.LazyFrame, view: View) -> pl.DataFrame:
    """The rows that a report gives for events."""
    facts = Facts(events, view.rule, Scope(time_zone=view.time_zone), goals=view.goals)
    return report.build(facts, view).collect(engine="streaming")


def _timed(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "at"} | {
        "time": datetime.fromisoformat(row["at"])
    }


def _real_rows() -> Iterator[dict[str, Any]]:
    offset = 0
    with gzip.open(REAL_LOG) as log:
        for line in log:
            found = LINE.match(line.decode().rstrip("\n"))
            assert found, line
            yield _real_row(found, offset)
            offset += len(line)


def _real_row(found: re.Match[str], offset: int) -> dict[str, Any]:
    fields: dict[str, Any] = found.groupdict()
    return fields | {
        "site": "example.org",
        "source_id": "0123456789abcdef",
        "offset": offset,
        "shard": 0,
        "time": datetime.strptime(fields["time"], "%d/%b/%Y:%H:%M:%S %z").astimezone(UTC),
        "status": int(fields["status"]),
        "bytes": None if fields["bytes"] == "-" else int(fields["bytes"]),
        "referrer": None if fields["referrer"] == "-" else fields["referrer"],
        "visitor": visitor_id(fields["ip"], fields["user_agent"], b"salt"),
    }
