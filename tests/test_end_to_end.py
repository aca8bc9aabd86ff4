"""The issue's figures for the public Apache log, through the real command line, on every engine."""

from __future__ import annotations

import csv
import io
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import run as run_process
from typing import Any, Final

import msgspec
import pytest

import cli
from tests.servers import dynamodb_local_missing

ROOT: Final = Path(__file__).parent.parent
STATUSES: Final = {200: 9126, 304: 445, 404: 213, 301: 164, 206: 45, 500: 3, 416: 2, 403: 2}
DAYS: Final = {"2015-05-17": 1632, "2015-05-18": 2893, "2015-05-19": 2896, "2015-05-20": 2579}
REPORTS: Final = ("statuses", "summary", "days")

Run = Callable[..., str]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command line that must succeed; return what it put on stdout."""

    def run_command(*arguments: str | Path) -> str:
        code = cli.run([str(argument) for argument in arguments])
        shown = capsys.readouterr()
        assert code == 0, shown.err
        return shown.out

    return run_command


@pytest.fixture(params=["embedded", "moto", "dynamodb-local"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def store(request: pytest.FixtureRequest, engine: str, tmp_path: Path) -> tuple[str, ...]:
    """The options that name a store of the engine, with tables of its own."""
    if engine == "embedded":
        return ("--store", f"embedded:{tmp_path / 'store.db'}")

    fixture = "moto_endpoint" if engine == "moto" else "dynamodb_local_endpoint"
    url = request.getfixturevalue(fixture)
    prefix = f"test_{secrets.token_hex(4)}_"
    return ("--store", f"dynamodb:{prefix}", "--endpoint-url", url, "--region", "eu-central-1")


def answers(run: Run, folder: Path, store: tuple[str, ...]) -> dict[str, list[dict[str, Any]]]:
    """Read the table once and return the rows of all `REPORTS`."""
    run("report", *REPORTS, "--format", "json", "--out", folder, *store)
    return {name: _rows(msgspec.json.decode((folder / f"{name}.json").read_bytes())) for name in REPORTS}


def _rows(document: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = document["rows"] if isinstance(document, dict) else document
    return rows


def test_the_log_is_ingested_replayed_and_reported_with_the_same_figures_on_every_engine(
    run: Run, store: tuple[str, ...], engine: str, real_log: Path, tmp_path: Path
) -> None:
    ingest = ("ingest", real_log, "--site", "example.org", *store, "--summary", "json")
    options = ("--dead-letters", tmp_path / "dead.ndjson")
    assert "8 shards" in run("table", "create", *store)
    first = msgspec.json.decode(run(*ingest, *options))
    assert (first["lines_read"], first["events_stored"], first["lines_rejected"]) == (10_000, 10_000, 0)
    assert (
        first["consumed_write_units"] >= first["batches"] >= 400
    )  # moto counts one unit a request, others one an item
    again = msgspec.json.decode(run(*ingest, *options))
    assert (again["lines_read"], again["sources_unchanged"]) == (0, 1)
    if engine != "moto":  # which needs 2 ms to write an item, and is no more than a fake
        replay = msgspec.json.decode(run(*ingest, *options, "--replay"))
        assert replay["events_stored"] == 10_000

    found = answers(run, tmp_path / "reports", store)
    assert {row["status"]: row["requests"] for row in found["statuses"]} == STATUSES
    [summary] = found["summary"]
    assert (summary["requests"], summary["bytes"]) == (10_000, 2_747_282_740)
    assert {row["date"]: row["requests"] for row in found["days"]} == DAYS


def test_the_commands_of_the_issue_print_the_figures_of_the_issue(real_log: Path, tmp_path: Path) -> None:
    def footfall(*arguments: str | Path) -> str:
        command = [sys.executable, ROOT / "cli.py", *arguments, "--store", "embedded:x.db"]
        return run_process(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    summary = msgspec.json.decode(footfall("ingest", real_log, "--site", "example.org", "--summary", "json"))
    assert (summary["lines_read"], summary["events_stored"]) == (10_000, 10_000)
    statuses = csv.DictReader(io.StringIO(footfall("report", "statuses", "--format", "csv")))
    assert {int(row["status"]): int(row["requests"]) for row in statuses} == STATUSES
    [figures] = _rows(msgspec.json.decode(footfall("report", "summary", "--format", "json")))
    assert (figures["requests"], figures["bytes"]) == (10_000, 2_747_282_740)
    assert "10,000" in footfall("table", "describe")


@pytest.mark.skipif(
    os.environ.get("FOOTFALL_REQUIRE_DYNAMODB_LOCAL") != "1", reason="only where it is required"
)
def test_dynamodb_local_is_there_where_it_is_required() -> None:
    assert dynamodb_local_missing() is None
