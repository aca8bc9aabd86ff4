"""Dimensions of visitors and visits: who, how often, from where and with what."""

from __future__ import annotations

from typing import Final

import polars as pl

from reports.query.dimension import Dimension
from reports.query.dimensions.making import VISITED, address, plain, worked_out
from reports.query.grain import GRAINS

_NEW: Final = pl.col("is_new")
_ID: Final = pl.concat_str(
    "site", "visitor", pl.col("started_at").dt.timestamp("ms").cast(pl.String), separator=" "
)
_HISTORY: Final = (
    "As the events at hand tell, with those that --lookback reads; OWA believes the browser's cookie."
)


def _in_visit(name: str, unit: str, meaning: str, of: str, *owa: str, remark: str = "") -> Dimension:
    return plain(name, meaning, "visits", unit=unit, of=of, owa=owa, remark=remark)


VISITOR: Final = (
    plain("site", "site", *GRAINS, owa=("siteId",)),
    plain(
        "visitor",
        "pseudonymous visitor, as the profile tells them apart; of events the stored id",
        *GRAINS,
        owa=("visitorId",),
    ),
    plain("user", "authenticated user, or the beacon's name of one", *VISITED, owa=("userName",)),
    worked_out(
        "is_new", "whether it is the visitor's first visit", _NEW, "visits", unit="flag",
        owa=("isNewVisitor",), remark=_HISTORY,
    ),
    worked_out(
        "is_returning", "whether the visitor came before", ~_NEW, "visits", unit="flag",
        owa=("isRepeatVisitor",), remark=_HISTORY,
    ),
    plain("address", "client address, as stored", *VISITED, of="ip", owa=("ipAddress",)),
)  # fmt: skip

HISTORY: Final = (
    worked_out("visit_id", "visit: site, visitor and moment it began", _ID, "visits", owa=("sessionId",)),
    _in_visit("visit_number", "visits", "which visit of the visitor it is, from 1", "visit_number"),
    worked_out(
        "prior_visits", "visits of the visitor before it", pl.col("visit_number") - 1, "visits", unit="visits",
        owa=("priorVisitCount", "visitsToTransaction"), remark=_HISTORY,
    ),
    _in_visit(
        "days_since_prior", "days", "calendar days since the visit before", "days_since_prior",
        "daysSinceLastVisit", remark=_HISTORY,
    ),
    _in_visit(
        "seconds_since_prior", "seconds", "from the end of the visit before to the beginning of this one",
        "since_prior_seconds", "timeSinceLastVisit",
    ),
    _in_visit(
        "days_since_first", "days", "calendar days since the visitor's first visit", "days_since_first",
        "daysSinceFirstVisit", "daysToTransaction", remark=_HISTORY,
    ),
    _in_visit("duration_seconds", "seconds", "duration of the visit", "duration_seconds"),
    worked_out("is_bounce", "whether the visit bounced", pl.col("bounced"), "visits", unit="flag"),
    _in_visit("hits_in_visit", "hits", "hits of the visit", "hits"),
    _in_visit("pages_in_visit", "page views", "page views of the visit", "page_views", "pagesViewsInVisit"),
    _in_visit("actions_in_visit", "actions", "actions of the visit", "actions"),
    _in_visit("orders_in_visit", "orders", "orders of the visit", "orders", "transactionsInVisit"),
    _in_visit("revenue_in_visit", "currency", "order totals of the visit", "revenue", "revenueInVisit"),
    _in_visit("tax_in_visit", "currency", "tax of the visit's orders", "tax", "taxRevenueInVisit"),
    _in_visit("shipping_in_visit", "currency", "shipping of the visit's orders", "shipping", "shippingRevenueInVisit"),
    _in_visit(
        "item_revenue_in_visit", "currency", "item revenue of the visit", "item_revenue", "itemRevenueInVisit",
        remark="OWA's is registered on a column that does not exist.",
    ),
    _in_visit("item_quantity_in_visit", "pieces", "pieces sold in the visit", "item_quantity", "itemQuantityInVisit"),
    _in_visit(
        "products_in_visit", "products", "different products sold in the visit", "distinct_items",
        "distinctItemsInVisit",
    ),
    _in_visit("goals_in_visit", "goals", "goals reached in the visit", "goals", "goalsInVisit"),
    _in_visit("goal_starts_in_visit", "goals", "goals the visit set out for", "goal_starts", "goalStartsInVisit"),
    _in_visit("goal_value_in_visit", "value", "value of the goals reached in the visit", "goal_value",
              "goalValueInVisit"),
    _in_visit("entry_page", "text", "path of the visit's first page", "entry_page", "entryPagePath"),
    _in_visit("entry_title", "text", "title of the visit's first page", "entry_title", "entryPageTitle"),
    _in_visit("entry_type", "text", "type of the visit's first page", "entry_type", "entryPageType"),
    worked_out("entry_url", "host and path of the visit's first page", address("entry_host", "entry_page"),
               "visits", owa=("entryPageUrl",)),
    _in_visit("exit_page", "text", "path of the visit's last page", "exit_page", "exitPagePath"),
    _in_visit("exit_title", "text", "title of the visit's last page", "exit_title", "exitPageTitle"),
    _in_visit("exit_type", "text", "type of the visit's last page", "exit_type", "exitPageType"),
    worked_out("exit_url", "host and path of the visit's last page", address("exit_host", "exit_page"),
               "visits", owa=("exitPageUrl",)),
)  # fmt: skip

ORIGIN: Final = (
    plain("medium", "medium of the visit's campaign or referrer, of an event its own", *VISITED, owa=("medium",),
          remark="By exact hosts and registrable domains, where OWA looks for parts of names; `utm_*` count."),
    plain("source", "source of the visit's campaign, or its referrer's name or host", *VISITED, owa=("source",)),
    plain("campaign", "campaign of the visit", *VISITED, owa=("campaign",)),
    plain("campaign_term", "search terms of campaign or search engine", *VISITED, owa=("referralSearchTerms",),
          remark="Search engines have not sent them for years; campaigns and some beacons do."),
    plain("campaign_content", "content or ad of the campaign", *VISITED, owa=("ad",)),
    plain("click_id", "parameter that an advertiser's click id came in, as gclid", *VISITED),
    plain("referrer", "page the visit came from, as a URL", *VISITED, owa=("referralPageUrl",)),
    plain("referrer_host", "host the visit came from", *VISITED, owa=("referralWebSite",)),
    worked_out("is_search_engine", "whether the visit came from a search engine", pl.col("medium") == "search",
               *VISITED, unit="flag", owa=("isSearchEngine",)),
    _in_visit("first_medium", "text", "medium of the visitor's first visit", "first_medium"),
    _in_visit("first_source", "text", "source of the visitor's first visit", "first_source"),
    _in_visit("first_campaign", "text", "campaign of the visitor's first visit", "first_campaign"),
)  # fmt: skip

CLIENT: Final = (
    plain("browser", "browser family", *VISITED, owa=("browserType",)),
    plain("browser_version", "browser version", *VISITED, owa=("browserVersion",)),
    plain("os", "operating system", *VISITED, owa=("osType",)),
    plain("os_version", "operating system version", *VISITED),
    plain("device", "device class", *VISITED),
    plain("screen", "screen size, as 1920x1080", *VISITED),
    plain("language", "language the client asks for", *VISITED, owa=("language",)),
    plain(
        "country",
        "country, ISO 3166-1 alpha-2",
        *VISITED,
        owa=("country", "countryCode"),
        remark="A code only; names are the output's.",
    ),
    plain("region", "region, ISO 3166-2", *VISITED, owa=("stateRegion",)),
    plain("city", "city", *VISITED, owa=("city",)),
    plain("user_agent", "user agent", *VISITED),
)
