"""Some hundred events of a dozen visitors, which partitions are made of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from footfall.event import conform

START = datetime(2026, 3, 1, tzinfo=UTC)


def event(place: int) -> dict[str, Any]:
    return {
        "site": "example.org",
        "time": START + timedelta(seconds=place * 397 % 90_000),
        "shard": 0,
        "source_id": "0" * 16,
        "offset": place,
        "path": f"/{place % 7}",
        "status": 404 if place % 11 == 0 else 200,
        "bytes": place,
        "ip": f"192.0.2.{place % 13}",
        "visitor": None if place % 17 == 0 else f"{place % 13:016x}",
        "user_agent": f"agent {place % 5}",
        "referrer": f"https://{place % 3}.example/",
        "referrer_host": f"{place % 3}.example",
    }


EVENTS = conform(pl.DataFrame([event(place) for place in range(400)], infer_schema_length=None))
