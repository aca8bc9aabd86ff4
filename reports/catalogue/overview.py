"""Reports over the whole site: what happened, and when."""

from __future__ import annotations

from typing import Final

import polars as pl

from reports.catalogue import measures as m
from reports.catalogue.report import Report, ReportColumn, View

HOURS_OF_A_DAY: Final = 24


def _summary(events: pl.LazyFrame, view: View) -> pl.LazyFrame:
    status = pl.col("status")
    known = m.hits_of(events).with_columns(m.if_page("path").alias("_page"))
    counted = known.select(
        m.first_at(view),
        m.last_at(view),
        m.requests(),
        m.page_views(),
        m.sent_bytes(),
        m.count(status.is_between(300, 399) & (status != 304)).alias("redirects"),
        m.count(status.is_between(400, 499)).alias("client_errors"),
        m.count(status == 404).alias("not_found"),
        m.count(status.is_between(500, 599)).alias("server_errors"),
    )
    distinct = (
        m.local_time(view).dt.date().n_unique().cast(pl.Int64).alias("days"),
        m.distinct("site").alias("sites"),
        m.distinct("_page").alias("pages"),
        m.visitors(),
        m.distinct("ip").alias("addresses"),
    )
    # A pass for each: several counts of distinct values in one would hold their columns of all events in memory.
    whole = pl.concat([counted, *(known.select(count) for count in distinct)], how="horizontal")
    shares = {f"{part}_share": part for part in ("redirects", "client_errors", "server_errors")}
    return whole.with_columns(
        m.share(pl.col(part), pl.col("requests")).alias(name) for name, part in shares.items()
    ).select(SUMMARY.column_names)


def _days(events: pl.LazyFrame, view: View) -> pl.LazyFrame:
    days = m.hits_of(events).group_by(m.local_time(view).dt.date().alias("date"))
    return (
        days.agg(m.requests(), m.page_views(), m.visitors(), m.sent_bytes(), m.errors())
        .select(DAYS.column_names)
        .sort("date")
    )


def _hours(events: pl.LazyFrame, view: View) -> pl.LazyFrame:
    hours = m.hits_of(events).group_by(m.local_time(view).dt.hour().cast(pl.Int64).alias("hour"))
    counted = hours.agg(m.requests(), m.page_views(), m.visitors(), m.sent_bytes(), m.errors())
    every_hour = pl.LazyFrame({"hour": range(HOURS_OF_A_DAY)}, schema={"hour": pl.Int64})
    total = pl.col("requests").sum()
    return (
        every_hour.join(counted, on="hour", how="left")
        .with_columns(pl.exclude("hour").fill_null(0))
        .with_columns(m.share(pl.col("requests"), total).alias("share"))
        .filter(total + pl.col("page_views").sum() > 0)
        .select(HOURS.column_names)
        .sort("hour")
    )


SUMMARY: Final = Report(
    name="summary",
    question="What happened in this range, all in all?",
    columns=(
        m.FIRST_AT,
        m.LAST_AT,
        ReportColumn("days", "days", "calendar days with requests"),
        ReportColumn("sites", "sites", "distinct sites"),
        m.REQUESTS,
        m.PAGE_VIEWS,
        ReportColumn("pages", "pages", "distinct paths with page views"),
        m.VISITORS,
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
    build=_summary,
)

DAYS: Final = Report(
    name="days",
    question="How did traffic develop from day to day?",
    columns=(
        ReportColumn("date", "date", "calendar day"),
        m.REQUESTS,
        m.PAGE_VIEWS,
        m.VISITORS,
        m.BYTES,
        m.ERRORS,
    ),
    remark=(
        "Days begin at midnight in the report's time zone; days without requests have no row. Who comes "
        "on two days is a visitor of both, so visitors do not add up."
    ),
    rules=(m.PAGE_RULE, m.ERROR_RULE, m.VISITOR_RULE, m.BOTS_RULE),
    build=_days,
    is_series=True,
)

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
    build=_hours,
    is_series=True,
)
