"""Dimensions of requests and answers."""

from __future__ import annotations

from typing import Final

import polars as pl

from reports.query.dimensions.making import DONE, VISITED, plain, worked_out
from reports.query.dimensions.operators import operator_of

SERVING: Final = (
    plain("status", "HTTP status code of the answer", *DONE, unit="status"),
    worked_out(
        "status_class",
        "class of the status code, as 4xx",
        pl.concat_str(pl.col("status") // 100, pl.lit("xx")),
        *DONE,
    ),
    plain("method", "HTTP method", *DONE),
    plain("protocol", "protocol and version, as HTTP/1.1", "events"),
    plain("mime", "content type of the answer", "events"),
    plain("tls_version", "TLS version", "events"),
    plain("tls_cipher", "TLS cipher suite", "events"),
    plain("cache_status", "what the cache did", "events"),
    plain("bot", "name of the bot, empty for people", *VISITED),
    worked_out(
        "bot_operator",
        "company that operates the bot, empty where it is not known",
        operator_of(pl.col("bot")),
        *VISITED,
    ),
    plain("bot_class", "class of the bot", *VISITED),
    plain("bot_reason", "what told the bot", "events"),
)
