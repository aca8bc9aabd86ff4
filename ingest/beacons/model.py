"""What a dialect of beacons is, and the columns it gives.

A dialect reads requests and returns what they tell of, several rows for a request that carries several. It never
raises on any text: a row that it cannot read has a reason in `refused`, one that asks not to be counted has one in
`unrecorded`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import polars as pl

from footfall.event import SCHEMA

BAD_BEACON: Final = "bad-beacon"
NO_EVENT_TIME: Final = "no-time"
NOT_RECORDED: Final = "not-recorded"
SENT_AGAIN: Final = "sent-again"

BEACON_REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        BAD_BEACON: "the request is a beacon's by its path and parameters, and cannot be read as one",
        NO_EVENT_TIME: "neither the log nor the beacon says when it happened",
    }
)
"""Reason code → sentence, for lines that go to the dead letters."""

FROM_DIALECT: Final = (
    "kind",
    "title",
    "visitor",
    "session",
    "user",
    "language",
    "screen",
    "page_type",
    "target",
    "event_category",
    "event_action",
    "event_label",
    "event_value",
    "medium",
    "source",
    "campaign",
    "campaign_term",
    "campaign_content",
    "order",
    "revenue",
    "tax",
    "shipping",
    "currency",
    "items",
    "props",
    "event_id",
    "duration_ms",
    "referrer",
    "ip",
    "user_agent",
    "host",
)
"""Columns of the event that a dialect may give, with the types of `footfall.event`."""

REQUESTS_SCHEMA: Final = pl.Schema(
    {"row": pl.UInt32, "path": pl.String, "query": pl.String, "body": pl.String}
)
"""What a dialect is given: a number for each request, its path, its query string without question mark, its body."""

AGENT_LOGGED: Final = "agent_logged"
"""Column of events that says whether there was a place for the user agent; true without it."""

BEACON_SCHEMA: Final = pl.Schema(
    [
        ("row", pl.UInt32()),
        *((name, SCHEMA[name]) for name in FROM_DIALECT),
        ("url", pl.String()),
        ("created_at", SCHEMA["time"]),
        ("sent_at", SCHEMA["time"]),
        ("site_id", pl.String()),
        ("refused", pl.String()),
        ("unrecorded", pl.String()),
    ]
)
"""What a dialect returns, any of it but `row` may be missing.

`row` is the request a row was made of, rows in the order in which the request has them. `url` is that of the page.
`created_at` is when it happened by the client's clock, `sent_at` when it was sent by the same clock. `site_id` is
what the dialect calls the site. `refused` is a code of `BEACON_REASONS`, `unrecorded` is `NOT_RECORDED`; both are
null for an event.

`kind` is one of `KINDS`. `props` is a JSON object of everything else worth keeping, compact, members in the
beacon's order.
"""

KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "request": "a request as a server logged it",
        "pageview": "a page was shown",
        "event": "something was done: category, action, label, value",
        "click": "a click, where on what",
        "outlink": "a link to another site was followed",
        "download": "a file was downloaded",
        "search": "the site's own search was used",
        "transaction": "something was bought",
        "item": "a line item sent on its own; joins its order",
        "cart": "a shopping cart changed",
        "goal": "a goal was reached, by the tracker's own word",
        "ping": "the visitor is still there: no action of their own",
        "timing": "how fast a page was",
        "identify": "who the visitor is",
        "feed": "a feed was read",
        "recording": "movements on a page",
        "impression": "an advertisement was shown",
        "error": "something went wrong in the browser or app",
    }
)
"""Kind → what an event of it tells of."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """A dialect of beacons.

    `paths` are endings of the paths that its tracker calls, lower case (``/matomo.php``). `parameters` are names,
    of query or form parameters or of members of a JSON body, of which all stand in every beacon: a request is the
    dialect's when its path ends in one of `paths` and they are there. `telling` are names of which all must be
    there for a request to any other path, or for a body without a path, to be the dialect's; empty when it cannot
    be told so. A path that begins with ``^`` is a whole path, not an ending; ``a|b`` in place of a name is a name or
    the other, and ``a:`` a member of a JSON body only. `read` makes events of requests (see `REQUESTS_SCHEMA` and
    `BEACON_SCHEMA`); `read_sent` does so of parameters that a format has taken apart already, row, name and value,
    and of how many requests they are (see `ingest.formats.model.Parsed.sent`). `sources` says where the format is
    documented; `example` is a query string or body.
    """

    name: str
    title: str
    paths: tuple[str, ...]
    parameters: tuple[str, ...]
    telling: tuple[str, ...]
    read: Callable[[pl.DataFrame], pl.DataFrame]
    example: str
    sources: str
    read_sent: Callable[[pl.DataFrame, int], pl.DataFrame] | None = None


@dataclass(frozen=True, slots=True)
class BeaconSettings:
    """Which dialects to look for, by name; None is all of them, an empty tuple none.

    `paths` are further endings of paths, each with the dialect that is read there.
    """

    dialects: tuple[str, ...] | None = None
    paths: tuple[tuple[str, str], ...] = ()
