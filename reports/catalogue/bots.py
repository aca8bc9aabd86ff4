"""Reports about bots: who they are, and what they fetch."""

from __future__ import annotations

from typing import Final

import polars as pl

from reports.query import Query, report_of

_FETCHED: Final = ("requests", "requests_share", "clients", "bytes", "errors", "first_at", "last_at")
_CLASS: Final = pl.col("bot_class")
_AI: Final = ("ai-crawler", "ai-search", "ai-assistant")
_RULE: Final = (
    "Bots are told by their user agents when events are stored; requests_share is of the requests in "
    "this report."
)
BOTS: Final = report_of(
    Query(_FETCHED, by=("bot", "bot_operator", "bot_class"), where=pl.col("bot").is_not_null()),
    "bots",
    "Which bots come, and how much do they fetch?",
    rules=(_RULE,),
)

AI_CRAWLERS: Final = report_of(
    Query(_FETCHED, by=("bot_operator", "bot", "bot_class"), where=_CLASS.is_in(_AI)),
    "ai-crawlers",
    "Which AI companies fetch pages, and what for?",
    remark="ai-crawler gathers for training, ai-search for an index, ai-assistant fetches because a person asks.",
    rules=(_RULE,),
)

AI_PAGES: Final = report_of(
    Query(
        ("requests", "clients", "bytes", "errors", "last_at"),
        by=("path", "bot_operator", "bot"),
        where=_CLASS.is_in(_AI),
        is_known=True,
    ),
    "ai-pages",
    "Which pages do AI companies fetch?",
    rules=(_RULE,),
)

BOT_PAGES: Final = report_of(
    Query(
        ("requests", "clients", "bytes", "errors", "last_at"),
        by=("path",),
        where=pl.col("bot").is_not_null(),
        is_known=True,
    ),
    "bot-pages",
    "What do bots fetch?",
    rules=(_RULE,),
)

SCANNERS: Final = report_of(
    Query(
        ("requests", "clients", "errors", "error_rate", "first_at", "last_at"),
        by=("bot", "address"),
        where=_CLASS == "scanner",
    ),
    "scanners",
    "Who looks for weaknesses?",
    rules=(_RULE,),
)
