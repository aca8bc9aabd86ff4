"""Apply what a run wants to events, in a fixed order: an event is left out for the first reason there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import polars as pl

from footfall.event import SCHEMA
from ingest.filters.condition import unmet
from ingest.filters.known import FIELDS
from ingest.filters.matchers import Matcher, matcher_of
from ingest.filters.model import Filters
from ingest.filters.sample import outside_sample

FILTER_REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "time-out-of-range": "shifted by --time-shift, the time is not between the years 1970 and 9998",
        "before-since": "before --since",
        "at-or-after-until": "at or after --until",
        **{f"not-included-{name}": f"no --include of {name} fits" for name in FIELDS},
        **{f"excluded-{name}": f"an --exclude of {name} fits" for name in FIELDS},
        "static": "a static resource, with --static drop",
        "bot": "sent by a bot, with --bots drop",
        "where": "the condition of --where is false or unknown",
        "sampled-out": "of a visitor outside of the --sample",
    }
)
"""Reason → sentence, for every reason why an event is filtered by a rule of the user's."""

Reasoned = tuple[str, Matcher]


def early(events: pl.DataFrame, filters: Filters) -> tuple[pl.DataFrame, dict[str, int]]:
    """Return the events that are wanted by what was logged, in order, and how many were left out by reason.

    Reasons without are absent. The counts add up: an event is left out for one reason, the first of: time, then
    the including rules, then the excluding ones, both in the order of `FIELDS`.
    """
    return _apply(events, _early(filters))


def late(events: pl.DataFrame, filters: Filters) -> tuple[pl.DataFrame, dict[str, int]]:
    """Return the events that are wanted by what enrichment has understood of them, and counts as `early` does.

    The order is: static resources, bots, including rules, excluding rules, condition, sample.
    """
    return _apply(events, _late(filters))


def check(filters: Filters) -> None:
    """Raise `ValueError`, with a sentence for the user, where a rule or the condition of `filters` is none."""
    nothing = pl.DataFrame(schema=SCHEMA)
    early(nothing, filters)
    late(nothing, filters)


def _apply(events: pl.DataFrame, rules: Sequence[Reasoned]) -> tuple[pl.DataFrame, dict[str, int]]:
    left_out: dict[str, int] = {}
    for reason, unwanted in rules:
        # The verdicts first: most rules leave out nothing of most chunks, which then need no copy. Beside a column,
        # because what holds for all events is one value.
        is_unwanted = events.select(pl.first(), unwanted(events).alias("_")).get_column("_")
        count = int(is_unwanted.sum())
        if count:
            left_out[reason] = left_out.get(reason, 0) + count
            events = events.filter(~is_unwanted)

    return events, left_out


@lru_cache(maxsize=64)
def _early(filters: Filters) -> tuple[Reasoned, ...]:
    return (*_time_rules(filters), *_field_rules(filters, are_early=True))


@lru_cache(maxsize=64)
def _late(filters: Filters) -> tuple[Reasoned, ...]:
    return tuple(_late_rules(filters))


def _late_rules(filters: Filters) -> Iterator[Reasoned]:
    if not filters.keeps_static:
        yield "static", _where("resource", pl.col("resource").eq_missing("static"))

    if not filters.keeps_bots:
        yield "bot", _where("bot", pl.col("bot").is_not_null())

    yield from _field_rules(filters, are_early=False)
    if filters.where is not None:
        yield "where", unmet(filters.where)

    if filters.sample < 1:
        yield "sampled-out", outside_sample(filters.sample)


def _time_rules(filters: Filters) -> Iterator[Reasoned]:
    time = pl.col("time")
    # Formats give no event without a time; a time shift takes those away that leave the calendar of the keys.
    yield "time-out-of-range", _where("time", time.is_null())
    if filters.since is not None:
        since = pl.lit(filters.since)
        yield "before-since", lambda _: time < since

    if filters.until is not None:
        until = pl.lit(filters.until)
        yield "at-or-after-until", lambda _: time >= until


def _field_rules(filters: Filters, *, are_early: bool) -> Iterator[Reasoned]:
    names = [name for name, field in FIELDS.items() if field.is_early == are_early]
    for name in names:
        if including := [rule for rule in filters.rules if rule.field == name and not rule.excludes]:
            yield f"not-included-{name}", _none_of([matcher_of(rule) for rule in including])

    for name in names:
        if excluding := [rule for rule in filters.rules if rule.field == name and rule.excludes]:
            yield f"excluded-{name}", _any_of([matcher_of(rule) for rule in excluding])


def _any_of(matchers: Sequence[Matcher]) -> Matcher:
    return lambda events: pl.any_horizontal(matcher(events) for matcher in matchers)


def _none_of(matchers: Sequence[Matcher]) -> Matcher:
    return lambda events: ~pl.any_horizontal(matcher(events) for matcher in matchers)


def _where(column: str, unwanted: pl.Expr) -> Matcher:
    """Return `unwanted` as a matcher; without its column no event is."""
    return lambda events: unwanted if column in events.columns else pl.lit(value=False)
