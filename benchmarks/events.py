"""Synthetic events of a busy site, made by column: what the catalogue is measured on.

A seed gives the same events everywhere. Visitors come back, read some pages a visit with the files belonging to them,
some buy, click and search; crawlers and scanners come along; popularity of pages and visitors is uneven, as in logs.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from footfall.event import conform

CHUNK_EVENTS: Final = 500_000
START: Final = datetime(2026, 1, 1, tzinfo=UTC)
DAYS: Final = 30
PAGES: Final = 20_000
VISITORS_PER_MILLION: Final = 60_000

_BROWSERS: Final = (
    ("Chrome", "126"),
    ("Safari", "17.4"),
    ("Firefox", "128"),
    ("Edge", "126"),
    ("Samsung Internet", "25"),
)
_SYSTEMS: Final = (
    ("Windows", "10"),
    ("iOS", "17.5"),
    ("Android", "14"),
    ("Mac OS X", "14.5"),
    ("Linux", None),
)
_ORIGINS: Final = (
    (None, None, "direct", None),
    ("https://www.google.com/", "www.google.com", "search", "Google"),
    ("https://news.example.net/top", "news.example.net", "referral", "news.example.net"),
    ("https://chatgpt.com/", "chatgpt.com", "ai-assistant", "ChatGPT"),
    ("https://www.facebook.com/", "www.facebook.com", "social", "Facebook"),
)
_ITEM: Final = '[{{"sku":"s{0}","name":"Product {0}","category":"books","price":{0},"quantity":1}}]'
_BOTS: Final = (("Googlebot", "search"), ("GPTBot", "ai-crawler"), ("bingbot", "search"), ("Nmap", "scanner"))


def write_events(folder: Path, count: int, seed: int = 1) -> None:
    """Write `count` events as Parquet files of `CHUNK_EVENTS` rows into `folder`, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for part, begins in enumerate(range(0, count, CHUNK_EVENTS)):
        events = some_events(
            min(CHUNK_EVENTS, count - begins), begins, count, np.random.default_rng([seed, part])
        )
        events.write_parquet(folder / f"part-{part:05}.parquet", compression="zstd", statistics=True)


def some_events(count: int, begins: int, total: int, random: np.random.Generator) -> pl.DataFrame:
    """Return `count` events with the columns of `footfall.event.SCHEMA`; their offsets follow `begins`."""
    visitors = max(1, total * VISITORS_PER_MILLION // 1_000_000)
    # Visits of some hits each: the hits of one are neighbours, seconds apart.
    sizes = np.minimum(random.geometric(0.12, count), 60)
    visit = np.repeat(np.arange(count), sizes)[:count]
    heads = visit.max() + 1
    who = (visitors * random.power(2.0, heads)).astype(np.int64)[visit]
    begun = random.integers(0, DAYS * 86_400_000, heads)[visit]
    is_bot = who % 9 == 0
    step = np.where(np.diff(visit, prepend=-1) == 0, random.exponential(9_000, count), 0)
    moment = np.cumsum(step)
    first = np.maximum.accumulate(np.where(np.diff(visit, prepend=-1) != 0, moment, 0))
    place = random.random(count)
    columns = _columns(count, who, is_bot, place, random, np.diff(visit, prepend=-1) != 0)
    frame = pl.DataFrame(columns).with_columns(
        (
            pl.lit(START).cast(pl.Datetime("ms", "UTC"))
            + pl.duration(milliseconds=pl.lit(pl.Series(begun + (moment - first).astype(np.int64))))
        ).alias("time"),
        pl.Series("offset", np.arange(begins, begins + count) * 230),
        (pl.Series("who", who) % 16).cast(pl.Int32).alias("shard"),
        site=pl.lit("example.org"),
        source_id=pl.lit("0123456789abcdef"),
        host=pl.lit("www.example.org"),
        method=pl.lit("GET"),
        protocol=pl.lit("HTTP/2.0"),
    )
    return conform(frame)


def _columns(
    count: int, who: Any, is_bot: Any, place: Any, random: np.random.Generator, is_first: Any
) -> dict[str, Any]:
    static, beacon = place < 0.6, place > 0.95
    page = _numbered((PAGES * random.power(0.35, count)).astype(np.int64))
    kinds = pl.Series(["event", "search", "outlink", "download", "transaction", "request"])
    kind = kinds.gather(np.where(beacon, random.integers(0, 5, count), 5))
    statuses = random.choice([200, 304, 404, 301, 500], count, p=[0.9, 0.05, 0.03, 0.015, 0.005])
    folders = pl.Series(["/assets/", "/articles/"]).gather(np.where(static, 0, 1))
    endings = pl.Series([".css", ""]).gather(np.where(static, 0, 1))
    return {
        "kind": kind,
        "resource": pl.Series(["static", "page", None]).gather(np.where(beacon, 2, np.where(static, 0, 1))),
        "path": folders + page + endings,
        "query": _where(random.random(count) < 0.1, "page=2"),
        "status": np.where(beacon, 200, statuses),
        "bytes": random.integers(200, 90_000, count),
        "duration_ms": np.round(random.lognormal(3.0, 1.0, count), 1),
        "ip": _picked("198.51.{}.0", who % 60_000 // 250),
        "user_agent": _picked("Mozilla/5.0 (synthetic {}) AppleWebKit/537.36", who % 700),
        "visitor": _hexadecimal(who),
        **_client(who),
        **_origin(who, is_first, random),
        **_bots(who, is_bot),
        **_actions(count, kind, random),
    }


def _numbered(codes: Any) -> pl.Series:
    return _picked("{}", codes)


def _where(mask: Any, value: str | pl.Series) -> pl.Series:
    """Return `value` where `mask` holds, null elsewhere."""
    filled = (
        value if isinstance(value, pl.Series) else pl.Series([value]).gather(np.zeros(len(mask), np.uint32))
    )
    return filled.zip_with(pl.Series(mask), pl.Series([None], dtype=filled.dtype))


def _picked(pattern: str, codes: Any) -> pl.Series:
    texts = pl.Series([pattern.format(code) for code in range(int(codes.max()) + 1)])
    return texts.gather(codes)


def _hexadecimal(who: Any) -> pl.Series:
    texts = pl.Series([f"{value * 0x9E3779B97F4A7C15 % 2**64:016x}" for value in range(int(who.max()) + 1)])
    return texts.gather(who)


def _client(who: Any) -> dict[str, Any]:
    browsers, systems = pl.DataFrame(_BROWSERS, orient="row"), pl.DataFrame(_SYSTEMS, orient="row")
    return {
        "browser": browsers["column_0"].gather(who % 5),
        "browser_version": browsers["column_1"].gather(who % 5),
        "os": systems["column_0"].gather(who // 5 % 5),
        "os_version": systems["column_1"].gather(who // 5 % 5),
        "device": pl.Series(["desktop", "mobile", "tablet"]).gather(who // 25 % 3),
        "country": pl.Series(["DE", "US", "FR", "GB", "NL", "PL", "IN", "BR"]).gather(who // 75 % 8),
        "city": _picked("City {}", who % 400),
        "language": pl.Series(["de", "en", "fr", "pl"]).gather(who // 600 % 4),
        "screen": pl.Series(["1920x1080", "390x844", "1440x900"]).gather(who // 25 % 3),
    }


def _origin(who: Any, is_first: Any, random: np.random.Generator) -> dict[str, Any]:
    origins = pl.DataFrame(
        _ORIGINS,
        orient="row",
        schema=["referrer", "referrer_host", "medium", "source"],
        infer_schema_length=None,
    )
    codes = np.where(is_first, random.choice(5, len(who), p=[0.4, 0.3, 0.15, 0.05, 0.1]), 5)
    inside = pl.DataFrame(
        [("https://www.example.org/", "www.example.org", "internal", None)],
        orient="row",
        schema=origins.schema,
    )
    chosen = pl.concat([origins, inside])[codes.astype(np.uint32)]
    campaign = _where(is_first & (random.random(len(who)) < 0.05), "spring")
    return {**chosen.to_dict(), "campaign": campaign}


def _bots(who: Any, is_bot: Any) -> dict[str, Any]:
    bots = pl.DataFrame(
        [*_BOTS, (None, None)], orient="row", schema=["bot", "bot_class"], infer_schema_length=None
    )
    return bots[np.where(is_bot, who % 4, 4).astype(np.uint32)].to_dict() | {}


def _actions(count: int, kind: pl.Series, random: np.random.Generator) -> dict[str, Any]:
    bought, acted = kind == "transaction", kind == "event"
    price = pl.Series(np.round(random.lognormal(3, 0.6, count), 2)).cast(pl.Decimal(18, 4))
    items = _picked(_ITEM, random.integers(0, 50, count))
    return {
        "order": _where(bought, _numbered(np.arange(count))),
        "revenue": _where(bought, price),
        "items": _where(bought, items),
        "event_category": _where(acted, "video"),
        "event_action": _where(
            acted, pl.Series(["play", "open", "submit"]).gather(random.integers(0, 3, count))
        ),
        "event_label": _where(kind == "search", "shoes"),
        "target": _where(kind == "outlink", "https://example.com/out"),
    }
