from __future__ import annotations

from datetime import date, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from footfall.store.state import Accounts
from footfall.store.state.accounts import MOST_DATES

MARCH_1, MARCH_2 = date(2026, 3, 1), date(2026, 3, 2)

counts = st.lists(st.tuples(st.dates(), st.integers(1, 10**9)), max_size=30)


def test_events_are_counted_per_date_whatever_site_they_are_of() -> None:
    accounts = Accounts().plus([(MARCH_2, 5), (MARCH_1, 1), (MARCH_2, 2)])
    assert accounts == Accounts({MARCH_1: 1, MARCH_2: 7})
    assert accounts.total == 8


def test_what_was_counted_before_is_left_as_it_is() -> None:
    before = Accounts({MARCH_1: 1})
    before.plus([(MARCH_1, 5)])
    assert before == Accounts({MARCH_1: 1})


def test_dates_beyond_the_limit_are_counted_as_one() -> None:
    full = Accounts({MARCH_1: 1, MARCH_2: 2}).plus([(date(1970, 1, 1), 3), (MARCH_1, 4)], most_dates=2)
    assert full == Accounts({MARCH_1: 5, MARCH_2: 2}, other=3)


@given(st.lists(counts, max_size=5), st.integers(0, 8))
def test_each_date_is_wholly_in_one_place(chunks: list[list[tuple[date, int]]], most_dates: int) -> None:
    """Else a date's events could not be held against what the table has of it."""
    accounts, expected = Accounts(), dict[date, int]()
    for chunk in chunks:
        accounts = accounts.plus(chunk, most_dates)
        for on, events in chunk:
            expected[on] = expected.get(on, 0) + events

    assert len(accounts.days) == min(most_dates, len(expected))
    assert all(expected[on] == events for on, events in accounts.days.items())
    assert accounts.total == sum(expected.values())


@given(counts, st.integers(0, 10**12))
def test_accounts_come_back_as_they_were_stored(chunk: list[tuple[date, int]], other: int) -> None:
    accounts = Accounts(other=other).plus(chunk)
    assert Accounts.of_wire(msgspec.json.decode(msgspec.json.encode(accounts.wire()))) == accounts


def test_an_item_without_accounts_has_none() -> None:
    assert Accounts.of_wire(None) == Accounts()


def test_a_log_with_every_date_there_is_fits_into_an_item() -> None:
    dates = (date(1, 1, 1) + timedelta(days=number) for number in range(5 * MOST_DATES))
    accounts = Accounts().plus((on, 10**12) for on in dates)
    assert len(accounts.days) == MOST_DATES
    # The wire form is far longer than DynamoDB counts it, and still a tenth of the 400 KB that an item may have.
    assert len(msgspec.json.encode(accounts.wire())) < 100_000
