"""Who works, and how exactly, on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest
from click.testing import CliRunner, Result

from footfall.errors import SettingsError
from footfall.store.address import open_store
from footfall.store.commands import App
from reports.commands.report import report_command
from tests.reports.conftest import MakeEvents
from tests.reports.store import CLOCK, fill


@pytest.fixture
def store(tmp_path: Path, make_events: MakeEvents) -> str:
    rows = [{"visitor": f"{place % 7:016x}", "path": f"/{place % 3}"} for place in range(40)]
    anyio.run(fill, tmp_path / "x.db", make_events(*rows).collect())
    return f"embedded:{tmp_path / 'x.db'}"


def run(store: str, *arguments: str, **variables: str) -> Result:
    app = App(clock=CLOCK, open_store=lambda settings: open_store(settings, CLOCK))
    asked = ["pages", "--store", store, "--format", "json", *arguments]
    return CliRunner(env=variables).invoke(report_command, asked, obj=app)


def test_processes_answer_as_one_does(store: str) -> None:
    alone, several = (json.loads(run(store, *more).stdout) for more in ((), ("--workers", "2")))

    assert len(alone["rows"]) == 3
    assert several["rows"] == alone["rows"]


def test_an_environment_variable_says_the_same(store: str) -> None:
    result = run(store, FOOTFALL_REPORT_WORKERS="2", FOOTFALL_REPORT_CLUSTER="tcp://127.0.0.1:1")

    assert isinstance(result.exception, SettingsError)
    assert "not both" in str(result.exception)


@pytest.mark.parametrize("count", ["0", "-1", "257", "many"])
def test_workers_are_a_number_of_processes(store: str, count: str) -> None:
    assert run(store, "--workers", count).exit_code == 2


def test_a_cluster_that_is_none_is_an_error_with_a_hint(store: str) -> None:
    pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
    result = run(store, "--cluster", "nonsense")

    assert isinstance(result.exception, SettingsError)
    assert "--cluster tcp://" in (result.exception.hint or "")


def test_approximate_answers_have_bounds_and_say_so(store: str) -> None:
    asked = ("--metrics", "visitors", "--format", "json", "--store", store)
    app = App(clock=CLOCK, open_store=lambda settings: open_store(settings, CLOCK))
    exact, estimated = (
        json.loads(CliRunner().invoke(report_command, [*asked, *more], obj=app).stdout)
        for more in ((), ("--approximate",))
    )

    assert exact["rows"] == [{"visitors": 7}]
    assert estimated["rows"] == [{"visitors": 7, "visitors_low": 7, "visitors_high": 8}]
    assert estimated["approximate"]["columns"] == ["visitors"]
    assert "approximate" not in exact
