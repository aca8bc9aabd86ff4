"""Reports about who came and from where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from reports.catalogue import measures as m
from reports.partials.part import Part
from reports.query import Query, report_of
from reports.report import Report, ReportColumn, View
from reports.visits import Facts


def _measure_referrers(facts: Facts, view: View) -> tuple[Part, ...]:
    referrer, counts = pl.col("referrer_host"), pl.col("is_request") | pl.col("is_page")
    known = facts.events.filter(counts, referrer != "", referrer.ne_missing(pl.col("host")))
    # Most referrers are the site itself, by the very same name: what is left is worth a closer look.
    read = known.select("referrer_host", "site", "host", "who", "is_request", "is_page", "path").collect()
    referred = read.lazy().filter(~_is_own(view))
    rows = referred.group_by("referrer_host").agg(
        pl.col("is_request").sum().cast(pl.Int64).alias("requests"),
        pl.col("who").drop_nulls().n_unique().cast(pl.Int64).alias("visitors"),
        pl.col("is_page").sum().cast(pl.Int64).alias("page_views"),
    )
    landings = m.frequent("pages", referred.filter("is_page"), "referrer_host", "path")
    return (m.adding("hosts", rows, "requests", "visitors", "page_views"), landings)


def _finish_referrers(parts: Mapping[str, pl.LazyFrame], view: View) -> pl.LazyFrame:
    del view
    landings = m.most_frequent(parts["pages"], "referrer_host", "path", "top_page")
    linked = parts["hosts"].join(landings, on="referrer_host", how="left")
    return m.ranked(linked, ("requests", "page_views"), "referrer_host").select(REFERRERS.column_names)


def _is_own(view: View) -> pl.Expr:
    """Tell whether the referrer is the site itself, with or without ``www.``; never null."""
    referrer = _bare(pl.col("referrer_host"))
    named = referrer.is_in([host.removeprefix("www.") for host in view.own_hosts])
    own = [referrer == _bare(pl.col(name)) for name in ("site", "host")]
    return pl.any_horizontal(named, *(same.fill_null(value=False) for same in own))


def _bare(host: pl.Expr) -> pl.Expr:
    return host.str.to_lowercase().str.strip_prefix("www.")


def _measure_visitors(facts: Facts, view: View) -> tuple[Part, ...]:
    del view
    rows = (
        facts.events.filter(pl.col("who").is_not_null())
        .group_by(pl.col("who").alias("visitor"))
        .agg(
            pl.col("is_request").sum().cast(pl.Int64).alias("requests"),
            pl.col("is_page").sum().cast(pl.Int64).alias("page_views"),
            pl.col("bytes").sum(),
            pl.col("time").min().alias("first_at"),
            pl.col("time").max().alias("last_at"),
            m.newest("ip").alias("address"),
            m.newest("user_agent").alias("user_agent"),
        )
    )
    # A visitor is in one partition, so nothing has to be merged and address and agent can stand beside the keys.
    return (
        Part(
            "visitors",
            rows,
            {"requests": "sum", "page_views": "sum", "bytes": "sum", "first_at": "min", "last_at": "max"},
        ),
    )


def _finish_visitors(parts: Mapping[str, pl.LazyFrame], view: View) -> pl.LazyFrame:
    times = pl.col("first_at", "last_at").dt.convert_time_zone(view.time_zone)
    rows = parts["visitors"].with_columns(times)
    return m.ranked(rows, ("requests", "page_views"), "visitor").select(VISITORS.column_names)


REFERRERS: Final = Report(
    name="referrers",
    question="Which other sites send people here?",
    columns=(
        ReportColumn("referrer_host", "text", "host that linked here, lower case"),
        m.REQUESTS,
        m.VISITORS,
        m.PAGE_VIEWS,
        ReportColumn(
            "top_page", "text", "page most often opened from there; of equal ones the first in order"
        ),
    ),
    remark=(
        "Requests with a referrer on another host, embedded images included. The site's name, the "
        "virtual host that answered and hosts declared as own do not count as other, with or without "
        "www."
    ),
    rules=(m.PAGE_RULE, m.VISITOR_RULE, m.BOTS_RULE),
    measure=_measure_referrers,
    finish=_finish_referrers,
)

VISITORS: Final = Report(
    name="visitors",
    question="Who are the most active visitors?",
    columns=(
        ReportColumn("visitor", "text", "pseudonymous id"),
        m.REQUESTS,
        m.PAGE_VIEWS,
        m.BYTES,
        m.FIRST_AT,
        m.LAST_AT,
        ReportColumn("address", "text", "client address of the latest request, as stored"),
        ReportColumn("user_agent", "text", "user agent of the latest request"),
    ),
    remark="",
    rules=(m.PAGE_RULE, m.VISITOR_RULE, m.BOTS_RULE),
    measure=_measure_visitors,
    finish=_finish_visitors,
)

_PLACED: Final = ("visits", "visits_share", "visitors", "page_views", "bounce_rate", "revenue")
_PLACE_REMARK: Final = "Where a MaxMind file was given at ingest, or the log tells."

COUNTRIES: Final = report_of(
    Query(_PLACED, by=("country",), is_known=True),
    "countries",
    "Which countries do visitors come from?",
    remark=_PLACE_REMARK,
    rules=m.VISIT_RULES,
)

REGIONS: Final = report_of(
    Query(_PLACED, by=("country", "region"), where=pl.col("region").is_not_null()),
    "regions",
    "Which regions do visitors come from?",
    remark=_PLACE_REMARK,
    rules=m.VISIT_RULES,
)

CITIES: Final = report_of(
    Query(_PLACED, by=("country", "region", "city"), where=pl.col("city").is_not_null()),
    "cities",
    "Which cities do visitors come from?",
    remark=_PLACE_REMARK,
    rules=m.VISIT_RULES,
)

USERS: Final = report_of(
    Query(("visits", "page_views", "actions", "visit_duration"), by=("user",), is_known=True),
    "users",
    "Which signed-in users come?",
    rules=m.VISIT_RULES,
)

NEW_AND_RETURNING: Final = report_of(
    Query(
        (
            "visits",
            "visits_share",
            "visitors",
            "bounce_rate",
            "pages_per_visit",
            "visit_duration",
            "conversion_rate",
        ),
        by=("is_returning",),
    ),
    "new-and-returning",
    "How do first visits differ from later ones?",
    remark="First is the first visit in the events at hand: with --lookback those before the range are looked at, too.",
    rules=m.VISIT_RULES,
)
