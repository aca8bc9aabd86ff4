"""Reports about what was asked for and how it was answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from reports.catalogue import measures as m
from reports.partials.part import Part
from reports.query import Query, report_of
from reports.report import Report, ReportColumn, View
from reports.visits import Facts
from reports.visits.hits import is_request


def _measure_pages(facts: Facts, view: View) -> tuple[Part, ...]:
    del view
    known = facts.events.filter(pl.col("path").is_not_null())
    reader = pl.when("is_page").then("who").drop_nulls().n_unique().cast(pl.Int64)
    rows = known.group_by("path").agg(
        pl.col("is_page").sum().cast(pl.Int64).alias("page_views"),
        reader.alias("visitors"),
        pl.col("is_request").sum().cast(pl.Int64).alias("requests"),
        pl.col("bytes").sum(),
        (pl.col("status") >= 400).sum().cast(pl.Int64).alias("errors"),
    )
    return (m.adding("pages", rows, "page_views", "visitors", "requests", "bytes", "errors"),)


def _finish_pages(parts: Mapping[str, pl.LazyFrame], view: View) -> pl.LazyFrame:
    del view
    read = parts["pages"].filter(pl.col("page_views") > 0)
    return m.ranked(read, ("page_views",), "path").select(PAGES.column_names)


def _measure_not_found(facts: Facts, view: View) -> tuple[Part, ...]:
    del view
    missing = facts.events.filter(is_request() & (pl.col("status") == 404)).with_columns(
        _target().alias("path")
    )
    known = missing.filter(pl.col("path").is_not_null())
    rows = known.group_by("path").agg(pl.len().cast(pl.Int64).alias("requests"))
    return (
        m.adding("paths", rows, "requests"),
        # Not a number of them: by a rule that goes by addresses, one client may be in several partitions.
        Part("clients", known.select("path", "visitor").drop_nulls("visitor").unique()),
        m.frequent("referrers", known, "path", "referrer"),
    )


def _finish_not_found(parts: Mapping[str, pl.LazyFrame], view: View) -> pl.LazyFrame:
    del view
    referrers = m.most_frequent(parts["referrers"], "path", "referrer", "top_referrer")
    clients = parts["clients"].group_by("path").agg(pl.len().cast(pl.Int64).alias("clients"))
    linked = parts["paths"].join(referrers, on="path", how="left").join(clients, on="path", how="left")
    linked = linked.with_columns(pl.col("clients").fill_null(0))
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
    measure=_measure_pages,
    finish=_finish_pages,
)

NOT_FOUND: Final = Report(
    name="not-found",
    question="What is asked for that is not there?",
    columns=(
        ReportColumn("path", "text", "path with its query, as asked for"),
        m.REQUESTS,
        m.CLIENTS,
        ReportColumn(
            "top_referrer", "text", "referrer most often sent with it; of equal ones the first in order"
        ),
    ),
    remark="Requests answered with 404, whatever the method.",
    rules=(m.CLIENT_RULE,),
    measure=_measure_not_found,
    finish=_finish_not_found,
)

_OF_PAGE: Final = (
    "page_views",
    "unique_page_views",
    "visitors",
    "entries",
    "exits",
    "exit_rate",
    "time_on_page",
)
_SHOWN: Final = pl.col("page_views") > 0

TITLES: Final = report_of(
    Query(_OF_PAGE, by=("title",), having=_SHOWN, is_known=True),
    "titles",
    "Which titles are read most?",
    remark="As beacons tell; access logs know no titles.",
    rules=m.VISIT_RULES,
)

PAGE_USE: Final = report_of(
    Query(_OF_PAGE, by=("path",), having=_SHOWN, is_known=True),
    "page-use",
    "How are pages used: entered by, left from, stayed on?",
    remark="time_on_page is the mean time until the visit's next page; of its last page nobody knows.",
    rules=m.VISIT_RULES,
)

SECTIONS: Final = report_of(
    Query(_OF_PAGE, by=("directory",), having=_SHOWN, is_known=True),
    "sections",
    "Which parts of the site are read?",
    remark="By the first part of the path.",
    rules=m.VISIT_RULES,
)

_BEGAN: Final = ("visits", "visits_share", "visitors", "bounce_rate", "pages_per_visit", "visit_duration")

ENTRY_PAGES: Final = report_of(
    Query(_BEGAN, by=("entry_page",), is_known=True),
    "entry-pages",
    "On which pages do visits begin?",
    rules=m.VISIT_RULES,
)

EXIT_PAGES: Final = report_of(
    Query(_BEGAN, by=("exit_page",), is_known=True),
    "exit-pages",
    "On which pages do visits end?",
    rules=m.VISIT_RULES,
)
