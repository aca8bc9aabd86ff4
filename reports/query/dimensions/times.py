"""Dimensions that say when, in the view's time zone: of a visit, when it began."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import polars as pl

from reports.query.dimension import Dimension, Made
from reports.query.dimensions.making import column
from reports.query.grain import GRAINS
from reports.report import View

Part = Callable[[pl.Expr], pl.Expr]


def _of_moment(moment: str, part: Part) -> Made:
    def made(view: View) -> pl.Expr:
        return part(pl.col(moment).dt.convert_time_zone(view.time_zone))

    return made


def _moment(name: str, unit: str, meaning: str, part: Part, *owa: str, remark: str = "") -> Dimension:
    """Return the dimension that is a part of the moment something happened at."""
    rows = {grain: _of_moment("started_at" if grain == "visits" else "time", part) for grain in GRAINS}
    return Dimension(name, unit, meaning, rows, owa, remark)


def _of_day(name: str, unit: str, meaning: str, part: Part, *owa: str, remark: str = "") -> Dimension:
    """Return the dimension that is a part of the day something happened on, which all rows have."""
    return Dimension(name, unit, meaning, dict.fromkeys(GRAINS, lambda _: part(pl.col("date"))), owa, remark)


def _number(value: pl.Expr) -> pl.Expr:
    return value.cast(pl.Int64)


def _quarter(day: pl.Expr) -> pl.Expr:
    return pl.concat_str(day.dt.year(), pl.lit("-Q"), day.dt.quarter())


TIME: Final = (
    _moment("time", "time", "moment, to the millisecond", lambda at: at, "timestamp"),
    _moment("minute", "minute", "minute of the hour, 0 to 59", lambda at: _number(at.dt.minute())),
    _moment("hour", "hour", "hour of the day, 0 to 23", lambda at: _number(at.dt.hour())),
    Dimension("date", "date", "calendar day", dict.fromkeys(GRAINS, column("date")), ("date",)),
    _of_day("day", "day", "day of the month, 1 to 31", lambda day: _number(day.dt.day()), "day"),
    _of_day(
        "day_of_week", "weekday", "day of the week, 1 (Monday) to 7, as ISO 8601 has it",
        lambda day: _number(day.dt.weekday()), "dayofweek", remark="OWA has English names, cut to three letters.",
    ),
    _of_day("day_of_year", "day", "day of the year, 1 to 366", lambda day: _number(day.dt.ordinal_day()), "dayofyear",
            remark="OWA counts from 0."),
    _of_day("week", "week", "ISO 8601 week with its year, as 2026-W05", lambda day: day.dt.strftime("%G-W%V")),
    _of_day("week_of_year", "week", "ISO 8601 week, 1 to 53", lambda day: _number(day.dt.week()), "weekofyear"),
    _of_day("month", "month", "month with its year, as 2026-03", lambda day: day.dt.strftime("%Y-%m"), "month"),
    _of_day("month_of_year", "month", "month, 1 to 12", lambda day: _number(day.dt.month())),
    _of_day("quarter", "quarter", "quarter with its year, as 2026-Q1", _quarter),
    _of_day("year", "year", "calendar year", lambda day: _number(day.dt.year()), "year"),
)  # fmt: skip
