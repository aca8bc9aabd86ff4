from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import anyio
import click
import pytest
from click.testing import CliRunner, Result

from footfall.store.address import StoreSettings, open_store
from footfall.store.commands import App, store_options
from reports.commands.extraction_options import ExtractionSettings, explain, extraction_options, settings_of
from reports.extraction import Request
from reports.scope import Scope
from tests.reports.conftest import MakeEvents
from tests.reports.store import CLOCK, fill

Try = Callable[..., Result]


@click.command()
@extraction_options("sql")
@store_options
@click.pass_obj
def tried(app: App, store: StoreSettings, extraction: ExtractionSettings) -> None:
    """Say what was chosen, or explain it."""
    if extraction.explains:
        explain(app, store, extraction.of(Scope("example.org")), as_json=extraction.request.yes)
        return

    click.echo(repr(extraction.request))


@click.command()
@extraction_options("extract", "--dataset", "--explain")
def short(extraction: ExtractionSettings) -> None:
    """Read once."""
    click.echo(repr(extraction))


@pytest.fixture
def tries(tmp_path: Path, make_events: MakeEvents) -> Try:
    anyio.run(fill, tmp_path / "x.db", make_events({}, {}).collect())
    app = App(clock=CLOCK, open_store=lambda settings: open_store(settings, CLOCK))

    def run(*arguments: str, **environment: str) -> Result:
        store = ("--store", f"embedded:{tmp_path / 'x.db'}")
        return CliRunner().invoke(tried, [*arguments, *store], obj=app, env=environment)

    return run


def test_without_options_all_is_as_usual(tries: Try) -> None:
    assert tries().stdout.strip() == repr(Request())
    assert settings_of() == ExtractionSettings(Request())


def test_options_become_a_request(tries: Try, tmp_path: Path) -> None:
    line = [
        "--segments",
        "3",
        "--max-read-units",
        "12.5",
        "--read-price",
        "0.25",
        "--ask-above",
        "7",
        "--yes",
    ]
    expected = Request(
        segments=3,
        folder=tmp_path,
        max_read_units=12.5,
        read_price=0.25,
        ask_above_units=7.0,
        yes=True,
    )

    assert tries(*line, "--dataset", str(tmp_path)).stdout.strip() == repr(expected)


def test_environment_variables_are_named_after_the_command(tries: Try) -> None:
    shown = tries(FOOTFALL_SQL_READ_PRICE="0.3", FOOTFALL_SQL_MAX_READ_UNITS="9", FOOTFALL_SQL_YES="1").stdout

    assert shown.strip() == repr(Request(max_read_units=9.0, read_price=0.3, yes=True))


@pytest.mark.parametrize(
    "arguments",
    [("--max-read-units", "0"), ("--read-price", "-1"), ("--segments", "0"), ("--ask-above", "much")],
)
def test_what_cannot_be_is_refused(tries: Try, arguments: tuple[str, ...]) -> None:
    assert tries(*arguments).exit_code == 2


def test_explaining_prints_both_ways_and_that_nothing_is_paid(tries: Try) -> None:
    lines = tries("--explain").stdout.splitlines()

    assert lines[2].startswith("scan")
    assert lines[3].startswith("query")
    assert any(line.startswith("Chosen: ") for line in lines)
    assert "costs nothing" in lines[-1]


def test_explaining_for_programs_is_json(tries: Try) -> None:
    told = json.loads(tries("--explain", "--yes").stdout)

    assert told["scan"]["items"] == 2
    assert told["scan"]["dollars"] is None


def test_a_command_may_leave_options_out() -> None:
    assert "--dataset" not in CliRunner().invoke(short, ["--help"]).stdout
    assert CliRunner().invoke(short, []).stdout.strip() == repr(ExtractionSettings(Request()))
