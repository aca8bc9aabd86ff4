from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from click.testing import CliRunner, Result

from footfall.errors import SettingsError
from footfall.store.address import open_store
from footfall.store.commands import App
from reports.catalogue import CATALOGUE
from reports.commands.catalogue import reports_command
from reports.commands.report import report_command
from tests.reports.conftest import MakeEvents
from tests.reports.store import CLOCK, fill

Report = Callable[..., Result]


@pytest.fixture
def report(tmp_path: Path, make_events: MakeEvents) -> Report:
    """Run `footfall report` on a store with 30 pages, one of them called often, and 1 error."""
    rows = [{"path": f"/{number}"} for number in range(30)] + [{"path": "=1"}] * 2 + [{"status": 500}]
    anyio.run(fill, tmp_path / "x.db", make_events(*rows).collect())

    def run(*arguments: str, **environment: str) -> Result:
        app = App(clock=CLOCK, open_store=lambda settings: open_store(settings, CLOCK))
        store = ("--store", f"embedded:{tmp_path / 'x.db'}")
        return CliRunner().invoke(report_command, [*arguments, *store], obj=app, env=environment)

    return run


def test_a_table_is_the_default_and_talk_goes_to_stderr(report: Report) -> None:
    result = report("statuses")

    assert result.exit_code == 0
    assert "How were requests answered?" in result.stdout
    assert "read 33 items" in result.stderr
    assert "read 33 items" not in result.stdout


def test_csv_on_stdout_is_only_data(report: Report) -> None:
    lines = report("statuses", "--format", "csv").stdout.splitlines()

    assert lines[0] == ",".join(CATALOGUE["statuses"].column_names)
    assert lines[1].startswith("200,32,0.969697,")
    assert len(lines) == 3


def test_rankings_are_shortened_in_tables_only(report: Report) -> None:
    assert "… and 11 more" in report("pages").stdout
    assert "more (--limit" not in report("pages", "--limit", "0").stdout
    assert len(report("pages", "--format", "ndjson").stdout.splitlines()) == 31
    assert len(report("pages", "--format", "ndjson", "--limit", "3").stdout.splitlines()) == 3


def test_hours_are_shown_whole(report: Report) -> None:
    assert "more (--limit" not in report("hours").stdout


def test_several_formats_go_to_files(report: Report, tmp_path: Path) -> None:
    result = report("all", "--format", "csv", "--format", "parquet", "--out", str(tmp_path / "out"))

    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {f"{name}.{suffix}" for name in CATALOGUE for suffix in ("csv", "parquet")}
    assert result.stdout == ""
    assert "pages.csv, 31 rows" in result.stderr


def test_all_as_json_is_one_array(report: Report) -> None:
    assert [one["report"] for one in json.loads(report("all", "--format", "json").stdout)] == list(CATALOGUE)


def test_csv_is_disarmed_unless_asked_otherwise(report: Report) -> None:
    assert "\n'=1,2," in report("pages", "--format", "csv").stdout
    assert "\n=1,2," in report("pages", "--format", "csv", "--csv-raw").stdout


def test_what_cannot_work_is_refused_before_the_store_is_opened(tmp_path: Path) -> None:
    def never(_: object) -> object:
        raise AssertionError("opened")

    app = App(clock=CLOCK, open_store=never)  # type: ignore[arg-type]  # never gets as far as being used
    for arguments in (
        ["nosuch"],
        ["all", "--format", "csv"],
        ["days", "--format", "csv", "--format", "json"],
        ["days", "--timezone", "Mars/Olympus"],
        ["days", "--site", "No Site"],
        ["days", "--from", "2026-03-02", "--to", "2026-03-01"],
    ):
        result = CliRunner().invoke(report_command, arguments, obj=app)
        assert isinstance(result.exception, SettingsError), arguments


@pytest.mark.parametrize(
    "arguments", [[], ["days", "--from", "yesterday"], ["days", "--limit", "-1"], ["days", "--segments", "0"]]
)
def test_a_wrong_command_line_ends_with_2(report: Report, arguments: list[str]) -> None:
    assert report(*arguments).exit_code == 2


def test_options_are_read_from_the_environment_by_their_own_names(report: Report) -> None:
    result = report("days", FOOTFALL_REPORT_FROM="2026-03-05", FOOTFALL_REPORT_TIMEZONE="Asia/Tokyo")

    assert "from 2026-03-05 · time zone Asia/Tokyo" in result.stdout


def test_nothing_found_says_what_to_try(report: Report) -> None:
    result = report("pages", "--site", "other.example")

    assert result.exit_code == 0
    assert "no rows" in result.stdout
    assert "footfall report days --store embedded:" in result.stderr


def test_an_empty_store_says_how_to_fill_it(tmp_path: Path, make_events: MakeEvents) -> None:
    anyio.run(fill, tmp_path / "empty.db", make_events().collect())
    app = App(clock=CLOCK, open_store=lambda settings: open_store(settings, CLOCK))
    result = CliRunner().invoke(
        report_command, ["days", "--store", f"embedded:{tmp_path / 'empty.db'}"], obj=app
    )

    assert "footfall ingest access.log" in result.stderr


def test_own_hosts_are_no_referrers(tmp_path: Path, make_events: MakeEvents) -> None:
    anyio.run(fill, tmp_path / "x.db", make_events({"referrer_host": "www.shop.example"}).collect())
    app = App(clock=CLOCK, open_store=lambda settings: open_store(settings, CLOCK))
    options = ["referrers", "--format", "ndjson", "--store", f"embedded:{tmp_path / 'x.db'}"]

    assert "www.shop.example" in CliRunner().invoke(report_command, options, obj=app).stdout
    assert CliRunner().invoke(report_command, [*options, "--own-host", "Shop.example"], obj=app).stdout == ""


def test_every_option_says_its_environment_variable() -> None:
    help_text = CliRunner().invoke(report_command, ["--help"], terminal_width=400).stdout

    for option in (
        "site",
        "from",
        "to",
        "timezone",
        "own-host",
        "limit",
        "format",
        "out",
        "name",
        "segments",
        "dataset",
        "csv-raw",
    ):
        assert f"FOOTFALL_REPORT_{option.replace('-', '_').upper()}" in help_text
    assert "footfall report summary pages" in help_text


def test_the_catalogue_lists_every_report() -> None:
    listed = CliRunner().invoke(reports_command).stdout
    documents = json.loads(CliRunner().invoke(reports_command, ["--format", "json"]).stdout)

    assert all(
        f"\n{name}" in f"\n{listed}" and report.question in listed for name, report in CATALOGUE.items()
    )
    assert [document["name"] for document in documents] == list(CATALOGUE)
    assert documents[0]["columns"][0] == {"name": "first_at", "unit": "time", "meaning": "first request"}
