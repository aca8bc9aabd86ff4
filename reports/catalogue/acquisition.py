"""Reports about where visits come from."""

from __future__ import annotations

from typing import Final

import polars as pl

from reports.catalogue import measures as m
from reports.query import Query, report_of

_VISITING: Final = ("visits", "visits_share", "visitors", "new_visit_share", "bounce_rate", "pages_per_visit")
_WORTH: Final = (*_VISITING, "visit_duration", "conversion_rate", "revenue")
_MEDIUM: Final = pl.col("medium")

CHANNELS: Final = report_of(
    Query(_WORTH, by=("medium",)),
    "channels",
    "By which ways do visits come?",
    remark=(
        "The medium is that of the visit's campaign, else what its referrer is: direct, search, social, mail, "
        "ai-assistant, paid, referral. A visit that begins with a link of the site's own is direct."
    ),
    rules=m.VISIT_RULES,
)

SOURCES: Final = report_of(
    Query(_WORTH, by=("medium", "source")),
    "sources",
    "Who sends visits here?",
    remark="The source is that of the visit's campaign, else its referrer's name or host.",
    rules=m.VISIT_RULES,
)

SEARCH_ENGINES: Final = report_of(
    Query(_WORTH, by=("source",), where=_MEDIUM == "search"),
    "search-engines",
    "Which search engines send visits?",
    rules=m.VISIT_RULES,
)

SEARCH_TERMS: Final = report_of(
    Query(_VISITING, by=("campaign_term", "source"), is_known=True),
    "search-terms",
    "What was searched for before the visit?",
    remark="Terms that a campaign or a search engine passes on; most engines pass none.",
    rules=m.VISIT_RULES,
)

SOCIAL: Final = report_of(
    Query(_WORTH, by=("source",), where=_MEDIUM == "social"),
    "social",
    "Which social networks send visits?",
    rules=m.VISIT_RULES,
)

AI_ASSISTANTS: Final = report_of(
    Query(_WORTH, by=("source",), where=_MEDIUM == "ai-assistant"),
    "ai-assistants",
    "Which AI assistants send visits?",
    remark="People who follow a link out of an answer; fetches by the assistants themselves are in ai-crawlers.",
    rules=m.VISIT_RULES,
)

CAMPAIGNS: Final = report_of(
    Query(
        (*_WORTH, "orders"),
        by=("campaign", "medium", "source"),
        is_known=False,
        where=pl.col("campaign").is_not_null(),
    ),
    "campaigns",
    "What do campaigns bring?",
    remark="Visits that began with a campaign's link.",
    rules=m.VISIT_RULES,
)

LANDINGS: Final = report_of(
    Query(_VISITING, by=("entry_page", "medium", "source")),
    "landings",
    "On which pages do visits begin, and where do they come from?",
    rules=m.VISIT_RULES,
)

FIRST_TOUCH: Final = report_of(
    Query(
        ("visitors", "visits", "orders", "revenue", "revenue_share"),
        by=("first_medium", "first_source", "first_campaign"),
    ),
    "first-touch",
    "What first brought the visitors who buy?",
    remark="All visits and orders count for where the visitor's first visit came from, as far as the events go back.",
    rules=m.VISIT_RULES,
)

LAST_TOUCH: Final = report_of(
    Query(("visitors", "visits", "orders", "revenue", "revenue_share"), by=("medium", "source", "campaign")),
    "last-touch",
    "What brought the visits in which people buy?",
    remark="Orders count for where the visit itself came from.",
    rules=m.VISIT_RULES,
)
