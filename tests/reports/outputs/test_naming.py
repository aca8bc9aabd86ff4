from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import SettingsError
from reports.outputs import CsvOutput, ExcelOutput, Output, ParquetOutput
from reports.outputs.naming import DEFAULT_NAME, PLACEHOLDERS, Occasion, planned_files
from reports.scope import Scope

NAMES = st.one_of(st.text(max_size=300), st.text(alphabet="./\\~a", max_size=6))
AT = datetime(2026, 3, 2, 23, 30, 5, tzinfo=UTC)
WEEK = Scope("example.org", date(2026, 2, 23), date(2026, 3, 1), "Europe/Berlin")


def names(
    pattern: str,
    reports: tuple[str, ...] = ("pages",),
    scope: Scope = WEEK,
    outputs: tuple[Output, ...] = (CsvOutput(),),
) -> list[str]:
    return [file.name for file in planned_files(outputs, reports, pattern, Occasion(scope, AT))]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (DEFAULT_NAME, "pages.csv"),
        ("{report}-{date}.parquet", "pages-2026-03-01.parquet"),
        ("{site}/{from}_{to}/{report}.{suffix}", "example.org/2026-02-23_2026-03-01/pages.csv"),
        ("{run}-{format}", "20260302T233005Z-csv"),
        ("{{{report}}}", "{pages}"),
        ("always", "always"),
    ],
)
def test_a_pattern_is_filled_in(pattern: str, expected: str) -> None:
    assert names(pattern) == [expected]


def test_a_range_without_bounds_has_words_for_them_and_the_day_of_the_run() -> None:
    everything = Scope(time_zone="Asia/Tokyo")

    assert names("{site}-{from}-{to}-{date}", scope=everything) == ["all-sites-start-end-2026-03-03"]


def test_every_placeholder_is_documented_and_works() -> None:
    for name in PLACEHOLDERS:
        [filled] = names(f"{{{name}}}")
        assert "{" not in filled


def test_all_reports_of_a_workbook_are_in_one_file() -> None:
    files = planned_files((CsvOutput(), ExcelOutput()), ("days", "pages"), DEFAULT_NAME, Occasion(WEEK, AT))

    assert [(file.name, file.places) for file in files] == [
        ("days.csv", (0,)), ("pages.csv", (1,)), ("report.xlsx", (0, 1)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "pattern",
    [
        "{nosuch}.csv", "{}", "{0}", "{report.name}", "{report[0]}", "{report!r}", "{report:>9}", "{report", "report}",
        "../{report}", "/{report}", "{report}/", "a//b", ".", "a/../b", "", "a\\b", "a\x00b", "a\nb", "x" * 241,
    ],
)  # fmt: skip
def test_a_pattern_that_cannot_be_is_refused_with_what_can(pattern: str) -> None:
    with pytest.raises(SettingsError, match="Files cannot be called") as caught:
        names(pattern)

    assert all(f"{{{name}}}" in str(caught.value.hint) for name in PLACEHOLDERS)


@pytest.mark.parametrize(
    ("pattern", "reports", "outputs"),
    [
        ("{date}.csv", ("days", "pages"), (CsvOutput(),)),
        ("{report}", ("days",), (CsvOutput(), ParquetOutput())),
        ("{report}.{suffix}", ("Days", "days"), (CsvOutput(),)),
        ("{report}.{suffix}", ("a b", "a_b"), (CsvOutput(),)),
        ("{report}.x", ("report",), (CsvOutput(), ExcelOutput())),
    ],
)
def test_two_files_of_one_name_are_refused(
    pattern: str, reports: tuple[str, ...], outputs: tuple[Output, ...]
) -> None:
    with pytest.raises(SettingsError, match="2 files would be called") as caught:
        names(pattern, reports, outputs=outputs)

    assert "--name" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        ("..", "_/all-sites"),
        ("../../etc/passwd", "_.._etc_passwd/all-sites"),
        ("/etc/passwd", "_etc_passwd/all-sites"),
        (".hidden", "hidden/all-sites"),
        ("", "_/all-sites"),
        ("C:\\x", "C_x/all-sites"),
        ("ä b\x00", "_b_/all-sites"),
    ],
)
def test_a_name_is_made_fit_for_a_file(report: str, expected: str) -> None:
    assert names("{report}/{site}", (report,), Scope()) == [expected]


@given(report=NAMES, site=st.one_of(st.none(), NAMES))
@pytest.mark.parametrize("pattern", [DEFAULT_NAME, "{site}/{report}", "{site}", "{site}{report}"])
def test_no_report_and_no_site_leads_out_of_the_folder(pattern: str, report: str, site: str | None) -> None:
    try:
        [name] = names(pattern, (report,), Scope(site=site))
    except SettingsError:
        assert pattern == "{site}{report}", (
            "only two long names together are longer than a file's name can be"
        )
        return

    path = Path("folder", name)
    assert path.resolve().is_relative_to(Path("folder").resolve())
    assert name.count("/") == pattern.count("/")
    assert not any(part.startswith(".") for part in path.parts)
