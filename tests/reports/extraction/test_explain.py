from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from math import inf

import msgspec
import pytest

from footfall.store.state import Day
from reports.extraction.explain import (
    USUAL_UNITS_PER_SECOND,
    Terms,
    explanation_of,
    explanation_of_rest,
    terms_of,
)
from reports.extraction.journal import begun
from reports.extraction.manifest import KeptDay
from reports.extraction.plan import TableSize, choose, wanted_in
from reports.extraction.request import Request
from reports.scope import Scope

FIRST = date(2026, 3, 1)
GIB = 1024**3
DAYS = [Day("example.org", FIRST + timedelta(days=number), 1, 1_000_000) for number in range(10)]
SIZE = TableSize(items=10_000_000, bytes=4 * GIB, shards=8, days=DAYS)
ONE_DAY = Scope("example.org", FIRST, FIRST)
TERMS = Terms(1_000.0, "1,000 read units a second, what the table gives", 0.125)


@pytest.mark.parametrize(
    ("asked", "table", "expected"),
    [
        (inf, None, USUAL_UNITS_PER_SECOND),
        (inf, 500.0, 500.0),
        (100.0, 500.0, 100.0),
        (900.0, 500.0, 500.0),
        (inf, 40_000.0, USUAL_UNITS_PER_SECOND),
    ],
)
def test_the_slowest_says_how_fast_it_goes(asked: float, table: float | None, expected: float) -> None:
    terms = terms_of(Request(max_read_units=asked), table, is_free=False)

    assert terms.units_per_second == expected
    assert f"{expected:,.0f}" in terms.pace


def test_both_ways_have_all_their_figures() -> None:
    choice = choose(wanted_in(ONE_DAY, SIZE), SIZE, None, 8)
    told = explanation_of(TERMS, choice, location="dynamodb:", table="events", fresh_days=0)

    assert told.scan is not None
    assert told.query is not None
    assert (told.scan.partitions, told.scan.items, told.scan.bytes) == (8, 10_000_000, 4 * GIB)
    assert (told.scan.read_units, told.scan.seconds) == (524_288.0, 524.3)
    assert told.scan.dollars == pytest.approx(0.065536)
    assert (told.query.partitions, told.query.items) == (8, 1_000_000)
    assert told.query.read_units == pytest.approx(52_432.8)
    assert told.chosen == "query"
    assert msgspec.json.decode(msgspec.json.encode(told.document()))["query"]["partitions"] == 8


def test_a_person_reads_what_it_costs_and_why() -> None:
    choice = choose(wanted_in(ONE_DAY, SIZE), SIZE, None, 8)
    text = "\n".join(
        explanation_of(TERMS, choice, location="dynamodb:owa_", table="owa_events", fresh_days=3).lines()
    )

    assert "dynamodb:owa_" in text
    assert "524,288.0" in text
    assert "$0.07" in text
    assert "Chosen: query because it takes fewer read units." in text
    assert "3 days of the dataset that did not change" in text
    assert "$0.125 for a million read units" in text
    assert "1,000 read units a second, what the table gives" in text


def test_an_embedded_store_is_free_and_says_so() -> None:
    terms = terms_of(Request(), None, is_free=True)
    choice = choose(wanted_in(Scope(), SIZE), SIZE, None, 8)
    told = explanation_of(terms, choice, location="embedded:x.db", table="events", fresh_days=0)

    assert told.scan is not None
    assert told.scan.dollars is None
    assert "costs nothing" in "\n".join(told.lines())


def test_with_nothing_to_read_that_is_said() -> None:
    choice = choose(wanted_in(Scope("nobody"), SIZE), SIZE, None, 8)
    told = explanation_of(TERMS, choice, location="dynamodb:", table="events", fresh_days=0)

    assert told.chosen is None
    assert "Nothing is read, because there is no day to read." in list(told.lines())


def test_the_rest_of_a_reading_costs_the_rest() -> None:
    choice = choose(wanted_in(Scope(), SIZE), SIZE, 4, 8)
    days = tuple(KeptDay(day.site, day.on, day.revision) for day in DAYS)
    journal = begun(choice.chosen, Scope(), (), days).moved({0: None, 1: b"{}"}, parts=1)
    told = explanation_of_rest(TERMS, journal, SIZE, location="dynamodb:", table="events")

    assert told.scan is not None
    assert told.query is None
    assert told.scan.read_units == 524_288.0 * 3 / 4
    assert (told.done, told.partitions) == (1, 4)
    assert "1 of 4 partitions are read" in "\n".join(told.lines())
    assert replace(told, done=0) != told
