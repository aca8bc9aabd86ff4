from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.event import TIME
from footfall.keys import own_visitor_id, visitor_id
from footfall.person import Person, is_person, spellings
from footfall.salts import FIRST_DAY, Salts, Secret

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
LASTING = Salts(lasting=b"salt")
DAILY = Salts(secret=Secret(FIRST_DAY, bytes(32)))
SCHEMA: dict[str, Any] = {"visitor": pl.String, "ip": pl.String, "user_agent": pl.String, "time": TIME}
ME = "192.0.2.7"


def row(
    visitor: str | None, *, ip: str | None = None, agent: str | None = "A", at: datetime = AT
) -> dict[str, Any]:
    return {"visitor": visitor, "ip": ip, "user_agent": agent, "time": at}


def found(person: Person, *rows: dict[str, Any], salts: tuple[Salts, ...] = (LASTING,)) -> list[bool]:
    return is_person(pl.DataFrame(rows, schema=SCHEMA), person, salts).to_list()


def test_an_address_finds_its_visitor_with_every_user_agent_and_nobody_elses() -> None:
    mine = [row(visitor_id(ME, agent, b"salt"), agent=agent) for agent in ("A", "B", None)]
    others = [
        row(visitor_id("192.0.2.8", "A", b"salt")),
        row(visitor_id(ME, "A", b"other salt")),
        row(visitor_id(ME, "A", b"salt"), agent="B"),
        row(None),
    ]
    assert found(Person(addresses=(ME,)), *mine, *others) == [True] * 3 + [False] * 4


def test_an_address_finds_its_visitor_of_each_day_when_salts_are_daily() -> None:
    days = [AT + timedelta(days=number) for number in range(3)]
    mine = [row(visitor_id(ME, "A", DAILY.on(at.date()) or b""), at=at) for at in days]
    wrong_day = row(visitor_id(ME, "A", DAILY.on(days[0].date()) or b""), at=days[1])
    assert found(Person(addresses=(ME,)), *mine, wrong_day, salts=(LASTING, DAILY)) == [
        True,
        True,
        True,
        False,
    ]


def test_a_day_whose_salt_is_destroyed_is_nobodys() -> None:
    late = Salts(secret=Secret(date(2026, 3, 2), bytes(32)))
    assert found(Person(addresses=(ME,)), row(None), salts=(late,)) == [False]


def test_an_address_that_was_kept_whole_is_found_as_it_is() -> None:
    assert found(Person(addresses=(ME,)), row("x", ip=ME), row("x", ip="192.0.2.70"), row("x")) == [
        True,
        False,
        False,
    ]


def test_a_visitor_is_found_by_the_id_that_is_stored() -> None:
    assert found(Person(visitors=("one", "two")), row("one"), row("two"), row("three"), row(None)) == [
        True, True, False, False,
    ]  # fmt: skip


def test_a_cookie_finds_the_visitor_of_its_own_dialect() -> None:
    cookie = own_visitor_id("matomo", "0123", b"salt")
    assert found(Person(cookies=(("matomo", "0123"),)), row(cookie)) == [True]
    assert found(Person(cookies=(("owa", "0123"),)), row(cookie)) == [False]


@given(st.ip_addresses())
def test_an_address_is_known_in_every_spelling(address: Any) -> None:
    texts = set(spellings(str(address)))
    assert {address.compressed, address.exploded} <= texts
    assert all(
        found(Person(addresses=(str(address),)), row(visitor_id(text, "A", b"salt"))) == [True]
        for text in texts
    )


def test_nobody_is_found_by_nothing() -> None:
    assert found(Person(), row("one", ip=ME)) == [False]


def test_what_is_no_address_has_no_spellings() -> None:
    with pytest.raises(ValueError, match="does not appear"):
        list(spellings("192.0.2"))
