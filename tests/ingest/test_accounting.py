from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Final

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.keys import IDENTITY_MARK
from footfall.store.state import Accounts, Checkpoint, Held
from ingest import accounting
from ingest.accounting import OTHER_DAYS, Count, DayCheck, Findings, Stranger, compare

A, B, C = "a" * 16, "b" * 16, "c" * 16
MARCH_1, MARCH_2 = date(2026, 3, 1), date(2026, 3, 2)
SAVED_AT: Final = datetime(2026, 3, 1, tzinfo=UTC)

Key = tuple[str | None, str, int | None]


def held(
    source_id: str, days: dict[date, int], *, position: int = 100, group: str = "g", **facts: Any
) -> Held:
    accounts = Accounts(days, facts.pop("other", 0))
    events = facts.pop("events", accounts.total)
    checkpoint = Checkpoint(source_id, "a.log", position, events=events, accounts=accounts, **facts)
    return Held(group, checkpoint, SAVED_AT)


def keys(*rows: Key) -> pl.DataFrame:
    schema = {"source_id": pl.String, "on": pl.String, "offset": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def found(checkpoints: list[Held], *pages: pl.DataFrame, letters: pl.DataFrame | None = None) -> Findings:
    count = Count(checkpoints)
    for page in pages:
        count.take(count.digest(page))

    return compare(checkpoints, count.frame(), letters)


def events(source_id: str, on: date, *offsets: int) -> pl.DataFrame:
    return keys(*((source_id, on.isoformat(), offset) for offset in offsets))


def test_what_is_all_there_has_no_gap() -> None:
    findings = found([held(A, {MARCH_1: 2, MARCH_2: 1})], events(A, MARCH_1, 0, 10), events(A, MARCH_2, 99))
    [source] = findings.sources
    assert source.days == (DayCheck("2026-03-01", 2, 2), DayCheck("2026-03-02", 1, 1))
    assert (source.accounted, source.stored, source.missing, source.beyond) == (3, 3, 0, 0)
    assert (findings.missing, findings.missing_letters, findings.strangers) == (0, 0, ())


def test_an_event_with_an_id_of_its_own_is_counted_and_held_against_nothing() -> None:
    known = keys((IDENTITY_MARK, "2026-03-01", None), (IDENTITY_MARK, "2026-03-02", None))
    findings = found([held(A, {MARCH_1: 1}, events=3, identified=2)], events(A, MARCH_1, 0), known)
    assert (findings.identified, findings.missing, findings.strangers, findings.foreign) == (2, 0, (), 0)
    assert findings.sources[0].days == (DayCheck("2026-03-01", 1, 1),)


def test_a_gap_is_named_by_source_and_day() -> None:
    findings = found(
        [held(A, {MARCH_1: 3, MARCH_2: 1}), held(B, {MARCH_1: 1})],
        events(A, MARCH_1, 0, 10),
        events(B, MARCH_1, 5),
    )
    first, second = findings.sources
    assert first.gaps == (DayCheck("2026-03-01", 3, 2), DayCheck("2026-03-02", 1, 0))
    assert (first.missing, second.missing, findings.missing) == (2, 0, 2)


def test_more_on_one_day_does_not_make_up_for_less_on_another() -> None:
    [source] = found([held(A, {MARCH_1: 1, MARCH_2: 1})], events(A, MARCH_1, 0, 10)).sources
    assert source.gaps == (DayCheck("2026-03-02", 1, 0),)


def test_only_what_lies_below_the_position_counts() -> None:
    [source] = found([held(A, {MARCH_1: 2}, position=20)], events(A, MARCH_1, 10, 20, 30)).sources
    assert (source.stored, source.beyond, source.missing) == (1, 2, 1)


def test_each_group_has_its_own_position() -> None:
    groups = [
        held(A, {MARCH_1: 1}, position=10, group="one"),
        held(A, {MARCH_1: 4}, position=40, group="two"),
    ]
    one, two = found(groups, events(A, MARCH_1, 0, 10, 20)).sources
    assert (one.stored, one.beyond, one.missing) == (1, 2, 0)
    assert (two.stored, two.beyond, two.missing) == (3, 0, 1)


def test_sources_without_a_checkpoint_and_foreign_keys_are_named() -> None:
    findings = found(
        [held(A, {})],
        events(C, MARCH_2, 0, 5),
        events(C, MARCH_1, 9),
        keys((None, "what", None), (None, "", None)),
    )
    assert findings.strangers == (Stranger(C, 3, "2026-03-01", "2026-03-02"),)
    assert findings.foreign == 2
    assert findings.missing == 0


def test_dates_beyond_the_limit_are_compared_as_one() -> None:
    [whole] = found([held(A, {MARCH_1: 1}, other=2)], events(A, MARCH_1, 0), events(A, MARCH_2, 5, 9)).sources
    assert (whole.days[-1], whole.missing) == (DayCheck(OTHER_DAYS, 2, 2), 0)
    [gap] = found([held(A, {MARCH_1: 1}, other=2)], events(A, MARCH_1, 0), events(A, MARCH_2, 5)).sources
    assert gap.gaps == (DayCheck(OTHER_DAYS, 2, 1),)


@pytest.mark.parametrize(("stored", "missing"), [(4, 0), (3, 1), (0, 4)])
def test_events_of_before_there_were_accounts_may_lie_on_any_day(stored: int, missing: int) -> None:
    offsets = range(stored)
    [source] = found([held(A, {MARCH_1: 1}, events=4)], events(A, MARCH_1, *offsets)).sources
    assert (source.accounted, source.stored, source.missing) == (4, stored, missing)


def letters(*rows: tuple[str, int]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"source_id": pl.String, "offset": pl.Int64}, orient="row")


def test_a_missing_dead_letter_is_counted() -> None:
    sources = [held(A, {}, rejected=2), held(B, {}, rejected=1)]
    findings = found(sources, keys(), letters=letters((A, 5), (A, 100), (B, 99), (C, 1)))
    assert [(one.letters, one.missing_letters) for one in findings.sources] == [(1, 1), (1, 0)]
    assert (findings.missing_letters, findings.missing) == (1, 0)


def test_more_dead_letters_than_rejected_lines_are_no_gap() -> None:
    """A line that was refused once was stored by a replay with another format; its letter stays."""
    [source] = found([held(A, {}, rejected=1)], keys(), letters=letters((A, 1), (A, 2))).sources
    assert source.missing_letters == 0


def test_without_a_file_nothing_is_said_of_dead_letters() -> None:
    [source] = found([held(A, {}, rejected=1)], keys()).sources
    assert (source.letters, source.missing_letters) == (None, 0)


def test_an_empty_store_has_nothing_to_find() -> None:
    assert found([], keys()) == Findings((), (), 0)


pages = st.lists(
    st.lists(
        st.tuples(
            st.sampled_from([A, B, C]), st.sampled_from(["2026-03-01", "2026-03-02"]), st.integers(0, 20)
        ),
        max_size=8,
    ),
    max_size=6,
)


@given(pages)
def test_how_the_table_comes_in_pages_does_not_matter(cut: list[list[tuple[str, str, int]]]) -> None:
    sources = [held(A, {MARCH_1: 3}, position=10), held(A, {MARCH_1: 3}, position=5, group="h"), held(B, {})]
    whole = [key for page in cut for key in page]
    expected = sum(key[0] == A and key[1] == "2026-03-01" and key[2] < 10 for key in whole)
    findings = found(sources, *(keys(*page) for page in cut))
    assert findings == found(sources, keys(*whole))
    assert findings.sources[0].days[0] == DayCheck("2026-03-01", 3, expected)


def test_counts_are_summed_up_when_they_have_become_many() -> None:
    count = Count([held(A, {})])
    page = count.digest(keys(*((A, f"{year:04}-03-01", 0) for year in range(1, 9_000))))
    for _ in range(3 * accounting.MOST_ROWS // page.height):
        count.take(page)
        assert sum(frame.height for frame in count._held) <= accounting.MOST_ROWS + page.height

    assert count.frame().height == page.height
    assert count.frame()["items"].sum() == 3 * accounting.MOST_ROWS // page.height * page.height
