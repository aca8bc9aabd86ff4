from __future__ import annotations

from pathlib import Path

import pytest

from footfall.errors import SettingsError
from reports.catalogue import CATALOGUE, View
from reports.definitions import Definitions, load_definitions
from reports.definitions.reports import find
from reports.query.sql import SqlReport
from tests.reports.conftest import MakeEvents, build

GOOD = """
[[report]]
name = "landing-de"
question = "Where do visits from Germany begin?"
metrics = ["visits", "bounce_rate"]
by = ["entry_page"]
where = "country = 'DE'"
having = "visits > 1"
sort = ["-visits"]
limit = 1
chart = "bar"

[[report]]
name = "deep"
sql = '''
SELECT medium, COUNT(*) AS visits
FROM visits GROUP BY medium
'''
"""


def loaded(tmp_path: Path, content: str | bytes) -> Definitions:
    path = tmp_path / "site.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return load_definitions(path)


def refused(tmp_path: Path, content: str | bytes) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, content)

    return caught.value


def test_without_a_file_nothing_is_defined() -> None:
    assert load_definitions(None) == Definitions()


def test_a_query_in_a_file_is_a_report(tmp_path: Path, make_events: MakeEvents) -> None:
    report = loaded(tmp_path, GOOD).reports[0]
    events = make_events(
        *({"country": "DE", "path": path, "visitor": str(number)} for number, path in enumerate("aabbbc")),
        {"country": "FR", "path": "c"},
        {"country": "FR", "path": "c", "visitor": "x"},
    )

    assert (report.name, report.question, report.chart) == (
        "landing-de",
        "Where do visits from Germany begin?",
        "bar",
    )
    assert build(report, events, View()).rows() == [("b", 3, 1.0)]


def test_a_statement_in_a_file_is_a_report(tmp_path: Path) -> None:
    report = loaded(tmp_path, GOOD).reports[1]

    assert isinstance(report, SqlReport)
    assert report.column_names == ("medium", "visits")


def test_reports_of_a_file_are_found_beside_the_catalogue(tmp_path: Path) -> None:
    own = loaded(tmp_path, GOOD).reports

    assert [report.name for report in find(["deep", "pages", "deep"], own)] == ["deep", "pages"]
    assert [report.name for report in find(["all"], own)] == [*CATALOGUE, "landing-de", "deep"]
    with pytest.raises(SettingsError, match="In the definitions there is landing-de"):
        find(["landing"], own)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('[[report]]\nname = "a"\nmetrics = ["visits"]\nbuy = ["medium"]', "there is no key 'buy'. Did you mean by?"),
        ('[[reports]]\nname = "a"', "site.toml: there is no key 'reports'. Did you mean report?"),
        ('[[report]]\nmetrics = ["visits"]', "report number 1 has no name."),
        ('[[report]]\nname = "A b"\nmetrics = ["visits"]', "name has lower-case letters, digits and dashes"),
        ('[[report]]\nname = "pages"\nmetrics = ["visits"]', "a report of the catalogue is called so."),
        ('[[report]]\nname = "all"\nmetrics = ["visits"]', "a report of the catalogue is called so."),
        ('[[report]]\nname = "a"', "either metrics, with by, where and others, or sql."),
        ('[[report]]\nname = "a"\nmetrics = ["visits"]\nsql = "SELECT 1 AS x"', "either metrics"),
        ('[[report]]\nname = "a"\nsql = "SELECT 1 AS x"\nlimit = 5', "either metrics"),
        ('[[report]]\nname = "a"\nmetrics = ["vists"]', "report 'a': There is no metric 'vists'. Did you mean visits"),
        ('[[report]]\nname = "a"\nmetrics = "visits"', "report 'a': metrics is to be a list of texts."),
        ('[[report]]\nname = "a"\nmetrics = ["visits"]\nlimit = true', "limit is to be a whole number, 1 or more."),
        ('[[report]]\nname = "a"\nmetrics = ["visits"]\nchart = "pie"', "chart 'pie' is none of line, bar, heat."),
        ('[[report]]\nname = "a"\nmetrics = ["visits"]\nwhere = "x ="', "report 'a': --where 'x =' cannot be used"),
        ('[[report]]\nname = "a"\nsql = "DROP TABLE x"', "is not a SELECT"),
        ('[[report]]\nname = "a"\nmetrics = ["visits"]\n' * 2, "2 entries of report called 'a'."),
        ('report = "a"', "[[report]] begins each report"),
        ('report = ["a"]', "report number 1 is no table."),
        ("[[report", "cannot be read as TOML"),
        (b"\xff", "cannot be read as TOML"),
        ("#" * 1_000_001, "has more than 1,000,000 bytes."),
        ('[[report]]\nname = "a"\nquestion = "\\u001b[31m"\nmetrics = ["visits"]', "question is to be a line of text"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_file_report_and_key(
    tmp_path: Path, content: str | bytes, sentence: str
) -> None:
    error = refused(tmp_path, content)

    assert "site.toml" in str(error)
    assert sentence in str(error)
    assert error.hint


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nosuch\.toml cannot be read"):
        load_definitions(tmp_path / "nosuch.toml")
