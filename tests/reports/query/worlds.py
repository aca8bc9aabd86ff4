"""Events for tests of queries: drawn at random from few values, so that they meet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import strategies as st

from footfall.event import SCHEMA, conform
from reports.partials.contribution import combine, contribute, finish
from reports.query import METRICS
from reports.query.dimension import Dimension
from reports.query.planning import goes_with
from reports.report import Report, View
from reports.scope import Scope
from reports.visits import Facts

START = datetime(2026, 3, 28, 20, tzinfo=UTC)
ITEMS = (
    '[{"sku":"B-1","name":"Bike","category":"Bikes","price":100.5,"quantity":2},{"name":"Bell","price":5}]'
)
PROPS = '{"cv1":{"name":"plan","value":"pro"},"feed_reader_guid":"r","dom_element_id":"buy"}'

EVENT = st.fixed_dictionaries(
    {
        "site": st.sampled_from(["a.example", "b.example"]),
        "time": st.integers(0, 2 * 86_400).map(lambda seconds: START + timedelta(seconds=seconds)),
        "kind": st.sampled_from(["request", "pageview", None, "event", "click", "transaction", "item", "feed", "ping"]),
        "method": st.sampled_from(["GET", "POST", None]),
        "host": st.sampled_from(["a.example", None]),
        "path": st.sampled_from(["/", "/a", "/a.css", "/Ä\u202e", None]),
        "title": st.sampled_from(["A", None]),
        "status": st.sampled_from([200, 304, 404, 500, None]),
        "bytes": st.sampled_from([None, 0, 2**40]),
        "duration_ms": st.sampled_from([None, 1.5, 20.0]),
        "ip": st.sampled_from(["192.0.2.0", "2001:db8::", None]),
        "visitor": st.sampled_from(["v", "w", "x", "y", None]),
        "session": st.sampled_from(["1", "2", None]),
        "bot": st.sampled_from([None, None, None, "Bot"]),
        "country": st.sampled_from(["DE", "FR", None]),
        "medium": st.sampled_from(["search", "internal", None]),
        "campaign": st.sampled_from(["c", None]),
        "event_action": st.sampled_from(["play", "stop", None]),
        "event_value": st.sampled_from([None, 2.5]),
        "order": st.sampled_from(["o1", "o2", None]),
        "revenue": st.sampled_from([None, Decimal("10.25")]),
        "items": st.sampled_from([None, ITEMS, "[]"]),
        "props": st.sampled_from([None, PROPS, "{}"]),
        "cache_status": st.sampled_from([None, "HIT", "MISS"]),
    }
)  # fmt: skip


def frame_of(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """A frame of events from rows of columns; each has a place in the log of its own."""
    keyed = [row | {"source_id": "0" * 16, "offset": place, "shard": 0} for place, row in enumerate(rows)]
    overrides = {name: dtype for name, dtype in SCHEMA.items() if rows and name in keyed[0]}
    return conform(pl.DataFrame(keyed, schema_overrides=overrides) if rows else pl.DataFrame(schema=SCHEMA))


def facts_of(events: pl.DataFrame, view: View) -> Facts:
    """What follows from all events."""
    return Facts(events.lazy(), view.rule, Scope(time_zone=view.time_zone))


def answered(reports: list[Report], view: View, *events: pl.DataFrame) -> list[pl.DataFrame]:
    """The rows of reports from what some partitions of events contribute."""
    whole = combine(contribute(facts_of(part, view), tuple(reports), view) for part in events)
    return finish(whole, tuple(reports), view)


def by_visitor(events: pl.DataFrame, partitions: int) -> list[pl.DataFrame]:
    """Events in partitions, all of a visitor in one."""
    place = pl.col("visitor").replace_strict({name: place for place, name in enumerate("vwxy")}, default=0)
    return [events.filter(place % partitions == number) for number in range(partitions)]


def metrics_for(dimension: Dimension) -> tuple[str, ...]:
    """The metrics that go with a dimension."""
    return tuple(name for name, metric in METRICS.items() if goes_with(metric, dimension))
