"""Reports about what was asked for and how it was answered."""

from __future__ import annotations

from typing import Final

import polars as pl

from reports.catalogue import measures as m
from reports.catalogue.report import Report, ReportColumn, View


def _pages(events: pl.LazyFrame, view: View) -> pl.LazyFrame:
    del view
    known = m.hits_of(events).filter(pl.col("path").is_not_null())
    counted = known.with_columns(m.if_page("visitor").alias("_reader")).group_by("path")
    rows = counted.agg(
        m.page_views(),
        m.distinct("_reader").alias("visitors"),
        m.requests(),
        m.sent_bytes(),
        m.errors(),
    )
    return m.ranked(rows.filter(pl.col("page_views") > 0), ("page_views",), "path").select(PAGES.column_names)


def _statuses(events: pl.LazyFrame, view: View) -> pl.LazyFrame:
    del view
    rows = m.requests_of(events).group_by("status").agg(m.requests(), m.visitors(), m.sent_bytes())
    shared = rows.with_columns(m.share(pl.col("requests"), pl.col("requests").sum()).alias("share"))
    return m.ranked(shared, ("requests",), "status").select(STATUSES.column_names)


def _not_found(events: pl.LazyFrame, view: View) -> pl.LazyFrame:
    del view
    missing = m.requests_of(events).filter(pl.col("status") == 404).with_columns(_target().alias("path"))
    known = missing.filter(pl.col("path").is_not_null())
    rows = known.group_by("path").agg(m.requests(), m.visitors())
    linked = rows.join(m.most_frequent(known, "path", "referrer", "top_referrer"), on="path", how="left")
    return m.ranked(linked, ("requests",), "path").select(NOT_FOUND.column_names)


def _target() -> pl.Expr:
    """Return what was asked for: path and query, or the request line where it is not HTTP."""
    query = pl.col("query")
    asked = pl.when(query.is_not_null() & (query != "")).then(pl.concat_str("path", query, separator="?"))
    return pl.coalesce(asked, "path", "request")


PAGES: Final = Report(
    name="pages",
    question="Which pages are read most?",
    columns=(
        ReportColumn("path", "text", "path without the query"),
        m.PAGE_VIEWS,
        ReportColumn("visitors", "visitors", "distinct visitors with a page view"),
        ReportColumn("requests", "requests", "requests for the path, whatever the method and answer"),
        ReportColumn("bytes", "bytes", "sent in all answers for the path"),
        m.ERRORS,
    ),
    remark="Paths with at least one page view.",
    rules=(m.PAGE_RULE, m.ERROR_RULE, m.VISITOR_RULE, m.BOTS_RULE),
    build=_pages,
)

STATUSES: Final = Report(
    name="statuses",
    question="How were requests answered?",
    columns=(
        ReportColumn("status", "status", "HTTP status code of the answer, empty where none was logged"),
        m.REQUESTS,
        m.SHARE,
        m.VISITORS,
        m.BYTES,
    ),
    remark="Every logged request counts.",
    rules=(m.VISITOR_RULE, m.BOTS_RULE),
    build=_statuses,
)

NOT_FOUND: Final = Report(
    name="not-found",
    question="What is asked for that is not there?",
    columns=(
        ReportColumn("path", "text", "path with its query, as asked for"),
        m.REQUESTS,
        m.VISITORS,
        ReportColumn(
            "top_referrer", "text", "referrer most often sent with it; of equal ones the first in order"
        ),
    ),
    remark="Requests answered with 404, whatever the method.",
    rules=(m.VISITOR_RULE, m.BOTS_RULE),
    build=_not_found,
)
