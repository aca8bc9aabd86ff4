"""Take a share of the visitors, the same ones in every run."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

import polars as pl

from footfall.keys import event_bucket, visitor_bucket
from ingest.filters.matchers import Matcher

_BUCKETS: Final = 2**32
_OF_REQUEST: Final = ("ip", "user_agent")
_OF_BEACON: Final = ("visitor",)
_PERSON: Final = b"footfall-sample"


def outside_sample(share: float) -> Matcher:
    """Return what tells which events are of visitors outside of the sample, a share above 0 and up to 1.

    A visitor is in or out with all of its events, so visits stay whole: by address and user agent, whatever the salt,
    for requests; by what the event's visitor is called for beacons, whose trackers know their visitors themselves. An
    event of nobody is in or out by itself.
    """
    limit = round(share * _BUCKETS)

    def match(events: pl.DataFrame) -> pl.Expr:
        is_beacon = pl.col("dialect").is_not_null() if "dialect" in events.columns else pl.lit(value=False)
        of_visitor = pl.when(is_beacon).then(_bucket(events, _OF_BEACON))
        of_event = event_bucket(pl.col("offset")) * 2_654_435_761 % _BUCKETS
        return pl.coalesce(of_visitor, _bucket(events, _OF_REQUEST), of_event) >= limit

    return match


def _bucket(events: pl.DataFrame, columns: tuple[str, ...]) -> pl.Series:
    """Return a number in [0, 2**32) for each event that depends on `columns` only, worked out once per combination.

    Null where the first of them is.
    """
    missing = [pl.lit(None, dtype=pl.String).alias(name) for name in columns if name not in events.columns]
    who = events.with_columns(missing).select(columns)
    distinct = who.unique().filter(pl.col(columns[0]).is_not_null())
    buckets = pl.Series("bucket", [_number(*row) for row in distinct.iter_rows()], dtype=pl.Int64)
    worked_out = distinct.with_columns(buckets)
    joined = who.join(worked_out, on=list(columns), how="left", nulls_equal=True, maintain_order="left")
    return joined.get_column("bucket")


def _number(who: str, *agent: str | None) -> int:
    if agent:
        return visitor_bucket(who, *agent)

    return int.from_bytes(
        blake2b(who.encode("utf-8", "surrogateescape"), digest_size=4, person=_PERSON).digest(), "big"
    )
