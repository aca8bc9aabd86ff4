"""Decode and normalise the URL of each event, so that one page has one spelling (RFC 3986, 6.2.2).

What is done loses nothing: `%41` and `A` are the same by the RFC, `%2F` and `/` are not, so what is reserved stays
encoded, and so do controls, what is not UTF-8 and what cannot be seen. A path with a `%` that encodes nothing stays
as it is altogether. Session ids go, from the path (``;jsessionid=``) and from the query, because they are no part of
a page's name and give access to somebody's session. Click ids stay in the query: the campaign is read of them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import polars as pl

from ingest.enrich.distinct import Distinct, encode_again
from ingest.enrich.settings import EnrichSettings

SESSION_PARAMETERS: Final = (
    "phpsessid",
    "jsessionid",
    "aspsessionid",
    "sessionid",
    "sid",
    "doing_wp_cron",
    "pk_vid",
    "fb_xd_fragment",
    "fb_comment_id",
)
"""Parameters that name a session or keep caches away, in any case; Matomo leaves them out too."""

LONGEST_REMEMBERED: Final = 512
"""Longer texts are not remembered: a stranger could fill the memory with them."""

_UNUSUAL_PATH: Final = r"^(?:$|[^/])|[%;#]|/\."
_UNUSUAL_HOST: Final = r"[^\x00-\x7f]|[A-Z:]|\.$"
_WITH_PORT: Final = r"^(\[[^\]]*\]|[^:]*):[0-9]*$"
_SESSION_IN_QUERY: Final = rf"(?i)(^|&)(?:{'|'.join(SESSION_PARAMETERS)})=[^&#]*"
_UNUSUAL_QUERY: Final = rf"#|(?i-u:{'|'.join(SESSION_PARAMETERS)})="

_ABSOLUTE = re.compile(r"(?i)https?://(?:[^/?#@]*@)?([^/?#@]*)(.*)", re.DOTALL)
_ENCODED = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_STRAY = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SESSION_IN_PATH = re.compile(r"(?i);(?:jsessionid|phpsessid|aspsessionid[a-z]*|sessionid)=[^/;]*")
_UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def normalise_url(events: pl.DataFrame, settings: EnrichSettings) -> pl.DataFrame:  # noqa: ARG001  # as all steps
    """Return `events` with path, query and host in their normal spelling.

    A target in absolute form (RFC 9112, 3.2.2) becomes a path where it names the host that the log names. Others
    stay as they are: somebody takes the server for a proxy, and what they ask for is no page of this site, nor a
    site.
    """
    return _normal_queries(_normal_paths(_normal_hosts(events)))


def normal_path(target: str) -> str:
    """Return the normal spelling of a path, or of the path of a URL; ``*`` and ``host:port`` stay as they are."""
    path = target if target.startswith("/") else _path_of(target)
    path = path.partition("#")[0]
    if not path.startswith("/"):
        return path or "/"

    if _STRAY.search(path):
        return path

    return _without_dots(_SESSION_IN_PATH.sub("", _ENCODED.sub(_decoded, path)))


@lru_cache(maxsize=32_768)
def _remembered_path(target: str) -> str:
    return normal_path(target)


def target_host(target: str) -> str | None:
    """Return the host that a target in absolute form names, lower case without port, None for any other."""
    absolute = None if target.startswith("/") else _ABSOLUTE.match(target)
    return re.sub(_WITH_PORT, r"\1", absolute[1].lower()).removesuffix(".") if absolute else None


def _spelling(target: str) -> str:
    return _remembered_path(target) if len(target) <= LONGEST_REMEMBERED else normal_path(target)


def _path_of(target: str) -> str:
    absolute = _ABSOLUTE.match(target)
    if absolute is None:
        return target

    rest = absolute[2]
    return rest if rest.startswith("/") else f"/{rest}"


def _decoded(run: re.Match[str]) -> str:
    text = bytes.fromhex(run.group().replace("%", "")).decode("utf-8", "surrogateescape")
    return "".join(c if c in _UNRESERVED or (c > "\x7f" and c.isprintable()) else _encoded(c) for c in text)


def _encoded(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogateescape"))


def _without_dots(path: str) -> str:
    """Remove dot segments (RFC 3986, 5.2.4); empty segments stay."""
    if "/." not in path:
        return path

    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)

    if segments[-1] in (".", ".."):
        kept.append("")

    return "/" + "/".join(kept)


def _normal_paths(events: pl.DataFrame) -> pl.DataFrame:
    distinct = Distinct.of(events, "path")
    seen = distinct.values(events["path"])
    targets = seen.filter(seen.str.contains(_UNUSUAL_PATH))
    if targets.is_empty():
        return events

    spelt = pl.Series([_spelling(target) for target in targets], dtype=pl.String)
    hosts = pl.Series([target_host(target) for target in targets], dtype=pl.String)
    changes, changed = [pl.lit(distinct.spread(seen.replace(targets, spelt))).alias("path")], []
    if hosts.null_count() < len(hosts):
        asked = distinct.spread(seen.replace_strict(targets, hosts, default=None, return_dtype=pl.String))
        is_own = asked.is_null() | (asked == events["host"]).fill_null(value=False)
        changes = [pl.when(is_own).then(changes[0]).otherwise("path").alias("path")]
        changed += ["path"] if events["host"].null_count() < len(events) else []

    if targets.str.contains("#", literal=True).any():
        has_fragment = pl.col("path").str.contains("#", literal=True).fill_null(value=False)
        changes.append(pl.when(~has_fragment).then("query").alias("query"))
        changed += ["query"]

    # Without hosts, equal paths are spelt equally; a query is not told by itself.
    return encode_again(events.with_columns(changes), *changed)


def _normal_hosts(events: pl.DataFrame) -> pl.DataFrame:
    hosts = events.get_column("host")
    if hosts.null_count() == len(hosts) or not hosts.str.contains(_UNUSUAL_HOST).any():
        return events

    bare = pl.col("host").str.to_lowercase().str.replace(_WITH_PORT, "${1}").str.strip_suffix(".")
    return events.with_columns(bare)


def _normal_queries(events: pl.DataFrame) -> pl.DataFrame:
    if events["query"].null_count() == len(events):
        return events

    distinct = Distinct.of(events, "query")
    seen = distinct.values(events["query"])
    unusual = seen.filter(seen.str.contains(_UNUSUAL_QUERY))
    if unusual.is_empty():
        return events

    bare = unusual.str.replace(r"(?s)#.*$", "").str.replace_all(_SESSION_IN_QUERY, "").str.strip_prefix("&")
    normal = distinct.spread(seen.replace(unusual, bare.set(bare == "", None)))
    of_page = pl.when(pl.col("path").is_not_null()).then(normal).otherwise("query")
    return encode_again(events.with_columns(of_page.alias("query")), "query")
