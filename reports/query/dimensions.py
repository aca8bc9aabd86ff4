"""Every dimension, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import polars as pl

from reports.query.dimension import Dimension, Made
from reports.query.grain import Grain
from reports.report import View


def _column(name: str, *grains: Grain) -> Mapping[Grain, Made]:
    return dict.fromkeys(grains, lambda _: pl.col(name))


def _hour(view: View) -> pl.Expr:
    return pl.col("time").dt.convert_time_zone(view.time_zone).dt.hour().cast(pl.Int64)


_OF_VISIT: Final = ("country", "region", "city", "browser", "os", "device", "medium", "source", "campaign")

ALL: Final = (
    Dimension(
        "date",
        "date",
        "day in the view's time zone; of a visit, the day it began on",
        _column("date", "visits", "hits", "items", "events"),
        owa=("date",),
    ),
    Dimension("hour", "hour", "hour of the day, 0 to 23", dict.fromkeys(("hits", "items", "events"), _hour)),
    Dimension("path", "text", "path without the query", _column("path", "hits", "events"), owa=("pagePath",)),
    Dimension(
        "status",
        "status",
        "HTTP status code of the answer, empty where none was logged",
        _column("status", "events"),
    ),
    Dimension("address", "text", "client address, as stored", _column("ip", "visits", "hits", "events")),
    Dimension("entry_page", "text", "path of the visit's first page", _column("entry_page", "visits")),
    Dimension("exit_page", "text", "path of the visit's last page", _column("exit_page", "visits")),
    *(
        Dimension(
            name, "text", f"{name} of the visit, of an event its own", _column(name, "visits", "events")
        )
        for name in _OF_VISIT
    ),
)

DIMENSIONS: Final[Mapping[str, Dimension]] = MappingProxyType({one.name: one for one in ALL})
