"""The event: one row per request or beacon, and the one place that says what its columns are.

A frame of events has the columns of `EVENTS`, or a subset; a column that is missing and a column that is null mean
the same. `KEYS` are the columns that the table's key carries, so they are never stored as attributes.

Attribute names are short because DynamoDB bills and pages by item size, names included; none of them is a DynamoDB
reserved word, so they can stand in expressions as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl
from polars.datatypes import DataType, DataTypeClass

EXPIRY: Final = "expires_at"
EXPIRY_ATTRIBUTE: Final = "xp"
"""What DynamoDB's TTL is told to look at: a Number of epoch seconds ("Using time to live (TTL) in DynamoDB")."""

MONEY: Final = pl.Decimal(18, 4)
TIME: Final = pl.Datetime("ms", "UTC")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the event.

    `attribute` is its name in the items layout, None where the key carries it; `unit` is empty for text.
    """

    name: str
    dtype: DataType | DataTypeClass
    attribute: str | None
    unit: str
    meaning: str
    source: str

    @property
    def is_number(self) -> bool:
        """Whether DynamoDB keeps it as a Number (type N) rather than a String (type S)."""
        return self.dtype != pl.String


def _text(name: str, attribute: str | None, meaning: str, source: str) -> Column:
    return Column(name, pl.String, attribute, "", meaning, source)


def _count(name: str, attribute: str | None, unit: str, meaning: str, source: str) -> Column:
    return Column(name, pl.Int64, attribute, unit, meaning, source)


KEYS: Final = (
    _text("site", None, "site the event belongs to", "--site, or the virtual host"),
    Column("time", TIME, None, "ms", "when the request arrived, UTC", "log or beacon"),
    Column("shard", pl.Int32, None, "", "partition of the site's day, from the visitor", "computed"),
    _text("source_id", None, "identity of the log the line stands in", "computed"),
    _count("offset", None, "bytes", "where the line starts in the decompressed log", "computed"),
)

ATTRIBUTES: Final = (
    _text("kind", "k", "request, or what a beacon tells of; see docs/beacons.md", "format"),
    _text("resource", "rs", "page, download, static, api or feed", "computed"),
    _text("dialect", "dl", "dialect of the beacon, null for a request", "computed"),
    _text("event_id", "id", "the beacon's own id, which makes the key", "beacon"),
    _text("method", "m", "HTTP method", "request line"),
    _text("host", "h", "virtual host that answered", "log"),
    _text("path", "p", "path of the request, without the query", "request line"),
    _text("query", "q", "query string, without the question mark", "request line"),
    _text("protocol", "pr", "protocol and version, as HTTP/1.1", "request line"),
    _text("request", "rq", "request line as logged, only where it is not HTTP", "request line"),
    _count("status", "st", "", "HTTP status code of the reply", "log"),
    _count("bytes", "b", "bytes", "size of the reply as logged", "log"),
    Column("duration_ms", pl.Float64, "d", "ms", "time taken to answer", "log"),
    _text("ip", "ip", "client address, masked unless the run says otherwise", "log"),
    _text("user", "u", "authenticated user", "log"),
    _text("user_agent", "ua", "User-Agent header", "log"),
    _text("referrer", "rf", "Referer header, or the beacon's referrer", "log or beacon"),
    _text("referrer_host", "rh", "host of the referrer, lower case, without port", "computed"),
    _text("visitor", "v", "keyed hash of address and user agent, or the beacon's own visitor", "computed"),
    _text("session", "sid", "the client's own session id", "beacon"),
    _text("title", "ti", "page title", "beacon"),
    _text("language", "lg", "language the client asks for", "beacon or log"),
    _text("screen", "sc", "screen size, as 1920x1080", "beacon"),
    _text("medium", "cm", "medium of the campaign or of the referrer", "computed"),
    _text("source", "cs", "source of the campaign, or name or host of the referrer", "computed"),
    _text("campaign", "cn", "campaign name", "query or beacon"),
    _text("campaign_term", "ct", "campaign search terms", "query or beacon"),
    _text("campaign_content", "cc", "campaign content or ad", "query or beacon"),
    _text("click_id", "gi", "parameter that an advertiser's click id came in, as gclid", "computed"),
    _text("browser", "br", "browser family", "computed"),
    _text("browser_version", "bv", "browser version", "computed"),
    _text("os", "osn", "operating system", "computed"),
    _text("os_version", "ov", "operating system version", "computed"),
    _text("device", "dv", "device class", "computed"),
    _text("bot", "bt", "name of the bot, null for people", "computed"),
    _text("bot_class", "bc", "class of the bot", "computed"),
    _text("bot_reason", "bn", "what told the bot: the pattern or the rule", "computed"),
    _text("country", "co", "country, ISO 3166-1 alpha-2", "computed"),
    _text("region", "rg", "region, ISO 3166-2", "computed"),
    _text("city", "ci", "city", "computed"),
    _text("event_category", "ec", "category of the action", "beacon"),
    _text("event_action", "ea", "name of the action", "beacon"),
    _text("event_label", "el", "label of the action", "beacon"),
    Column("event_value", pl.Float64, "ev", "", "value of the action", "beacon"),
    _text("target", "tg", "URL that a click leads to, or that was downloaded", "beacon"),
    _text("page_type", "pt", "type of the page, by the site's own word", "beacon"),
    _text("order", "oid", "order id", "beacon"),
    Column("revenue", MONEY, "rv", "currency", "order total", "beacon"),
    Column("tax", MONEY, "tx", "currency", "tax within the order", "beacon"),
    Column("shipping", MONEY, "sp", "currency", "shipping of the order", "beacon"),
    _text("currency", "cu", "currency, ISO 4217", "beacon"),
    _text("items", "li", "line items, a JSON array of sku, name, category, price, quantity", "beacon"),
    _text("props", "pp", "further properties, a JSON object", "beacon"),
    _text("cache_status", "ca", "what the cache did", "log"),
    _text("tls_version", "tv", "TLS version", "log"),
    _text("tls_cipher", "tc", "TLS cipher suite", "log"),
    _text("mime", "mt", "content type of the reply", "log"),
    _count(
        EXPIRY, EXPIRY_ATTRIBUTE, "s", "epoch second from which on DynamoDB may delete it (TTL)", "computed"
    ),
)

EVENTS: Final = KEYS + ATTRIBUTES
SCHEMA: Final = pl.Schema({column.name: column.dtype for column in EVENTS})


def conform(frame: pl.DataFrame) -> pl.DataFrame:
    """Return `frame` with exactly the columns of `SCHEMA`, in order; what it lacks is null, what is foreign goes."""
    return frame.select(
        pl.col(name).cast(dtype) if name in frame.columns else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in SCHEMA.items()
    )
