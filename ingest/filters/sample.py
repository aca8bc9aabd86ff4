"""Take a share of the visitors, the same ones in every run."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

import polars as pl

from footfall.keys import visitor_bucket
from ingest.filters.matchers import Matcher

_BUCKETS: Final = 2**32
_OF_REQUEST: Final = ("ip", "user_agent")
_OF_BEACON: Final = ("visitor",)
_PERSON: Final = b"footfall-sample"


def outside_sample(share: float) -> Matcher:
    """Return what tells which events are of visitors outside of the sample, a share above 0 and up to 1.

    A visitor is in or out with all of its events, so visits stay whole: by address and user agent, whatever the salt,
    for requests; by what the event's visitor is called for beacons, whose trackers know their visitors themselves.
    """
    limit = round(share * _BUCKETS)

    def match(events: pl.DataFrame) -> pl.Expr:
        is_beacon = pl.col("dialect").is_not_null() if "dialect" in events.columns else pl.lit(value=False)
        of_request = _bucket(events, _OF_REQUEST)
        of_beacon = _bucket(events, _OF_BEACON)
        return pl.when(is_beacon).then(of_beacon).otherwise(of_request) >= limit

    return match


def _bucket(events: pl.DataFrame, columns: tuple[str, ...]) -> pl.Series:
    """Return a number in [0, 2**32) for each event that depends on `columns` only, worked out once per combination."""
    missing = [pl.lit(None, dtype=pl.String).alias(name) for name in columns if name not in events.columns]
    who = events.with_columns(missing).select(columns)
    distinct = who.unique()
    buckets = pl.Series("bucket", [_number(*row) for row in distinct.iter_rows()], dtype=pl.Int64)
    worked_out = distinct.with_columns(buckets)
    joined = who.join(worked_out, on=list(columns), how="left", nulls_equal=True, maintain_order="left")
    return joined.get_column("bucket")


def _number(*who: str | None) -> int:
    if len(who) == len(_OF_REQUEST):
        return visitor_bucket(*who)

    name = (who[0] or "").encode("utf-8", "surrogateescape")
    return int.from_bytes(blake2b(name, digest_size=4, person=_PERSON).digest(), "big")
