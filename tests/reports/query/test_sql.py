from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.errors import SettingsError
from reports.query.sql import sql_report, with_statements
from reports.report import View
from reports.run import Questions, collect
from tests.reports.conftest import MakeEvents
from tests.reports.query.worlds import EVENT, by_visitor, facts_of, frame_of

VIEW = View("Europe/Berlin")


def rows(statement: str, *partitions: pl.DataFrame, view: View = VIEW) -> pl.DataFrame:
    facts = (facts_of(part, view) for part in partitions)
    [frame] = with_statements([pl.DataFrame()], [sql_report(statement)], facts, view)
    return frame


@settings(max_examples=6, deadline=None)
@given(drawn=st.lists(EVENT, min_size=1, max_size=25))
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT medium, COUNT(*) AS visits, SUM(page_views) AS page_views FROM visits GROUP BY medium ORDER BY medium",
        "SELECT v.visitor, COUNT(*) AS hits FROM hits h JOIN visits v ON h.visit = v.visit AND h.visitor = v.visitor "
        "GROUP BY v.visitor ORDER BY v.visitor",
        "SELECT COUNT(*) AS n, COUNT(DISTINCT visit) AS visits FROM hits",
        "SELECT kind, SUM(bytes) AS bytes FROM events GROUP BY kind ORDER BY kind",
    ],
)
def test_several_partitions_answer_as_one(statement: str, drawn: list[dict[str, Any]]) -> None:
    events = frame_of(drawn)

    assert rows(statement, events).equals(rows(statement, *by_visitor(events, 3)))


@pytest.mark.parametrize(
    "statement",
    ["", "DROP TABLE visits", "SELECT 1; DROP TABLE visits", "SHOW TABLES", "CREATE TABLE t AS SELECT 1 AS x",
     "EXPLAIN SELECT 1 AS x", "DELETE FROM visits", "TRUNCATE TABLE visits", "-- SELECT\nDROP TABLE visits",
     "WITH t AS (SELECT 1 AS x) DELETE FROM visits", "SELECT * FROM read_csv('x.csv')",
     "SELECT * FROM \"read_parquet\"('x')", "SELECT * FROM READ_JSON/**/('x')", "SELECT * FROM 'x.parquet'",
     "SELECT nosuch FROM hits", "SELECT * FROM nosuch", "SELECT (", "SELECT", "x" * 60_000, "SELECT " + "(" * 5_000],
)  # fmt: skip
def test_what_does_not_only_read_the_tables_is_refused(statement: str) -> None:
    with pytest.raises(SettingsError) as caught:
        sql_report(statement)

    assert caught.value.hint


@settings(max_examples=40, deadline=None)
@given(text=st.text(max_size=40))
def test_any_statement_is_a_report_or_an_error(text: str) -> None:
    for statement in (text, f"SELECT {text}", f"SELECT {text} FROM visits"):
        error = None
        try:
            sql_report(statement)
        except SettingsError as caught:
            error = caught

        assert error is None or error.hint


def test_comments_and_a_last_semicolon_are_no_matter() -> None:
    statement = "/* why; */ -- it's\nSELECT 'a;b' AS x FROM visits;"

    assert [column.name for column in sql_report(statement).columns] == ["x"]


def test_columns_have_units_of_what_they_are_called() -> None:
    found = sql_report("SELECT date, time, bot, is_page, COUNT(*) AS visits, 1 AS one FROM hits GROUP BY ALL")

    assert [(column.name, column.unit) for column in found.columns] == [
        ("date", "date"),
        ("time", "time"),
        ("bot", "text"),
        ("is_page", "flag"),
        ("visits", "visits"),
        ("one", "number"),
    ]


def test_values_are_such_as_every_output_shows(make_events: MakeEvents) -> None:
    events = make_events({"at": "2026-03-01T10:00:00+00:00"}).collect()
    answer = rows(
        "SELECT time, time - time AS passed, ARRAY_AGG(path) AS paths FROM hits GROUP BY time", events
    )

    assert answer.schema == {
        "time": pl.Datetime("ms", "Europe/Berlin"),
        "passed": pl.Float64,
        "paths": pl.String,
    }
    assert answer["time"].dt.hour().to_list() == [11]


def test_a_value_that_fails_is_an_error_of_the_statement(make_events: MakeEvents) -> None:
    with pytest.raises(SettingsError, match="cannot be answered: conversion"):
        rows("SELECT CAST(path AS INT) AS x FROM hits", make_events({"path": "/a"}).collect())


def test_a_run_has_statements_beside_reports(make_events: MakeEvents) -> None:
    asked = sql_report("SELECT COUNT(*) AS events FROM events", "count")

    [frame] = collect(make_events({}, {}), Questions(reports=(asked,)))

    assert frame.rows() == [(2,)]
