from __future__ import annotations

from datetime import date, timedelta

import pytest

from footfall.store.partitions import LARGEST_SEGMENTS, KeyRange, Segment, segments_for
from footfall.store.state import Day
from reports.extraction.plan import Choice, Plan, TableSize, Wanted, choose, wanted_in
from reports.scope import Scope

FIRST = date(2026, 3, 1)
GIB = 1024**3


def ledger(sites: int, days: int, written: int) -> list[Day]:
    return [
        Day(f"site{site}", FIRST + timedelta(days=day), revision=1, written=written)
        for site in range(sites)
        for day in range(days)
    ]


def size_of(days: list[Day], *, shards: int = 8, size_bytes: int = 0) -> TableSize:
    return TableSize(items=sum(day.written for day in days), bytes=size_bytes, shards=shards, days=days)


def choice_of(scope: Scope, size: TableSize, segments: int | None = None) -> Choice:
    return choose(wanted_in(scope, size), size, segments, 8)


def plan_reading(scope: Scope, size: TableSize, segments: int | None, concurrency: int) -> Plan:
    return choose(wanted_in(scope, size), size, segments, concurrency).chosen


def test_everything_is_scanned() -> None:
    plan = plan_reading(Scope(), size_of(ledger(2, 30, 100_000)), None, 8)

    assert plan.method == "scan"
    assert plan.partitions == tuple(Segment(index, 8) for index in range(8))


def test_one_day_of_many_is_queried_by_its_shards() -> None:
    scope = Scope(site="site1", first_on=FIRST, last_on=FIRST)
    plan = plan_reading(scope, size_of(ledger(2, 30, 100_000)), None, 8)

    assert plan.method == "query"
    assert plan.partitions == tuple(KeyRange(f"site1#2026-03-01#{shard}") for shard in range(8))


def test_a_scan_is_cheaper_than_queries_for_nearly_empty_days() -> None:
    scope = Scope(site="site0")
    plan = plan_reading(scope, size_of(ledger(1, 365, 10), shards=64), None, 8)

    assert plan.method == "scan"
    assert plan.estimated_units < 64 * 365 * 0.5


def test_without_a_ledger_only_a_scan_finds_everything() -> None:
    size = TableSize(items=10_000_000, bytes=5 * GIB, shards=8, days=[])

    assert plan_reading(Scope(site="site0"), size, None, 8).method == "scan"


def test_segments_asked_for_are_scanned() -> None:
    scope = Scope(site="site0", first_on=FIRST, last_on=FIRST)
    plan = plan_reading(scope, size_of(ledger(2, 30, 100_000)), 3, 8)

    assert plan.partitions == (Segment(0, 3), Segment(1, 3), Segment(2, 3))


def test_days_that_are_not_there_cost_nothing() -> None:
    plan = plan_reading(
        Scope(first_on=date(1999, 1, 1), last_on=date(1999, 1, 1)), size_of(ledger(1, 1, 10)), None, 8
    )

    assert (plan.method, plan.partitions, plan.estimated_units) == ("query", (), 0.0)


def test_a_range_in_another_zone_cuts_the_outer_days() -> None:
    scope = Scope(
        site="site0", first_on=date(2026, 3, 2), last_on=date(2026, 3, 3), time_zone="Europe/Berlin"
    )
    plan = plan_reading(scope, size_of(ledger(9, 30, 100_000), shards=1), None, 8)

    assert plan.partitions == (
        KeyRange("site0#2026-03-01#0", "2026-03-01T23:00:00.000Z", "2026-03-02T00:00:00.000Z"),
        # Events with an id of their own, which are stored at the day's beginning.
        KeyRange("site0#2026-03-01#0", "2026-03-01T00:00:00.000Z#id", "2026-03-01T00:00:00.000Z#idg"),
        KeyRange("site0#2026-03-02#0"),
        KeyRange("site0#2026-03-03#0", "2026-03-03T00:00:00.000Z", "2026-03-03T23:00:00.000Z"),
    )


def test_bounds_of_a_sort_key_take_in_the_first_moment_and_leave_out_the_end() -> None:
    scope = Scope(first_on=date(2026, 3, 2), last_on=date(2026, 3, 2), time_zone="Asia/Kolkata")
    plan = plan_reading(scope, size_of(ledger(9, 30, 100_000), shards=1), None, 8)
    cut = next(part for part in plan.partitions if isinstance(part, KeyRange) and part.first_sk)

    assert cut.first_sk is not None
    assert cut.last_sk is not None
    assert cut.first_sk == "2026-03-01T18:30:00.000Z"
    assert cut.first_sk <= "2026-03-01T18:30:00.000Z#0123456789abcdef0000000000000"
    assert not cut.last_sk >= "2026-03-02T00:00:00.000Z#0123456789abcdef0000000000000"


@pytest.mark.parametrize(
    ("items", "size_bytes", "expected"),
    [
        (0, 0, 1),
        (10, 5_000, 1),
        (10_000, 5_000_000, 5),
        (1_000_000, GIB // 2, 8),
        (100_000_000, 50 * GIB, 25),
        (10**11, 50_000 * GIB, LARGEST_SEGMENTS),
    ],
)
def test_segments_follow_the_size_of_the_table(items: int, size_bytes: int, expected: int) -> None:
    assert segments_for(size_bytes, items, 8) == expected


def test_the_ledger_stands_in_while_the_table_says_nothing_of_its_size() -> None:
    size = TableSize(items=0, bytes=0, shards=8, days=ledger(1, 1, 1_000_000))

    plan = plan_reading(Scope(), size, None, 8)
    assert len(plan.partitions) == 8
    assert plan.estimated_units > 10_000
    assert (plan.estimated_items, plan.estimated_bytes) == (1_000_000, 500_000_000)


def test_a_choice_has_both_ways_and_says_why() -> None:
    size = size_of(ledger(2, 30, 100_000), size_bytes=GIB)
    one_day = choice_of(Scope(site="site1", first_on=FIRST, last_on=FIRST), size)

    assert (one_day.scan.estimated_items, one_day.scan.estimated_bytes) == (6_000_000, GIB)
    assert (one_day.query.estimated_items, one_day.query.estimated_bytes) == (100_000, round(GIB / 60))
    assert one_day.chosen is one_day.query
    assert one_day.why == "because it takes fewer read units"
    assert choice_of(Scope(), size).why == "because everything is asked for"
    assert choice_of(Scope(), size, 3).why == "because --segments asks for it"
    assert "no day ledger" in choice_of(Scope(), size_of([])).why


def test_whole_days_are_not_cut_by_the_zone() -> None:
    scope = Scope(site="site0", first_on=date(2026, 3, 2), last_on=date(2026, 3, 2), time_zone="Asia/Kolkata")
    size = size_of(ledger(9, 30, 100_000), shards=1)
    wanted = wanted_in(scope, size)
    plan = choose(Wanted(wanted.days, scope, whole_days=True), size, None, 8).chosen

    assert plan.partitions == (KeyRange("site0#2026-03-01#0"), KeyRange("site0#2026-03-02#0"))


def test_with_nothing_to_read_segments_are_not_scanned_either() -> None:
    size = size_of(ledger(1, 3, 10))
    choice = choose(Wanted((), Scope(), whole_days=True), size, 4, 8)

    assert (choice.chosen.partitions, choice.why) == ((), "because there is no day to read")
