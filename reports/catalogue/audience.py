"""Reports about who came and from where."""

from __future__ import annotations

from typing import Final

import polars as pl

from reports.catalogue import measures as m
from reports.catalogue.report import Report, ReportColumn, View


def _referrers(events: pl.LazyFrame, view: View) -> pl.LazyFrame:
    foreign = pl.col("referrer_host").is_not_null() & (pl.col("referrer_host") != "") & ~_is_own(view)
    referred = m.hits_of(events).filter(foreign)
    rows = referred.group_by("referrer_host").agg(m.requests(), m.visitors(), m.page_views())
    landings = m.most_frequent(referred.filter(m.is_page()), "referrer_host", "path", "top_page")
    linked = rows.join(landings, on="referrer_host", how="left")
    return m.ranked(linked, ("requests", "page_views"), "referrer_host").select(REFERRERS.column_names)


def _is_own(view: View) -> pl.Expr:
    """Tell whether the referrer is the site itself, with or without ``www.``; never null."""
    referrer = _bare(pl.col("referrer_host"))
    named = referrer.is_in([host.removeprefix("www.") for host in view.own_hosts])
    own = [referrer == _bare(pl.col(name)) for name in ("site", "host")]
    return pl.any_horizontal(named, *(same.fill_null(value=False) for same in own))


def _bare(host: pl.Expr) -> pl.Expr:
    return host.str.to_lowercase().str.strip_prefix("www.")


def _hosts(events: pl.LazyFrame, view: View) -> pl.LazyFrame:
    addressed = m.hits_of(events).filter(pl.col("ip").is_not_null()).rename({"ip": "address"})
    rows = addressed.group_by("address").agg(
        m.requests(),
        m.page_views(),
        m.visitors(),
        m.sent_bytes(),
        m.errors(),
        m.first_at(view),
        m.last_at(view),
    )
    return m.ranked(rows, ("requests", "page_views"), "address").select(HOSTS.column_names)


def _visitors(events: pl.LazyFrame, view: View) -> pl.LazyFrame:
    known = m.hits_of(events).filter(pl.col("visitor").is_not_null())
    rows = known.group_by("visitor").agg(
        m.requests(),
        m.page_views(),
        m.sent_bytes(),
        m.first_at(view),
        m.last_at(view),
        m.newest("ip").alias("address"),
        m.newest("user_agent").alias("user_agent"),
    )
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
    build=_referrers,
)

HOSTS: Final = Report(
    name="hosts",
    question="Which client addresses send the most requests?",
    columns=(
        ReportColumn("address", "text", "client address, as stored"),
        m.REQUESTS,
        m.PAGE_VIEWS,
        m.VISITORS,
        m.BYTES,
        m.ERRORS,
        m.FIRST_AT,
        m.LAST_AT,
    ),
    remark="Addresses are as stored: masked unless they were ingested otherwise, so a row can be a network.",
    rules=(m.PAGE_RULE, m.ERROR_RULE, m.VISITOR_RULE, m.BOTS_RULE),
    build=_hosts,
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
    build=_visitors,
)
