"""Compute the keys of the table: the same line always gets the same key, on any machine, for ever.

Everything here is part of the stored format. A change needs a new `SCHEMA_VERSION` and a migration, because a replay
under another rule would store its events a second time.

* ``pk = {site}#{UTC date}#{shard}`` spreads a site's day over the table's shards.
* ``sk = {UTC time, ISO 8601, ms}#{source id}{offset, 13 digits}`` orders by time and is unique.
* An event with an id of its own has ``sk = {UTC date}T00:00:00.000Z#id{identity}``: wherever and whenever a beacon is
  read again, it is the same item. Its time, source id and offset are attributes.
* The source id is BLAKE2b-64 of host label, logical file name and first record line.
* The shard is BLAKE2b-32 of address and user agent, modulo the number of shards; for clients that say they crawl, and
  for lines without address, it comes from the offset instead, so that none of them heats one partition. The address is
  the one that the line alone tells, whatever proxies are trusted and whatever salt is in force: the leftmost address
  of X-Forwarded-For, else of Forwarded, else what a CDN says, in its canonical form (RFC 5952), where the line has one
  of them, else the address as it is logged.
* For a beacon with a visitor of its own the shard is BLAKE2b-32 of dialect and visitor; for one without, but with an
  id of its own, the first 32 bits of its identity: wherever it is read again, it is in the same shard.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from hashlib import blake2b
from typing import Final

import polars as pl

SCHEMA_VERSION: Final = 1
SEPARATOR: Final = "#"
OFFSET_DIGITS: Final = 13
SOURCE_ID_DIGITS: Final = 16
IDENTITY_MARK: Final = "id"
IDENTITY_DIGITS: Final = 32
FIRST_LINE_BYTES: Final = 4096
"""How much of a first record line the source id looks at."""

FINGERPRINT_BYTES: Final = 1024
"""How much of a log before a position its fingerprint looks at."""

CRAWLER_TOKENS: Final = ("bot", "crawl", "spider", "slurp", "curl/", "wget/", "python-", "go-http-client")
"""User-agent substrings, lower case, of clients sharded by event. Frozen with `SCHEMA_VERSION`: the list of bots that
reports use may change any day, this one decides where an event is stored."""

_SITE = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?")
_COMPRESSION_SUFFIXES: Final = frozenset({"gz", "bz2", "xz", "lzma", "zst", "zstd"})
_ROTATION = re.compile(
    r"""(?x) (?<= .)
    (?: \. \d{1,4}                                                          # .1
      | [._-] \d{8} (?: [T_-]? \d{2,6} )?                                   # -20260131, -20260131-2359
      | [._-] \d{4}-\d{2} (?: -\d{2} )? (?: [T_-] \d{2} (?: [:-]? \d{2} ){0,2} )?   # -2026-01-31_23-59
      | [._-] \d{9,11}                                                      # .1769817600
      | \. (?: old | bak )
    ) (?= (?: \. (?: log | txt | json | jsonl | ndjson ) )? $ )             # access.1.log is access.log too
    """
)


def is_site(name: str) -> bool:
    """Tell whether `name` can name a site: lower-case letters, digits, dot, dash, underscore; 1 to 253 characters."""
    return _SITE.fullmatch(name) is not None


def logical_name(file_name: str) -> str:
    """Return `file_name`, a base name, without compression and rotation suffixes: `access.log.2.gz` is `access.log`.

    Numbers (`.1`), dates (`-20260131`, `.2026-01-31`, `-2026-01-31_23-59`), epoch seconds, `.old` and `.bak` are
    rotation, at the end or before the extension of a log; a name is never stripped to nothing. A number behind a dash
    is none: `web-1.log` and `web-2.log` are logs of two servers.
    """
    name = file_name
    while True:
        stem, dot, suffix = name.rpartition(".")
        if dot and stem and suffix.lower() in _COMPRESSION_SUFFIXES:
            name = stem
            continue

        shorter = _ROTATION.sub("", name, count=1)
        if shorter == name:
            return name

        name = shorter


def source_id(first_record_line: bytes, file_name: str, host_label: str = "") -> str:
    """Return the identity of a log as 16 hex digits.

    `first_record_line` is the first line that is neither blank nor a comment, as bytes; line ends and a byte-order
    mark are ignored, and at most `FIRST_LINE_BYTES` of it count, so that a giant line does not have to be read whole.
    """
    line = first_record_line.removeprefix(b"\xef\xbb\xbf").rstrip(b"\r\n")[:FIRST_LINE_BYTES]
    parts = (host_label.encode(), logical_name(file_name).encode("utf-8", "surrogateescape"), line)
    return blake2b(b"\0".join(parts), digest_size=8, person=b"footfall-source").hexdigest()


def fingerprint(before: bytes) -> str:
    """Return what a log is recognised by at a position, from the bytes before it, of which the last few count.

    Two logs of one name can begin with the same line; at the position of a checkpoint they are told apart.
    """
    return blake2b(before[-FINGERPRINT_BYTES:], digest_size=8, person=b"footfall-print").hexdigest()


def visitor_id(ip: str, user_agent: str | None, salt: bytes) -> str:
    """Return who sent the request as 16 hex digits, keyed with `salt` (at most 64 bytes)."""
    return _keyed(salt, b"footfall-visitor", ip, user_agent)


def own_visitor_id(dialect: str | None, visitor: str, salt: bytes) -> str:
    """Return who a beacon says has sent it as 16 hex digits, keyed with `salt` (at most 64 bytes).

    An id out of a cookie is personal data like an address, so nobody keeps it as it was sent.
    """
    return _keyed(salt, b"footfall-cookie", dialect, visitor)


def session_id(dialect: str | None, session: str, salt: bytes) -> str:
    """Return a client's own session as 16 hex digits, keyed with `salt` (at most 64 bytes)."""
    return _keyed(salt, b"footfall-session", dialect, session)


def visitor_bucket(ip: str | None, user_agent: str | None) -> int:
    """Return a number in [0, 2**32) that is stable for a visitor whatever the salt; the shard is this modulo N.

    For a beacon's own visitor it is that of its dialect and the visitor, instead of address and user agent. It must
    not depend on the salt: a salt may be replaced or destroyed, the place of an event may not change.
    """
    digest = blake2b(_identity(ip, user_agent), digest_size=4, person=b"footfall-shard").digest()
    return int.from_bytes(digest, "big")


def is_crawler(user_agent: pl.Expr) -> pl.Expr:
    """Tell for each user agent whether its events are sharded by event rather than by visitor."""
    return user_agent.str.to_lowercase().str.contains_any(list(CRAWLER_TOKENS)).fill_null(value=False)


def event_bucket(offset: pl.Expr) -> pl.Expr:
    """Return a number in [0, 2**31) that spreads events evenly over the shards, from the line's offset.

    Neighbouring lines differ in offset by their length; a multiplicative hash (Knuth, TAOCP 3, 6.4; 2654435761 is the
    prime nearest to 2**32 divided by the golden ratio) mixes that into the high bits.
    """
    return ((offset % 2**31) * 2_654_435_761) // 2**16 % 2**31


def identity_bucket(identity: pl.Expr) -> pl.Expr:
    """Return a number in [0, 2**32) for events with ids of their own, null for others."""
    return identity.str.slice(0, 8).str.to_integer(base=16, strict=False)


def partition_key() -> pl.Expr:
    """Return the expression of `pk` over a frame with `site`, `time` and `shard`."""
    on = pl.col("time").dt.strftime("%Y-%m-%d")
    return pl.concat_str(pl.col("site"), on, pl.col("shard").cast(pl.String), separator=SEPARATOR)


def sort_key(*, with_identity: bool = False) -> pl.Expr:
    """Return the expression of `sk` over a frame with `time`, `source_id` and `offset`.

    With `with_identity` the frame has `identity` (see `event_identity`), null for events that are known by their
    line.
    """
    by_line = pl.concat_str(
        pl.col("time").dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ"),
        pl.lit(SEPARATOR),
        pl.col("source_id"),
        pl.col("offset").cast(pl.String).str.zfill(OFFSET_DIGITS),
    )
    if not with_identity:
        return by_line

    day = pl.col("time").dt.strftime("%Y-%m-%dT00:00:00.000Z")
    by_id = pl.concat_str(day, pl.lit(SEPARATOR + IDENTITY_MARK), pl.col("identity"))
    return pl.coalesce(by_id, by_line)


def event_identity(dialect: str, site_id: str | None, event_id: str) -> str:
    """Return what a beacon with an id of its own is known by, as 32 hex digits."""
    parts = "\0".join((dialect, site_id or "", event_id)).encode("utf-8", "surrogateescape")
    return blake2b(parts, digest_size=16, person=b"footfall-event").hexdigest()


def has_identity(sk: str) -> bool:
    """Tell whether a sort key is that of an event with an id of its own."""
    return sk.partition(SEPARATOR)[2].startswith(IDENTITY_MARK)


def offset_of(sk: str) -> int:
    """Return the offset in its source of the line that a sort key was made from."""
    return int(sk[-OFFSET_DIGITS:])


def day_of(pk: str) -> tuple[str, date]:
    """Return the site and the UTC date of a partition key."""
    site, on, _ = pk.split(SEPARATOR)
    return site, date.fromisoformat(on)


def _keyed(salt: bytes, person: bytes, first: str | None, second: str | None) -> str:
    hasher = _hasher(salt, person).copy()
    hasher.update(_identity(first, second))
    return hasher.hexdigest()


@lru_cache(maxsize=1024)
def _hasher(salt: bytes, person: bytes) -> blake2b:
    """Return a BLAKE2b-64 that has taken its key already, to copy: half of the work for an id is the key's."""
    return blake2b(digest_size=8, key=salt, person=person)


def _identity(first: str | None, second: str | None) -> bytes:
    return f"{first or ''}\0{second or ''}".encode("utf-8", "surrogateescape")
