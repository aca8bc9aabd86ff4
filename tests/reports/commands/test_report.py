"""Questions without a name, reports of one's own and SQL, on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import anyio
import click
import pytest
from click.testing import CliRunner, Result

from footfall.errors import SettingsError
from footfall.store.address import open_store
from footfall.store.commands import App
from reports.catalogue import CATALOGUE
from reports.commands.catalogue import reports_command
from reports.commands.report import report_command
from reports.commands.sql import sql_command
from reports.query import DIMENSIONS, METRICS
from tests.reports.conftest import MakeEvents
from tests.reports.store import CLOCK, fill

Run = Callable[..., Result]

DEFINED = """
[[report]]
name = "by-country"
metrics = ["visits"]
by = ["country"]

[[report]]
name = "counted"
sql = "SELECT COUNT(*) AS visits FROM visits"
"""


@pytest.fixture
def run(tmp_path: Path, make_events: MakeEvents) -> Run:
    """Run a command on a store with two visits from Germany, ten minutes apart, and one from France."""
    rows = [
        {"country": "DE", "path": "/a"},
        {"country": "DE", "path": "/b", "at": "2026-03-01T12:10:00+00:00"},
        {"country": "DE", "path": "/b", "visitor": "c"},
        {"country": "FR", "path": "/a", "visitor": "b", "at": "2026-03-02T12:00:00+00:00"},
    ]
    anyio.run(fill, tmp_path / "x.db", make_events(*rows).collect())

    def command(name: click.Command, *arguments: str, **more: str) -> Result:
        app = App(clock=CLOCK, open_store=lambda settings: open_store(settings, CLOCK))
        store = ("--store", f"embedded:{tmp_path / 'x.db'}", "--format", "csv")
        return CliRunner().invoke(name, [*arguments, *store], obj=app, input=more.get("stdin"))

    return command


def test_metrics_by_dimensions_need_no_report(run: Run) -> None:
    result = run(
        report_command,
        "--metrics",
        "visits,page_views",
        "--by",
        "country",
        "--where",
        "path = '/b' OR hour = 12",
    )

    assert result.stdout.splitlines() == ["country,visits,page_views", "DE,2,3", "FR,1,1"]


def test_sort_having_and_limit_shape_the_answer(run: Run) -> None:
    asked = (
        "--metrics",
        "visits",
        "--by",
        "path",
        "--sort",
        "path",
        "--having",
        "visits > 0",
        "--limit",
        "1",
    )

    assert run(report_command, *asked).stdout.splitlines() == ["path,visits", "/a,2"]


def test_amounts_of_money_are_shown_in_a_table(tmp_path: Path, make_events: MakeEvents) -> None:
    bought = {
        "kind": "transaction",
        "items": '[{"name":"Bike","price":100.5,"quantity":2},{"name":"Bell","price":5}]',
    }
    anyio.run(fill, tmp_path / "x.db", make_events({}, bought).collect())
    app = App(clock=CLOCK, open_store=lambda settings: open_store(settings, CLOCK))
    asked = ["--metrics", "item_revenue", "--by", "product", "--store", f"embedded:{tmp_path / 'x.db'}"]

    shown = CliRunner().invoke(report_command, asked, obj=app).stdout
    assert "201.00" in shown
    assert "Bell" in shown


def test_options_of_visits_change_what_is_counted(run: Run) -> None:
    usual = run(report_command, "--metrics", "visits").stdout.splitlines()[1]
    shorter = run(report_command, "--metrics", "visits", "--visit-gap", "5m").stdout.splitlines()[1]

    assert (usual, shorter) == ("3", "4")


def test_lookback_tells_who_came_before(run: Run, tmp_path: Path, make_events: MakeEvents) -> None:
    later = make_events({"visitor": "b", "at": "2026-03-05T12:00:00+00:00"}).collect()
    anyio.run(fill, tmp_path / "y.db", make_events({"visitor": "b"}).collect().vstack(later))
    app = App(clock=CLOCK, open_store=lambda settings: open_store(settings, CLOCK))
    asked = ["--metrics", "visits,new_visitors", "--from", "2026-03-04", "--format", "csv"]
    store = ["--store", f"embedded:{tmp_path / 'y.db'}"]

    found = [
        CliRunner().invoke(report_command, [*asked, *more, *store], obj=app).stdout.splitlines()[1]
        for more in ([], ["--lookback", "7"])
    ]
    assert found == ["1,1", "1,0"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("pages", "--metrics", "visits"), "Either reports by name, or --metrics"),
        (("--by", "country"), "--by goes with --metrics."),
        (("pages", "--where", "country = 'DE'"), "--where goes with --metrics."),
        (("--metrics", "vists"), "Did you mean visits"),
        (("--metrics", "visits", "--visit-profile", "google"), "There is no profile 'google'."),
    ],
)
def test_what_does_not_make_sense_is_refused(run: Run, arguments: tuple[str, ...], sentence: str) -> None:
    result = run(report_command, *arguments)

    assert isinstance(result.exception, SettingsError)
    assert sentence in str(result.exception)


def test_reports_of_ones_own_are_asked_by_name_beside_others(run: Run, tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(DEFINED)
    own = ("--definitions", str(tmp_path / "site.toml"))

    assert run(report_command, "by-country", *own).stdout.splitlines() == ["country,visits", "DE,2", "FR,1"]
    assert run(report_command, "counted", *own).stdout.splitlines() == ["visits", "3"]
    listed = CliRunner().invoke(reports_command, list(own)).stdout
    assert "by-country" in listed
    assert "pages" in listed


def test_sql_is_answered_over_the_tables(run: Run) -> None:
    statement = "SELECT country, COUNT(*) AS visits FROM visits GROUP BY country ORDER BY country"

    assert run(sql_command, statement).stdout.splitlines() == ["country,visits", "DE,2", "FR,1"]
    assert run(sql_command, "-", stdin=statement).stdout == run(sql_command, statement).stdout
    assert isinstance(run(sql_command, "DROP TABLE visits").exception, SettingsError)


def test_sql_counts_visits_by_the_profile(run: Run) -> None:
    statement = "SELECT COUNT(*) AS visits FROM visits"

    assert run(sql_command, statement, "--visit-gap", "5m").stdout.splitlines() == ["visits", "4"]


def test_metrics_and_dimensions_are_listed() -> None:
    table = CliRunner().invoke(reports_command, ["--metrics"]).stdout
    document = json.loads(
        CliRunner().invoke(reports_command, ["--metrics", "--dimensions", "--format", "json"]).stdout
    )

    assert "bounce_rate" in table
    assert "medium" not in table.split()
    assert [one["name"] for one in document] == [*METRICS, *DIMENSIONS]
    assert next(one for one in document if one["name"] == "bounce_rate") == {
        "kind": "metric",
        "group": "Visits and visitors",
        "name": "bounce_rate",
        "unit": "share",
        "meaning": "bounces of all visits",
        "rows": ["visits"],
        "owa": ["bounceRate"],
        "remark": "",
        "formula": "bounces / visits",
    }


def test_all_is_the_catalogue(run: Run) -> None:
    listed = json.loads(CliRunner().invoke(reports_command, ["--format", "json"]).stdout)

    assert [one["name"] for one in listed] == list(CATALOGUE)
