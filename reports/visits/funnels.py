"""Funnels: steps that follow one another, and how far visits or visitors came."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, Literal

import numpy as np
import polars as pl

from reports.visits.matching import Matcher, marked

Scope = Literal["visit", "visitor"]
Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a funnel: a hit that `matcher` matches takes it."""

    name: str
    matcher: Matcher


@dataclass(frozen=True, slots=True)
class Funnel:
    """Steps in order, all in one visit or over all visits of a visitor, as `scope` says.

    An attempt begins with each hit of the first step. A further step is taken by the first later hit that matches it,
    at most `window_seconds` after the attempt began. One that `is_strict` ends where a page that belongs neither to the
    step before nor to this one is viewed between them.
    """

    name: str
    steps: tuple[Step, ...]
    scope: Scope = "visit"
    window_seconds: int | None = None
    is_strict: bool = False


WALKED_SCHEMA: Final = pl.Schema({"step": pl.Int64, "visitor_code": pl.UInt32, "waited_ms": pl.Int64})
"""Columns of steps taken: number of the step from 1, whose, and the time since the step before, null for the first."""


def walked(hits: pl.LazyFrame, visits: pl.LazyFrame, funnel: Funnel) -> pl.DataFrame:
    """Return a row, of `WALKED_SCHEMA`, for each step that a visit or visitor took; each takes a step once.

    Of several attempts the one that came furthest counts, of those the earliest. `hits` are in order.
    """
    rows = hits.select(
        _whole(funnel.scope), "visitor_code", "is_page", pl.col("time").dt.timestamp("ms")
    ).collect()
    marks = marked(hits, visits, [step.matcher for step in funnel.steps])
    walk = _Walk(funnel, *(rows[name].to_numpy() for name in ("whole", "time", "is_page")))
    places = np.stack(list(walk.places([mark.to_numpy() for mark in marks])))
    places = places[:, _furthest(walk.whole, places)]
    return _steps(rows, places)


@dataclass(frozen=True, slots=True)
class _Walk:
    """Hits as arrays: the number of the visit or visitor that each belongs to, its time, whether it is a page view."""

    funnel: Funnel
    whole: Array
    time: Array
    is_page: Array

    def places(self, marks: list[Array]) -> Iterator[Array]:
        """Give for each step where each attempt took it, a number of hits; the number of all hits where it did not."""
        begun = place = np.flatnonzero(marks[0])
        yield begun
        for before, mark in pairwise(marks):
            later = self._first(mark)[place + 1]
            foreign = self._first(self.is_page & ~before)[place + 1]
            place = np.where(self._goes_on(begun, later, foreign), later, mark.size)
            yield place

    def _goes_on(self, begun: Array, later: Array, foreign: Array) -> Array:
        """Tell for each attempt whether the hit at `later` continues it."""
        is_there = later < self.time.size
        found = np.where(is_there, later, begun)
        goes_on: Array = is_there & (self.whole[found] == self.whole[begun])
        if self.funnel.window_seconds is not None:
            goes_on &= self.time[found] - self.time[begun] <= self.funnel.window_seconds * 1000

        return goes_on & (foreign >= later) if self.funnel.is_strict else goes_on

    @staticmethod
    def _first(mark: Array) -> Array:
        """Return for each place, and two behind the last, the first place from there on that is marked."""
        marked_at = np.where(mark, np.arange(mark.size), mark.size)
        first = np.minimum.accumulate(marked_at[::-1])[::-1]
        return np.append(first, [mark.size, mark.size])


def _whole(scope: Scope) -> pl.Expr:
    """Number what a funnel has to be gone through in."""
    whole = pl.col("visit") if scope == "visit" else pl.struct("site", "visitor_code").rle_id().cast(pl.Int64)
    return whole.alias("whole")


def _furthest(whole: Array, places: Array) -> Array:
    """Return which attempts count: of each visit or visitor the one with most steps, of those the earliest."""
    attempts = pl.DataFrame(
        {"whole": whole[places[0]], "steps": (places < whole.size).sum(axis=0)}
    ).with_row_index("attempt")
    best = attempts.sort("whole", "steps", "attempt", descending=[False, True, False])
    counted: Array = best.unique("whole", keep="first", maintain_order=True)["attempt"].to_numpy()
    return counted


def _steps(rows: pl.DataFrame, places: Array) -> pl.DataFrame:
    codes, time = rows["visitor_code"].to_numpy(), rows["time"].to_numpy()
    frames = []
    for number, place in enumerate(places):
        taken = place < time.size
        waited = time[place[taken]] - time[places[number - 1][taken]] if number else None
        frames.append(
            pl.DataFrame({"visitor_code": codes[places[0][taken]], "waited_ms": waited}).select(
                pl.lit(number + 1).alias("step"), "visitor_code", "waited_ms"
            )
        )

    return pl.concat(frame.cast(WALKED_SCHEMA) for frame in frames)
