from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.errors import SettingsError
from reports.query.conditions import LONGEST, OPERATORS, condition
from reports.query.failures import told
from reports.query.typed import Typed, query_of, report_from
from reports.report import View
from tests.reports.conftest import MakeEvents, build

WORDS = (
    "country path visits hour is_new ( ) = <> > AND OR NOT IN LIKE ~ BETWEEN NULL IS 'DE' '[' 1 -1 1.5 , . * "
    "DATE '2026-01-01' CAST AS INT TRY_CAST MAX COUNT(*) OVER SELECT FROM CASE WHEN THEN END || :: date LOWER LENGTH "
    "EXISTS INTERVAL '1 day' [ ] ; -- \x1b"
)


def refused(**asked: object) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        report_from(Typed(**{"metrics": ("visits",)} | asked))  # type: ignore[arg-type]  # any keyword

    return caught.value


@settings(max_examples=150, deadline=None)
@given(
    text=st.one_of(st.text(max_size=40), st.lists(st.sampled_from(WORDS.split()), max_size=9).map(" ".join))
)
def test_any_condition_is_a_query_or_an_error_with_a_hint(text: str) -> None:
    error = None
    try:
        query_of(Typed(("visits",), ("country",), where=text))
    except SettingsError as caught:
        error = caught

    assert error is None or (error.hint and "\x1b" not in str(error))


@pytest.mark.parametrize(
    "text",
    ["MAX(hour) = hour", "SUM(hour) OVER (PARTITION BY country) > 1", "COUNT(*) > hour", "hour = (SELECT 1)",
     "QUANTILE_CONT(hour, 0.5) > 1", "ROW_NUMBER() OVER (ORDER BY hour) > 1", "EXISTS (SELECT 1)", "1 = 1",
     "LAG(hour) OVER (ORDER BY hour) = 1", "FIRST_VALUE(hour) = 1"],
)  # fmt: skip
def test_a_condition_looks_at_one_row_at_a_time(text: str) -> None:
    assert "row by row" in str(refused(where=text)) or "cannot be used" in str(refused(where=text))


@pytest.mark.parametrize(
    "text",
    ["country = 'DE' AND hour < 12", "LOWER(country) IN ('de', 'fr')", "path ~ '^/a'", "path !~ 'b' OR title IS NULL",
     "hour BETWEEN 1 AND 2", "COALESCE(country, 'x') <> 'x'", "date >= DATE '2026-01-01'", "is_new AND NOT is_bounce",
     "TRY_CAST(path AS INT) = 1", "CASE WHEN hour < 12 THEN 1 ELSE 2 END = 1", "LENGTH(path) > 3",
     "revenue_in_visit > 5",
     "STARTS_WITH(path, '/a')", "path LIKE '%b%'", "ROUND(duration_seconds, 0) > 2"],
)  # fmt: skip
def test_conditions_that_are_of_use_are_taken(text: str) -> None:
    report_from(Typed(("visits",), where=text))


def test_the_conditions_for_owas_operators_are_taken() -> None:
    for example, _ in OPERATORS.values():
        report_from(Typed(("page_views",), where=example))


def test_a_condition_keeps_the_rows_it_is_true_for(make_events: MakeEvents) -> None:
    events = make_events(
        {"country": "DE"}, {"country": "FR", "visitor": "b"}, {"country": None, "visitor": "c"}
    )
    asked = report_from(Typed(("visits",), ("country",), where="country <> 'DE'", having="visits >= 1"))

    assert build(asked, events, View()).rows() == [("FR", 1)]
    assert "country <> 'DE'" in asked.definition


@pytest.mark.parametrize(
    ("asked", "sentence", "hint"),
    [
        ({"metrics": ("vists",)}, "There is no metric 'vists'. Did you mean visits", "--metrics lists them"),
        ({"metrics": ("medium",)}, "medium is a dimension, no metric.", "--by medium"),
        ({"by": ("visits",)}, "visits is a metric, no dimension.", "--metrics visits"),
        ({"by": ("Medium",)}, "There is no dimension 'Medium'. Did you mean medium", "--dimensions lists them"),
        ({"where": "page_views > 1"}, "page_views is a metric: --where is about", "--having 'page_views > 1'"),
        ({"where": "contry = 'DE'"}, "There is no dimension 'contry'. Did you mean country", "single quotes"),
        ({"where": "country = 1"}, "cannot compare string with numeric", "country = 'DE'"),
        ({"where": "date >= '2026-01-01'"}, "cannot be used", "DATE '2026-01-31'"),
        ({"where": "country"}, "must be of type `Boolean`", "comparison"),
        ({"where": "path ~ '['"}, "unclosed character class", "country"),
        ({"where": "CAST(country AS INT) = 1"}, "conversion from", "TRY_CAST"),
        ({"where": " "}, "--where is empty.", "country = 'DE'"),
        ({"where": "country = 'DE' " + "OR hour = 1 " * LONGEST}, "longer than", "country = 'DE'"),
        ({"having": "visitz > 1"}, "There is no metric 'visitz'. Did you mean visits", "lists them"),
        ({"having": "country = 'DE'"}, "country is not among the answer's columns.", "--by country"),
        ({"having": "visits"}, "must be of type `Boolean`", "comparison"),
        ({"sort": ("-medium",)}, "There is no column to sort by 'medium'.", "--sort -visits"),
        ({"metrics": ()}, "A query needs a metric.", "--metrics visits"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_what_to_type(asked: dict[str, object], sentence: str, hint: str) -> None:
    error = refused(**asked)

    assert sentence in str(error)
    assert hint in (error.hint or "")


def test_a_hidden_metric_sorts_and_filters_and_is_not_shown(make_events: MakeEvents) -> None:
    events = make_events(
        {"country": "DE"}, {"country": "FR", "visitor": "b"}, {"country": "FR", "visitor": "c"}
    )
    asked = report_from(Typed(("bounces",), ("country",), having="visits > 0", sort=("-visitors",)))

    answer = build(asked, events, View())
    assert answer.columns == ["country", "bounces"]
    assert answer["country"].to_list() == ["FR", "DE"]


def test_a_condition_that_fails_over_a_value_is_told_as_the_users() -> None:
    asked = report_from(Typed(("visits",), where="TRY_CAST(path AS INT) = 1"))

    with pytest.raises(SettingsError, match="cannot be told of some rows") as caught, told([asked]):
        raise pl.exceptions.InvalidOperationError("conversion failed")

    assert caught.value.details == ("TRY_CAST(path AS INT) = 1",)


def test_a_fault_of_our_own_is_not_told_as_the_users() -> None:
    with pytest.raises(pl.exceptions.InvalidOperationError), told([report_from(Typed(("visits",)))]):
        raise pl.exceptions.InvalidOperationError("a fault")


def test_conditions_are_named_after_their_option() -> None:
    with pytest.raises(SettingsError, match=r"^--having "):
        condition("(", "--having")
