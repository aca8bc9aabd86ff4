"""Reports over the whole site: what happened, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final

import polars as pl

from reports.catalogue import measures as m
from reports.partials.approximate import estimated, sketched
from reports.partials.part import Part
from reports.query import Query, report_of
from reports.query.query import finish, measure
from reports.report import Report, ReportColumn, View
from reports.visits import Facts

HOURS_OF_A_DAY: Final = 24

_TRAFFIC: Final = ("requests", "page_views", "visitors", "bytes", "errors")
_STATUS: Final = pl.col("status")
_ANSWERS: Final = {
    "redirects": _STATUS.is_between(300, 399) & (_STATUS != 304),
    "client_errors": _STATUS.is_between(400, 499),
    "not_found": _STATUS == 404,
    "server_errors": _STATUS.is_between(500, 599),
}
_TOTALS: Final = Query(("first_at", "last_at", "requests", "page_views", "visitors", "bytes"))
_VISITS: Final = Query(("visits", "bounces", "visit_seconds"))
_DISTINCT: Final = {"days": "date", "sites": "site", "pages": "path", "addresses": "ip"}
_UNIQUES: Final = ("pages", "addresses")


def _measure_summary(facts: Facts, view: View) -> tuple[Part, ...]:
    rows = facts.events
    answers = rows.select(condition.sum().cast(pl.Int64).alias(name) for name, condition in _ANSWERS.items())
    # Visitors are nobody else's, so they add up: what partitions share is what a sketch may be of.
    exact = replace(view, is_approximate=False)
    [totals] = measure(_TOTALS, facts, exact)
    [visits] = measure(_VISITS, facts, exact)
    pages = pl.when("is_page").then("path").alias("path")
    things = {name: pages if name == "pages" else pl.col(column) for name, column in _DISTINCT.items()}
    different = (
        sketched(name, rows, (), thing)
        if view.is_approximate and name in _UNIQUES
        else Part(name, rows.select(thing).drop_nulls().unique())
        for name, thing in things.items()
    )
    return (
        Part("totals", totals.rows, totals.merge),
        Part("visits", visits.rows, visits.merge),
        m.adding("answers", answers, *_ANSWERS),
        *different,
    )


def _finish_summary(parts: Mapping[str, pl.LazyFrame], view: View) -> pl.LazyFrame:
    times = [pl.col(name).dt.convert_time_zone(view.time_zone) for name in ("first_at", "last_at")]
    counts = [
        estimated(parts[name], name).select(name)
        if view.is_approximate and name in _UNIQUES
        else parts[name].select(pl.len().cast(pl.Int64).alias(name))
        for name in _DISTINCT
    ]
    figures = [parts[name] for name in ("totals", "visits", "answers")]
    whole = pl.concat([*figures, *counts], how="horizontal").with_columns(times)
    shares = {f"{part}_share": part for part in ("redirects", "client_errors", "server_errors")}
    return whole.with_columns(
        *(m.share(pl.col(part), pl.col("requests")).alias(name) for name, part in shares.items()),
        m.share(pl.col("bounces"), pl.col("visits")).alias("bounce_rate"),
        pl.when(pl.col("visits") > 0)
        .then((pl.col("visit_seconds") / pl.col("visits")).round(1))
        .alias("visit_duration"),
    ).select(SUMMARY.column_names)


def _finish_hours(query: Query, parts: Mapping[str, pl.LazyFrame], view: View) -> pl.LazyFrame:
    counted = finish(query, parts, view).rename({"requests_share": "share"})
    every_hour = pl.LazyFrame({"hour": range(HOURS_OF_A_DAY)}, schema={"hour": pl.Int64})
    happened = pl.col("requests").sum() + pl.col("page_views").sum() > 0
    filled = every_hour.join(counted, on="hour", how="left").with_columns(
        pl.exclude("hour", "share").fill_null(0),
        pl.when(pl.col("requests").sum() > 0).then(pl.col("share").fill_null(0)),
    )
    return filled.filter(happened).select(HOURS.column_names).sort("hour")


SUMMARY: Final = Report(
    name="summary",
    question="What happened in this range, all in all?",
    columns=(
        m.FIRST_AT,
        m.LAST_AT,
        ReportColumn("days", "days", "calendar days with requests"),
        ReportColumn("sites", "sites", "distinct sites"),
        ReportColumn("visits", "visits", "visits, as the profile defines them"),
        m.VISITORS,
        m.PAGE_VIEWS,
        ReportColumn("bounces", "visits", "visits that bounced"),
        ReportColumn("bounce_rate", "share", "bounces of all visits"),
        ReportColumn("visit_duration", "seconds", "mean duration of a visit, bounces included"),
        ReportColumn("pages", "pages", "distinct paths with page views"),
        m.REQUESTS,
        ReportColumn("addresses", "addresses", "distinct client addresses, as stored"),
        m.BYTES,
        ReportColumn("redirects", "requests", "answered with 3xx other than 304"),
        ReportColumn("redirects_share", "share", "of all requests"),
        ReportColumn("client_errors", "requests", "answered with 4xx"),
        ReportColumn("client_errors_share", "share", "of all requests"),
        ReportColumn("not_found", "requests", "answered with 404"),
        ReportColumn("server_errors", "requests", "answered with 5xx"),
        ReportColumn("server_errors_share", "share", "of all requests"),
    ),
    remark="Every logged request counts, and every beacon that says that a page was shown.",
    rules=(m.PAGE_RULE, m.VISITOR_RULE, m.BOTS_RULE),
    measure=_measure_summary,
    finish=_finish_summary,
    uniques=_UNIQUES,
)

DAYS: Final = report_of(
    Query(_TRAFFIC, by=("date",)),
    "days",
    "How did traffic develop from day to day?",
    remark=(
        "Days begin at midnight in the report's time zone; days without requests have no row. Who comes "
        "on two days is a visitor of both, so visitors do not add up."
    ),
    rules=(m.PAGE_RULE, m.ERROR_RULE, m.VISITOR_RULE, m.BOTS_RULE),
    is_series=True,
)

_BY_HOUR: Final = Query(("requests", "requests_share", *_TRAFFIC[1:]), by=("hour",))

HOURS: Final = Report(
    name="hours",
    question="At which hours of the day is the site used?",
    columns=(
        ReportColumn("hour", "hour", "hour of the day, 0 to 23"),
        m.REQUESTS,
        m.SHARE,
        m.PAGE_VIEWS,
        m.VISITORS,
        m.BYTES,
        m.ERRORS,
    ),
    remark="Hours are those of the report's time zone, all days of the range together.",
    rules=(m.PAGE_RULE, m.ERROR_RULE, m.VISITOR_RULE, m.BOTS_RULE),
    measure=partial(measure, _BY_HOUR),
    finish=partial(_finish_hours, _BY_HOUR),
    is_series=True,
    uniques=_BY_HOUR.uniques,
)

_OVER_TIME: Final = ("visits", "visitors", "page_views", "bounce_rate", "pages_per_visit", "visit_duration")

VISITS: Final = report_of(
    Query((*_OVER_TIME, "new_visitors", "revenue"), by=("date",)),
    "visits",
    "How did visits develop from day to day?",
    remark="A visit counts on the day it began.",
    rules=m.VISIT_RULES,
    is_series=True,
)

WEEKS: Final = report_of(
    Query((*_OVER_TIME, "new_visitors", "revenue"), by=("week",)),
    "weeks",
    "How did visits develop from week to week?",
    remark="Weeks begin on Monday (ISO 8601); the first and the last may be cut by the range.",
    rules=m.VISIT_RULES,
    is_series=True,
)

MONTHS: Final = report_of(
    Query((*_OVER_TIME, "new_visitors", "revenue"), by=("month",)),
    "months",
    "How did visits develop from month to month?",
    remark="The first and the last month may be cut by the range.",
    rules=m.VISIT_RULES,
    is_series=True,
)

TIMELINE: Final = report_of(
    Query(_TRAFFIC, by=("date", "hour")),
    "timeline",
    "How did traffic develop from hour to hour?",
    remark="Hours without requests have no row.",
    rules=(m.PAGE_RULE, m.ERROR_RULE, m.VISITOR_RULE, m.BOTS_RULE),
    is_series=True,
)

WEEK: Final = report_of(
    Query(("visits", "visitors", "page_views"), by=("day_of_week", "hour"), sort=("day_of_week", "hour")),
    "hour-by-weekday",
    "At which hours of which days of the week do people come?",
    remark="Visits by the hour in which they began; 1 is Monday.",
    rules=m.VISIT_RULES,
    is_series=True,
    chart="heat",
)
