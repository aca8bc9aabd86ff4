"""What a run wants of the events it reads: plain values, so that settings can be compared and sent about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Rule:
    """One ``--include`` or ``--exclude``: a field of `ingest.filters.known.FIELDS` and the patterns for it.

    An event fits when one of `patterns` does. They are regular expressions if `is_regex`, else globs, networks or
    ranges, as the field has them.
    """

    field: str
    patterns: tuple[str, ...]
    is_regex: bool = False
    excludes: bool = False


@dataclass(frozen=True, slots=True)
class Filters:
    """Which events a run wants.

    Those at or after `since` and before `until`, aware datetimes; None is no bound. Those that fit one of the
    including rules of every field that has any, and none of the excluding ones. Those that the SQL condition `where`
    is true for. Without `keeps_static` no static resources, without `keeps_bots` no bots. Of the visitors, a share of
    `sample`, above 0 and up to 1.
    """

    since: datetime | None = None
    until: datetime | None = None
    rules: tuple[Rule, ...] = ()
    where: str | None = None
    keeps_static: bool = True
    keeps_bots: bool = True
    sample: float = 1.0
