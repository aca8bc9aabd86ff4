"""Goals and funnels on the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from click.testing import CliRunner, Result

from footfall.store.address import open_store
from footfall.store.commands import App
from reports.commands.definition_options import examples
from reports.commands.report import report_command
from reports.definitions import load_definitions
from tests.reports.conftest import MakeEvents
from tests.reports.store import CLOCK, fill

Run = Callable[..., Result]

DEFINED = """
[[goal]]
name = "thanks"
url = "/thanks"
value = 2

[[funnel]]
name = "buy"
step = [{ name = "Cart", url = "/cart" }, { name = "Thanks", url = "/thanks" }]
"""


@pytest.fixture
def run(tmp_path: Path, make_events: MakeEvents) -> Run:
    """Ask for reports about a visit that goes from the cart to the thanks."""
    rows = [{"path": "/cart"}, {"path": "/thanks", "at": "2026-03-01T12:00:30+00:00"}]
    anyio.run(fill, tmp_path / "x.db", make_events(*rows).collect())

    def command(*arguments: str, **env: str) -> Result:
        app = App(clock=CLOCK, open_store=lambda settings: open_store(settings, CLOCK))
        store = ("--store", f"embedded:{tmp_path / 'x.db'}", "--format", "csv")
        return CliRunner().invoke(report_command, [*arguments, *store], obj=app, env=env)

    return command


def test_goals_and_funnels_are_those_of_the_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(DEFINED)

    goals = run("goals", "--definitions", str(path))
    assert goals.stdout.splitlines()[1] == 'thanks,1,1,1,1,1.0,0,0,,2.0,"url = ""/thanks"""'
    assert "defined" not in goals.stderr
    funnels = run("funnels", FOOTFALL_DEFINITIONS=str(path))
    assert funnels.stdout.splitlines()[2] == "buy,2,Thanks,visits,1,1,1.0,1.0,0,0.0,30.0"


def test_metrics_and_statements_see_the_goals(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(f'{DEFINED}[[report]]\nname = "told"\nsql = "SELECT goals, goal_value FROM visits"\n')

    own = ("--definitions", str(path))
    assert run("told", *own).stdout.splitlines() == ["goals,goal_value", "1,2.0"]
    metrics = run("--metrics", "goals,goal_conversion_rate", "--by", "exit_page", *own)
    assert metrics.stdout.splitlines()[1] == "/thanks,1,1.0"


@pytest.mark.parametrize(
    ("name", "kind"), [("goals", "goals"), ("goal-sources", "goals"), ("funnels", "funnels")]
)
def test_where_nothing_is_defined_it_is_told_how_to(run: Run, tmp_path: Path, name: str, kind: str) -> None:
    result = run(name)

    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 1
    head, *example = result.stderr.splitlines()
    assert head.startswith(f"No {kind} are defined.")
    assert "\n".join(example).startswith(examples(kind))


@pytest.mark.parametrize("kind", ["goals", "funnels"])
def test_what_is_told_can_be_written_into_the_file(tmp_path: Path, kind: str) -> None:
    (tmp_path / "site.toml").write_text(examples(kind))

    assert getattr(load_definitions(tmp_path / "site.toml"), kind)


def test_who_asks_for_something_else_is_told_nothing(run: Run) -> None:
    assert "defined" not in run("pages").stderr
