"""Leave out events that a run does not want, and count them by reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl


@dataclass(frozen=True, slots=True)
class Filters:
    """Which events a run wants: those at or after `since` and before `until`, aware datetimes; None is no
    bound.
    """

    since: datetime | None = None
    until: datetime | None = None


def early(events: pl.DataFrame, filters: Filters) -> tuple[pl.DataFrame, dict[str, int]]:
    """Return the events that are wanted by what was logged, in order, and how many were left out by reason.

    Reasons without are absent. The counts add up: an event is left out for one reason.
    """
    return _apply(events, _early_rules(filters))


def late(events: pl.DataFrame, filters: Filters) -> tuple[pl.DataFrame, dict[str, int]]:
    """Return the events that are wanted by what enrichment has understood of them, and counts as `early` does."""
    return _apply(events, [])


def _apply(events: pl.DataFrame, rules: list[tuple[str, pl.Expr]]) -> tuple[pl.DataFrame, dict[str, int]]:
    left_out: dict[str, int] = {}
    for reason, unwanted in rules:
        kept = events.filter(~unwanted)
        if len(kept) < len(events):
            left_out[reason] = len(events) - len(kept)

        events = kept

    return events, left_out


def _early_rules(filters: Filters) -> list[tuple[str, pl.Expr]]:
    rules = []
    if filters.since is not None:
        rules.append(("before-since", pl.col("time") < filters.since))

    if filters.until is not None:
        rules.append(("at-or-after-until", pl.col("time") >= filters.until))

    return rules
