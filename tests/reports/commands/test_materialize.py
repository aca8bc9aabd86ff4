from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

import cli
from tests.reports.conftest import MakeEvents
from tests.reports.store import fill

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], make_events: MakeEvents) -> Run:
    """The command line over a store with two visitors, one of whom came twice."""
    hostile = {"at": "2026-03-02T10:00:00+00:00", "medium": "search", "source": "\x1b[31mred", "path": "/two"}
    events = make_events({}, hostile, {"visitor": "b", "path": "/b"})
    anyio.run(fill, tmp_path / "s.db", events.collect())

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.run([*arguments, "--store", f"embedded:{tmp_path / 's.db'}"])
        return code, *capsys.readouterr()

    return run


def test_it_says_what_was_written_and_then_that_nothing_has_changed(run: Run) -> None:
    code, out, _ = run("materialize", "--create")
    assert code == 0
    assert out.startswith("Wrote 2 days: 3 to sessions, ")
    assert "write units, free.\n" in out
    assert run("materialize")[1].splitlines()[1] == "Not changed since: 4 days of a table."


def test_explaining_needs_no_tables(run: Run) -> None:
    code, out, _ = run("materialize", "visits", "--explain")
    assert code == 0
    assert out.startswith("Would write 2 days: 3 to sessions, at most ")
    assert run("materialize", "visits")[0] == 4


def test_what_cannot_be_made_is_a_usage_error(run: Run) -> None:
    code, _, err = run("materialize", "visit")
    assert code == 2
    assert "'visit' is none of visits, visitors, rollups" in err


def test_a_visitors_sessions_are_listed_newest_first(run: Run) -> None:
    run("materialize", "visits", "--create")
    code, out, _ = run("sessions", "a", "--site", "example.org")
    newest, oldest = out.splitlines()
    assert code == 0
    assert (newest[:10], oldest[:10]) == ("2026-03-02", "2026-03-01")
    assert "\x1b" not in out
    [only] = run("sessions", "a", "--site", "example.org", "--limit", "1", "--json")[1].splitlines()
    assert json.loads(only)["entry_page"] == "/two"


def test_who_has_no_sessions_is_told(run: Run) -> None:
    run("materialize", "visits", "--create")
    assert "No sessions of nobody on example.org." in run("sessions", "nobody", "--site", "example.org")[2]
    assert run("sessions", "a", "--site", "Not a site")[0] == 2


def test_a_report_out_of_rollups_says_that_no_events_were_read(run: Run) -> None:
    run("materialize", "rollups", "--create")
    code, out, err = run("report", "days", "--from-rollups", "--format", "csv")
    assert (code, len(out.splitlines())) == (0, 3)
    assert "of daily rollups, no events" in err
    assert run("report", "pages", "--from-rollups")[0] == 2
