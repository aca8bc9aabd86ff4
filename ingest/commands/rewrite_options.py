"""The options that rewrite events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import click

from footfall.store.commands import Decorator, option
from ingest.enrich import Enrichment
from ingest.enrich.rewrite import LARGEST_SHIFT, Rewriting

_MOST_SECONDS: Final = int(LARGEST_SHIFT.total_seconds())

OPTIONS: Final[tuple[Decorator, ...]] = (
    option(
        "--strip-query",
        is_flag=True,
        help="Store no query strings; beacons, campaigns and searches are still read from them.",
    ),
    option("--lowercase-path", is_flag=True, help="Write paths in lower case."),
    option(
        "--time-shift",
        type=click.IntRange(-_MOST_SECONDS, _MOST_SECONDS),
        default=0,
        metavar="SECONDS",
        help="Add this to the time of every event, for a server whose clock was wrong; up to ten years. Part of every "
        "event's key: the same log with another shift is stored again.",
    ),
)
"""Decorators that add the options, in the order of the help."""

TAKES: Final[frozenset[str]] = frozenset({"strip_query", "lowercase_path", "time_shift"})
"""Names of the parameters that the options give."""


def rewriting_of(given: Mapping[str, Any], enrichment: Enrichment) -> Enrichment:
    """Return `enrichment` with what the options in `given` say."""
    rewriting = Rewriting(
        time_shift_seconds=given.get("time_shift") or 0,
        strips_query=bool(given.get("strip_query")),
        lowers_path=bool(given.get("lowercase_path")),
    )
    return replace(enrichment, rewriting=rewriting)
