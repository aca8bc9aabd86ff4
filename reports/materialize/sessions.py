"""A row for each visit of a day, as the sessions table has it, and what a visitor comes to by their sessions."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from footfall.event import ATTRIBUTES, MONEY, TIME
from footfall.store.derived import VISITOR_KEY
from reports.materialize.keys import session_keys
from reports.materialize.layouts import Field
from reports.visits import Facts
from reports.visits.hits import CLIENT, ORIGIN

_OF_EVENT: Final = {column.name: str(column.attribute) for column in ATTRIBUTES}
_PAGES: Final = {"page": "p", "title": "t", "type": "y", "host": "h"}

SESSION_FIELDS: Final = (
    Field("date", pl.Date, "dy", "day it began on, in the time zone of the definition"),
    Field("ended_at", TIME, "en", "last hit, ms since 1970"),
    Field("duration_seconds", pl.Float64, "du", "duration, as the profile defines it"),
    Field("hits", pl.Int64, "hi", "hits"),
    Field("page_views", pl.Int64, "pv", "page views"),
    Field("actions", pl.Int64, "ac", "actions"),
    Field("bounced", pl.Boolean, "bo", "1 for a bounce"),
    Field("orders", pl.Int64, "od", "orders"),
    Field("revenue", MONEY, "rv", "order totals"),
    Field("tax", MONEY, "tx", "tax of the orders"),
    Field("shipping", MONEY, "sp", "shipping of the orders"),
    Field("item_quantity", pl.Float64, "iq", "pieces sold"),
    Field("item_revenue", MONEY, "ir", "item revenue"),
    *(
        Field(f"entry_{name}", pl.String, f"e{code}", f"{name} of the first page")
        for name, code in _PAGES.items()
    ),
    *(
        Field(f"exit_{name}", pl.String, f"z{code}", f"{name} of the last page")
        for name, code in _PAGES.items()
    ),
    *(Field(name, pl.String, _OF_EVENT[name], "that of the first hit that has it") for name in CLIENT),
    *(Field(name, pl.String, _OF_EVENT[name], "that of the first hit") for name in ORIGIN),
)
"""What an item of the sessions table has beside its key, which tells site, visitor and when it began."""

_TOUCH: Final = ("medium", "source", "campaign")
_LAST: Final = ("browser", "os", "device", "country", "user_agent")
_SUMS: Final = {"hits": "hi", "page_views": "pv", "actions": "ac", "orders": "od", "revenue": "rv"}

VISITOR_FIELDS: Final = (
    Field("first_at", TIME, "fi", "when the first visit began, ms since 1970"),
    Field("last_at", TIME, "la", "last hit, ms since 1970"),
    Field("visits", pl.Int64, "vi", "visits"),
    *(
        Field(name, MONEY if name == "revenue" else pl.Int64, code, f"{name} of all visits")
        for name, code in _SUMS.items()
    ),
    *(
        Field(f"first_{name}", pl.String, f"f{_OF_EVENT[name][1]}", f"{name} of the first visit")
        for name in _TOUCH
    ),
    *(
        Field(f"last_{name}", pl.String, f"l{_OF_EVENT[name][1]}", f"{name} of the last visit")
        for name in _TOUCH
    ),
    *(Field(name, pl.String, _OF_EVENT[name], "that of the last visit that has it") for name in _LAST),
)
"""What an item of the visitors table has beside its key."""


def sessions_on(facts: Facts, on: date) -> pl.DataFrame:
    """Return the sessions of `facts` that begin on a day, keyed, with the columns of `SESSION_FIELDS`."""
    visits = facts.visits.filter(pl.col("date") == on)
    names = [field.name for field in SESSION_FIELDS]
    rounded = visits.with_columns(pl.col("duration_seconds").round(3), pl.col("item_quantity").round(6))
    chosen = rounded.select("site", "visitor", "started_at", *names).collect(engine="streaming")
    return session_keys(chosen).select("pk", "sk", *names)


def visitors_of(sessions: pl.DataFrame) -> pl.DataFrame:
    """Return the visitors that `sessions` (as the table has them) come to, with `pk`, `sk`, `VISITOR_FIELDS`."""
    ordered = sessions.sort("pk", "sk").with_columns(pl.col(*_SUMS).fill_null(0))
    began = pl.col("sk").str.head(23).str.to_datetime("%Y-%m-%dT%H:%M:%S%.3f", time_unit="ms")
    visitors = ordered.group_by("pk", maintain_order=True).agg(
        began.dt.replace_time_zone("UTC").first().alias("first_at"),
        pl.col("ended_at").max().alias("last_at"),
        pl.len().cast(pl.Int64).alias("visits"),
        *(pl.col(name).sum() for name in _SUMS),
        *(pl.col(name).first().alias(f"first_{name}") for name in _TOUCH),
        *(pl.col(name).last().alias(f"last_{name}") for name in _TOUCH),
        *(pl.col(name).drop_nulls().last() for name in _LAST),
    )
    return visitors.with_columns(pl.lit(VISITOR_KEY).alias("sk"), pl.col("revenue").cast(MONEY))
