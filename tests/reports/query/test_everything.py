"""Every metric by every dimension that it goes with, over events of every kind."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from polars.testing import assert_frame_equal

from reports.query import Query, report_of
from reports.query.dimension import Dimension
from reports.query.dimensions import GROUPS
from reports.report import View
from tests.reports.query.worlds import ITEMS, PROPS, START, answered, by_visitor, frame_of, metrics_for

VIEW = View("America/New_York")
VALUES: dict[str, tuple[Any, ...]] = {
    "site": ("a.example", "b.example"),
    "kind": ("request", "pageview", None, "event", "click", "transaction", "item", "feed", "ping"),
    "method": ("GET", "POST", None),
    "path": ("/", "/a", "/a.css", None),
    "title": ("A", None),
    "status": (200, 304, 404, 500, None),
    "bytes": (0, 1_000, None),
    "duration_ms": (1.5, 20.0, None),
    "ip": ("192.0.2.0", "2001:db8::", None),
    "visitor": ("v", "w", "x", "y"),
    "bot": (None, None, None, "Bot"),
    "country": ("DE", "FR", None),
    "medium": ("search", "internal", None),
    "event_action": ("play", "stop", None),
    "event_value": (2.5, None),
    "order": ("o1", "o2", None),
    "revenue": (Decimal("10.25"), None),
    "items": (ITEMS, None),
    "props": (PROPS, None),
    "cache_status": ("HIT", "MISS", None),
}


def events(seed: int, count: int) -> list[dict[str, Any]]:
    draw = Random(seed)
    return [
        {name: draw.choice(values) for name, values in VALUES.items()}
        | {"time": START + timedelta(seconds=draw.randrange(2 * 86_400))}
        for _ in range(count)
    ]


@pytest.mark.parametrize("dimensions", GROUPS.values(), ids=list(GROUPS))
def test_all_that_goes_together_is_answered_however_events_are_ordered_and_spread(
    dimensions: tuple[Dimension, ...],
) -> None:
    frame = frame_of(events(seed=7, count=80))
    asked = [report_of(Query(metrics_for(one), (one.name,)), one.name, "?") for one in dimensions]

    whole = answered(asked, VIEW, frame)
    spread = answered(asked, VIEW, *by_visitor(frame.sample(fraction=1, shuffle=True, seed=3), 2))

    for report, one, other in zip(asked, whole, spread, strict=True):
        assert tuple(one.columns) == report.column_names
        assert_frame_equal(one, other)
