"""A few events with a value in every column, which a query or a statement is tried on before the table is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, Final

import polars as pl

from footfall.event import SCHEMA
from reports.report import View
from reports.visits import Facts

_AT: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
_ITEMS: Final = '[{"sku":"B-1","name":"Bike","category":"Bikes","price":10.5,"quantity":2}]'
_USUAL: Final[dict[pl.DataType, object]] = {
    pl.String(): "x",
    pl.Int64(): 1,
    pl.Int32(): 1,
    pl.Float64(): 1.5,
    pl.Decimal(18, 4): Decimal("1.5"),
    pl.Datetime("ms", "UTC"): _AT,
}
_SAID: Final[dict[str, object]] = {
    "method": "GET",
    "path": "/",
    "status": 200,
    "resource": "page",
    "ip": "192.0.2.1",
    "source_id": "0123456789abcdef",
    "items": _ITEMS,
    "props": '{"cv1":{"name":"plan","value":"pro"}}',
    "bot": None,
}
_KINDS: Final = ("request", "pageview", "transaction", "event", "click")


@cache
def events() -> pl.DataFrame:
    """Return the events: one visit with something of everything, and one request of which little is known."""
    full = [_row(kind, place) for place, kind in enumerate(_KINDS)]
    bare: dict[str, Any] = {"site": "x", "time": _AT, "source_id": "0" * 16, "offset": 0, "path": "/bare"}
    return pl.DataFrame([*full, bare], schema=SCHEMA)


def facts(view: View) -> Facts:
    """Return the facts that follow from them."""
    return Facts(events().lazy(), view.rule)


def _row(kind: str, place: int) -> dict[str, Any]:
    row: dict[str, Any] = {name: _USUAL[dtype] for name, dtype in SCHEMA.items()}
    return row | _SAID | {"kind": kind, "time": _AT + timedelta(seconds=place), "offset": place}
