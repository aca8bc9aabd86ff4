from __future__ import annotations

import os
import pty
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from footfall.errors import SettingsError
from reports.commands.output_options import output_options, screen_of, tell_delivered
from reports.outputs import OUTPUTS, OutputSettings
from reports.outputs.deliver import Delivered
from reports.outputs.destination import Stored
from reports.outputs.naming import PLACEHOLDERS


@click.command()
@output_options("sql")
def tried(outputs: OutputSettings) -> None:
    """Say what was chosen."""
    click.echo(repr(outputs))


def chosen(*arguments: str, **environment: str) -> str:
    return CliRunner().invoke(tried, arguments, env=environment).stdout.strip()


def test_without_options_a_table_goes_to_screen_of() -> None:
    assert chosen() == repr(OutputSettings())


def test_options_become_settings() -> None:
    line = [
        "--format",
        "csv",
        "--format",
        "xlsx",
        "--out",
        "s3://example-reports/a",
        "--name",
        "{report}",
        "--limit",
        "0",
    ]

    assert chosen(*line, "--csv-raw") == repr(
        OutputSettings(("csv", "xlsx"), "s3://example-reports/a", "{report}", limit=0, csv_raw=True)
    )


def test_environment_variables_are_named_after_the_command() -> None:
    assert chosen(FOOTFALL_SQL_OUT="reports", FOOTFALL_SQL_FORMAT="csv", FOOTFALL_SQL_LIMIT="7") == repr(
        OutputSettings(("csv",), "reports", limit=7)
    )


def test_the_help_names_variables_defaults_forms_and_placeholders() -> None:
    text = CliRunner().invoke(tried, ["--help"], terminal_width=400).stdout

    for flag in ("FORMAT", "OUT", "NAME", "LIMIT", "CSV_RAW"):
        assert f"FOOTFALL_SQL_{flag}" in text
    assert all(f"{{{name}}}" in text for name in PLACEHOLDERS)
    assert all(name in text for name in OUTPUTS)
    assert "default: (standard output)" in text


@pytest.mark.parametrize("arguments", [["--format", "nosuch"], ["--limit", "-1"]])
def test_what_cannot_be_is_refused(arguments: list[str]) -> None:
    assert CliRunner().invoke(tried, arguments).exit_code == 2


def test_a_terminal_is_known_by_its_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    leader, follower = pty.openpty()
    with os.fdopen(follower, "w", encoding="utf-8") as terminal:
        screen = screen_of(terminal)

    os.close(leader)
    assert (screen.width, screen.encoding) == (40, "utf-8")


def test_a_file_has_no_width(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w", encoding="iso-8859-1") as file:
        assert (screen_of(file).width, screen_of(file).encoding) == (None, "iso-8859-1")


def test_a_closed_standard_output_is_said() -> None:
    with pytest.raises(SettingsError, match="closed"):
        screen_of(None)


def test_what_was_written_is_told_safely_and_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    tell_delivered(Delivered(Stored("a/\x1b[2J.csv", 1, ""), "csv", ("days",), (1,)))

    assert capsys.readouterr() == ("", "wrote a/\\x1b[2J.csv, 1 row\n")
