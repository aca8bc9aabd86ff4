from __future__ import annotations

from itertools import groupby, takewhile

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.tally import Counts, RejectedRun, Tally

NUMBERS = st.integers(0, 10**12)
WHOLE = st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS).map(lambda parts: Counts(sum(parts), *parts))


@given(WHOLE, WHOLE)
def test_counts_that_add_up_add_up_together(one: Counts, other: Counts) -> None:
    both = one + other
    assert both.adds_up
    assert (both.lines, both.filtered) == (one.lines + other.lines, one.filtered + other.filtered)


@pytest.mark.parametrize(
    "counts", [Counts(lines=1), Counts(events=1), Counts(3, 1, 1, 0, 0), Counts(3, 1, 1, 1, 1)]
)
def test_a_line_that_became_nothing_or_two_things_is_seen(counts: Counts) -> None:
    assert not counts.adds_up


def test_the_summary_has_every_figure_under_its_name() -> None:
    tally = Tally(counts=Counts(10, 4, 3, 2, 1), batches=5, requests=7, throttled=2, unprocessed=6, retried=2)
    tally.consumed_write_units = 8.5
    tally.write_units_per_second, tally.limited_by = 987.654, "table"
    tally.ceiling_units_per_second = 1000.0
    tally.throttle_reasons["UnprocessedItems"] = 2
    tally.rejected_by_reason["no-match"] = 3
    tally.filtered_by_reason["before-since"] = 1
    tally.without_visitor = 3
    summary = tally.summary(seconds=1.23456, stopped=True)
    expected = {
        "lines_read": 10,
        "events_stored": 4,
        "lines_rejected": 3,
        "lines_skipped": 2,
        "events_filtered": 1,
        "events_without_visitor": 3,
        "batches": 5,
        "requests": 7,
        "throttled": 2,
        "unprocessed_items": 6,
        "retried": 2,
        "consumed_write_units": 8.5,
        "write_units_per_second": 987.7,
        "ceiling_units_per_second": 1000.0,
        "limited_by": "table",
        "throttle_reasons": {"UnprocessedItems": 2},
        "seconds": 1.235,
        "rejected_by_reason": {"no-match": 3},
        "filtered_by_reason": {"before-since": 1},
        "stopped_by_signal": True,
    }
    assert {name: summary[name] for name in expected} == expected
    assert msgspec.json.decode(msgspec.json.encode(summary)) == summary


@given(st.lists(st.booleans(), min_size=1, max_size=40), st.integers(1, 10))
def test_runs_of_rejected_lines_add_up_wherever_they_are_cut(rejected: list[bool], size: int) -> None:
    total = RejectedRun()
    for begin in range(0, len(rejected), size):
        piece = rejected[begin : begin + size]
        numbers = [begin + 1 + place for place, is_rejected in enumerate(piece) if is_rejected]
        total += RejectedRun.of(np.array(numbers, np.int64), begin + 1, len(piece))

    runs = [len(list(group)) for is_rejected, group in groupby(rejected) if is_rejected]
    assert total.lines == len(rejected)
    assert total.longest == max(runs, default=0)
    assert total.leading == len(list(takewhile(bool, rejected)))
    assert total.trailing == len(list(takewhile(bool, reversed(rejected))))


def test_where_nothing_limits_there_is_no_rate() -> None:
    summary = Tally().summary(seconds=1.0, stopped=False)
    assert (summary["write_units_per_second"], summary["limited_by"]) == (None, None)
