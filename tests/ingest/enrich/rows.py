"""Events as formats and beacons give them, for the tests of single steps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import polars as pl

from footfall.event import SCHEMA

TEXTS: Final = ("host", "ip", "user_agent", "referrer")
AT: Final = datetime(2026, 1, 17, 10, tzinfo=UTC)


def events(*rows: Mapping[str, str | None], days: tuple[int, ...] = ()) -> pl.DataFrame:
    """Return rows as events, a column where any has it; `days` says how many days after `AT` each is."""
    names = list(dict.fromkeys([*TEXTS, *(name for row in rows for name in row)]))
    places = list(range(len(rows)))
    times = [AT + timedelta(days=day) for day in (days or [0] * len(rows))]
    columns = {name: [row.get(name) for row in rows] for name in names}
    return pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String)).with_columns(
        pl.Series("line_number", places, dtype=pl.Int64),
        pl.Series("offset", [place * 217 for place in places], dtype=pl.Int64),
        pl.Series("time", times, dtype=SCHEMA["time"]),
    )
