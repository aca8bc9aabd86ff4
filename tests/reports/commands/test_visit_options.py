from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from footfall.errors import SettingsError
from reports.commands.visit_options import rule_of, visit_options
from reports.visits import PROFILES, VisitRule


@click.command()
@visit_options("report")
def command(rule: VisitRule, lookback_days: int) -> None:
    click.echo(f"{rule.name}|{rule.gap_seconds}|{rule.at_midnight}|{rule.bots}|{rule.counts}|{lookback_days}")


def said(*arguments: str, **environment: str) -> str:
    result = CliRunner().invoke(command, arguments, env=environment)
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def test_without_options_the_rule_is_footfalls_own() -> None:
    assert said() == "footfall|1800|False|False|pages|0"


def test_a_profile_is_named_and_stays_itself_when_nothing_differs() -> None:
    assert (
        rule_of("matomo", {"at_midnight": True, "gap_seconds": "30m", "bots": "exclude"})
        is PROFILES["matomo"]
    )


def test_what_differs_is_in_the_name() -> None:
    arguments = ("--visit-profile", "matomo", "--visit-gap", "1h", "--no-visit-midnight", "--bots", "include")

    assert said(*arguments, "--lookback", "30") == (
        "matomo, changed: gap seconds 3600, at midnight no, bots yes|3600|False|True|pages|30"
    )


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [("1800", 1800), ("90s", 90), ("30m", 1800), ("2h", 7200), ("1d", 86_400), ("never", None)],
)
def test_a_gap_is_a_time_or_never(typed: str, seconds: int | None) -> None:
    assert rule_of("owa", {"gap_seconds": typed}).gap_seconds == seconds


@pytest.mark.parametrize("typed", ["", "0", "0m", "-5", "1.5h", "30 m", "m", "1w", "9" * 12])
def test_what_is_no_gap_is_refused(typed: str) -> None:
    with pytest.raises(SettingsError, match="no time between two visits"):
        rule_of("footfall", {"gap_seconds": typed})


def test_an_unknown_profile_suggests_a_close_one() -> None:
    with pytest.raises(SettingsError, match="Did you mean matomo") as caught:
        rule_of("motomo", {})

    assert (caught.value.hint or "").startswith("--visit-profile takes footfall, ")


def test_options_are_read_from_the_environment_by_the_commands_name() -> None:
    environment = {"FOOTFALL_REPORT_VISIT_GAP": "10m", "FOOTFALL_REPORT_COUNT": "requests"}

    assert said(**environment).endswith("|600|False|False|requests|0")


def test_a_changed_rule_says_in_its_sentence_what_it_counts_by() -> None:
    assert "600 seconds" in rule_of("footfall", {"gap_seconds": "10m"}).sentence()
