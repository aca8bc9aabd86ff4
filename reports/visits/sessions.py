"""Hits in order, cut into visits.

Events come in any order; a visitor's are sorted by time, then by log and place in it, so that the same events give the
same visits whatever they were read from.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import polars as pl

from footfall.event import SCHEMA
from reports.visits.hits import (
    AMOUNTS,
    CLIENT,
    DOING,
    ORIGIN,
    is_action,
    is_hit,
    is_order,
    is_page,
    visitor_key,
)
from reports.visits.rule import VisitRule

MARKS: Final = pl.Schema(
    {
        "visit": pl.Int64,
        "visitor": pl.String,
        "visitor_code": pl.UInt32,
        "date": pl.Date,
        "is_page": pl.Boolean,
        "is_action": pl.Boolean,
    }
)
"""What a hit has beyond the columns of its event; `visit` numbers the visits of a partition from 0. `visitor_code` is
a number for each different `visitor` of a partition: counting those takes a third of the time that texts take."""

HIT_SCHEMA: Final = pl.Schema(
    {"site": SCHEMA["site"], "time": SCHEMA["time"]}
    | dict(MARKS)
    | {name: SCHEMA[name] for name in (*DOING, *CLIENT, *ORIGIN)}
)
_PLACE: Final = ("source_id", "offset")
_UNKNOWN: Final = ""


def hits_in_order(
    events: pl.LazyFrame, rule: VisitRule, time_zone: str, edges: tuple[datetime, ...] = ()
) -> pl.DataFrame:
    """Return the hits of `events` with the columns of `HIT_SCHEMA` that hold something, visitor after visitor.

    Who is known neither by visitor id nor, as the rule asks, by address, has no visits and is not among them. A visit
    never goes over one of `edges`. Where visits are made of page views and actions, one without any is none.
    """
    local = pl.col("time").dt.convert_time_zone(time_zone)
    wanted = ["site", "time", "session", *_PLACE, *DOING, *CLIENT, *ORIGIN]
    marked = events.filter(is_hit(rule)).select(
        *wanted,
        visitor_key(rule, local).alias("visitor"),
        local.dt.date().alias("date"),
        is_page(rule).alias("is_page"),
        is_action(rule).alias("is_action"),
    )
    hits = without_empty(
        marked.filter(pl.col("visitor").is_not_null()).collect(engine="streaming"),
        needed=frozenset({*MARKS, "site", "time", *_PLACE}),
    )
    return _with_visits(hits, rule, edges)


def without_empty(rows: pl.DataFrame, needed: frozenset[str]) -> pl.DataFrame:
    """Drop the columns with nothing in them, but those `needed`: of a log most are, and each takes 16 bytes a row."""
    return rows.select(
        column for column in rows if column.name in needed or column.null_count() < rows.height
    )


def _with_visits(hits: pl.DataFrame, rule: VisitRule, edges: tuple[datetime, ...]) -> pl.DataFrame:
    coded = hits.with_columns(
        pl.col("site").cast(pl.Categorical).to_physical().alias("_site"),
        pl.col("visitor").cast(pl.Categorical).to_physical().alias("visitor_code"),
        # As a number: sixteen hex digits take a third of the time to sort by.
        pl.col("source_id").str.to_integer(base=16, dtype=pl.UInt64, strict=False),
    )
    ordered = coded.sort("_site", "visitor_code", "time", "source_id", "offset")
    numbered = _numbered(ordered.with_columns(_is_first(rule, ordered.columns, edges).alias("_first")))
    if rule.most_hits is not None:
        numbered = _limited(numbered, rule.most_hits)

    kept = _kept(numbered) if rule.counts == "pages" else numbered
    return _told_once(kept.select(name for name in HIT_SCHEMA if name in kept.columns))


def _told_once(hits: pl.DataFrame) -> pl.DataFrame:
    """Leave the amounts and items of an order to the first beacon of the visit that tells them.

    The page that thanks for an order tells of it again whenever it is loaded anew.
    """
    if not {"kind", "order"} <= set(hits.columns):
        return hits

    named = is_order() & pl.col("order").is_not_null()
    if not hits.filter(named).select("visit", "order").is_duplicated().any():
        return hits

    told = [name for name in (*AMOUNTS, "items") if name in hits.columns]
    is_first = {
        name: (named & pl.col(name).is_not_null()).cum_sum().over("visit", "order") <= 1 for name in told
    }
    return hits.with_columns(pl.when(~named | is_first[name]).then(name).alias(name) for name in told)


def _numbered(hits: pl.DataFrame) -> pl.DataFrame:
    return hits.with_columns((pl.col("_first").cum_sum().cast(pl.Int64) - 1).alias("visit"))


def _is_first(rule: VisitRule, columns: list[str], edges: tuple[datetime, ...]) -> pl.Expr:
    """Tell for each hit, in order, whether it begins a visit; never null."""
    another = pl.any_horizontal(_changed("_site"), _changed("visitor_code")).fill_null(value=True)
    ends = [another]
    has_sessions = rule.by_session and "session" in columns
    if rule.gap_seconds is not None:
        late = _is_late(rule)
        ends.append(late & ~_goes_on(another) if has_sessions else late)

    if rule.at_midnight:
        ends.append(_changed("date"))

    if rule.at_campaign and "campaign" in columns:
        campaign = _campaign(columns)
        ends.append(campaign != _last_known(campaign, another))

    if has_sessions:
        last = _last_known(pl.col("session"), another)
        ends.append((pl.col("session") != last) & (last != _UNKNOWN))

    before = pl.col("time").shift(1)
    ends += [(before < edge) & (pl.col("time") >= edge) for edge in edges]
    return pl.any_horizontal(end.fill_null(value=False) for end in ends)


def _changed(name: str) -> pl.Expr:
    return pl.col(name) != pl.col(name).shift(1)


def _is_late(rule: VisitRule) -> pl.Expr:
    gap, most = pl.col("time").diff(), pl.duration(seconds=rule.gap_seconds)
    return gap >= most if rule.gap_closes else gap > most


def _goes_on(another: pl.Expr) -> pl.Expr:
    """Tell for each hit whether the client itself says that it belongs to the session before it; never null."""
    return (pl.col("session") == _last_known(pl.col("session"), another)).fill_null(value=False)


def _last_known(value: pl.Expr, another: pl.Expr) -> pl.Expr:
    """Return what the visitor's last earlier hit that had a value had, `_UNKNOWN` where none had."""
    known = pl.when(another & value.is_null()).then(pl.lit(_UNKNOWN)).otherwise(value).forward_fill()
    return known.shift(1)


def _campaign(columns: list[str]) -> pl.Expr:
    parts = [pl.col(name).fill_null("") for name in ("medium", "source", "campaign") if name in columns]
    return pl.when(pl.col("campaign").is_not_null()).then(pl.concat_str(parts, separator="\t"))


def _limited(hits: pl.DataFrame, most: int) -> pl.DataFrame:
    place = pl.int_range(pl.len()).over("visit")
    return _numbered(hits.with_columns((pl.col("_first") | (place % most == 0)).alias("_first")))


def _kept(hits: pl.DataFrame) -> pl.DataFrame:
    """Leave out visits in which nobody looked at or did anything, and number the others anew."""
    does = pl.col("is_page") | pl.col("is_action")
    if hits.select(does.all()).item():
        return hits

    kept = hits.filter(does.any().over("visit"))
    return kept.with_columns(pl.col("visit").rle_id().cast(pl.Int64))
