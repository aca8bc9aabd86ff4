"""Tell a person's events by what is known of them: an address, a visitor id, a cookie of a tracker.

Neither an address nor a cookie is stored by default, but the visitor ids made of them are. So for every user agent
and day that there is, the id that the person would have is computed again and held against the one that is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv6Address, ip_address
from typing import Final

import polars as pl

from footfall.keys import own_visitor_id, visitor_id
from footfall.salts import Salts

TRACES: Final = ("visitor", "ip", "user_agent", "time")
"""Columns of the event that a person is known by."""


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of somebody: `visitors` are ids as they are stored, `addresses` whole ones, `cookies` pairs of a
    beacon's dialect and the visitor that it sends.
    """

    visitors: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    cookies: tuple[tuple[str, str], ...] = ()

    @property
    def spellings(self) -> tuple[str, ...]:
        """Return the addresses in every way that logs write them."""
        return tuple(dict.fromkeys(text for address in self.addresses for text in spellings(address)))


def is_person(events: pl.DataFrame, person: Person, salts: Sequence[Salts]) -> pl.Series:
    """Tell for each event (columns `TRACES`) whether it is the person's by any of `salts`; never null.

    Days whose salt is destroyed have no visitor ids, so events of theirs are nobody's.
    """
    days = events.get_column("time").dt.date()
    agents = events.select("user_agent", days.alias("day")).unique()
    known = [*person.visitors, *(one for each in salts for one in _of_cookies(person, days.unique(), each))]
    ids = pl.DataFrame(
        [row for each in salts for row in _of_addresses(person, agents, each)],
        schema={"user_agent": pl.String, "day": pl.Date, "visitor": pl.String, "is_found": pl.Boolean},
        orient="row",
    )
    found = events.select("user_agent", days.alias("day"), "visitor", "ip").join(
        ids.unique(), on=["user_agent", "day", "visitor"], how="left", nulls_equal=True, maintain_order="left"
    )
    return found.select(
        pl.col("is_found").fill_null(value=False)
        | pl.col("visitor").is_in(known).fill_null(value=False)
        | pl.col("ip").is_in(list(person.spellings)).fill_null(value=False)
    ).to_series()


def spellings(address: str) -> Iterator[str]:
    """Yield an address as it was given and in the ways that logs write it; raises `ValueError` when it is none."""
    parsed = ip_address(address)
    yield address
    yield parsed.compressed
    yield parsed.exploded
    yield parsed.exploded.upper()
    yield parsed.compressed.upper()
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped:
            yield str(parsed.ipv4_mapped)
    else:
        yield f"::ffff:{parsed}"


def _of_cookies(person: Person, days: Iterable[date], salts: Salts) -> Iterator[str]:
    for day in days:
        salt = salts.on(day)
        if salt is not None:
            yield from (own_visitor_id(dialect, cookie, salt) for dialect, cookie in person.cookies)


def _of_addresses(
    person: Person, agents: pl.DataFrame, salts: Salts
) -> Iterator[tuple[str | None, date, str, bool]]:
    for agent, day in agents.iter_rows():
        salt = salts.on(day)
        if salt is not None:
            yield from ((agent, day, visitor_id(text, agent, salt), True) for text in person.spellings)
