"""Tell where visitors came from, by the referrer, where no campaign said so.

The medium is ``direct`` (no referrer, or one that names no host), ``internal`` (the event's own host or site, or one
of the rules'), ``search``, ``social``, ``mail``, ``ai-assistant`` or ``paid`` (hosts of the lists, or what a rule
says), else ``referral``; the source is the name on the list, or the host without ``www.``. Hosts are compared as a
whole and by their domains, never by parts of names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Final

import polars as pl

from ingest.enrich.campaign import LONGEST_QUERY, are_visiting, clean_value, is_visiting
from ingest.enrich.distinct import Distinct, Memory
from ingest.enrich.origins import Origin, find_origin, known_origins
from ingest.enrich.rules import Rules
from ingest.enrich.settings import EnrichSettings

DIRECT: Final = "direct"
INTERNAL: Final = "internal"
REFERRAL: Final = "referral"

LONGEST_HOST: Final = 255
"""Characters of a host that count: a name has 253 at most (RFC 1035, 2.3.4)."""

_REFERRER_HOST: Final = (
    r"^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#]*@)?"
    r"""(\[[0-9A-Fa-f:.]+\]|[^\s\x00-\x1f\x7f/?#:@\[\]\\<>"^`{|}]+)(?::[0-9]*)?(?:[/?#]|$)"""
)
"""The host of an absolute URL (RFC 3986, 3.2), which may be an internationalised name as it was typed."""

_FILLED: Final = ("medium", "source", "campaign_term")


@dataclass(frozen=True, slots=True)
class Came:
    """Where somebody came from by a host: medium and source, and the parameters of what was searched for."""

    medium: str
    source: str | None
    terms: tuple[str, ...]


_DIRECTLY: Final = Came(DIRECT, None, ())
_INTERNALLY: Final = Came(INTERNAL, None, ())


def classify_referrer(events: pl.DataFrame, settings: EnrichSettings) -> pl.DataFrame:
    """Add referrer_host, in lower case, without port and user, null where there is no URL with a host; and fill
    medium, source and campaign_term of page views and requests that no campaign has brought.
    """
    distinct = Distinct.of(events, "referrer")
    known = _knowing(settings.site, settings.options.rules)(distinct.values(events["referrer"]))
    joined = events.with_columns(
        distinct.spread(column) for column in known if column.name not in events.columns
    )
    if not _is_empty(events, "host"):
        joined = _with_internal(joined)

    if all(_is_empty(events, name) for name in _FILLED) and are_visiting(events):
        mine = {_mine(name): name for name in _FILLED}
        return joined.drop("_bare", *_FILLED, strict=False).rename(mine)

    return _filled(joined).drop("_bare", *(_mine(name) for name in _FILLED))


def came_by(host: str, rules: Rules) -> Came:
    """Return where somebody came from whose referrer has `host`, lower case."""
    origin = find_origin(host, _own_origins(rules)) or find_origin(host, known_origins())
    if origin is None:
        return Came(REFERRAL, host.removeprefix("www."), ())

    return Came(origin.medium, origin.source or None, origin.terms)


def searched_for(referrer: str, terms: tuple[str, ...]) -> str | None:
    """Return what was searched for, where the URL of a search engine says it in one of the parameters `terms`."""
    query = "&" + referrer[:LONGEST_QUERY].partition("?")[2].partition("#")[0]
    for name in terms:
        value = query.partition(f"&{name}=")[2].partition("&")[0]
        searched = clean_value(value) if value else ""
        if searched:
            return searched

    return None


@lru_cache(maxsize=8)
def _knowing(site: str | None, rules: Rules) -> Memory:
    return Memory(partial(_known, site=site, rules=rules))


def _known(referrers: pl.Series, site: str | None, rules: Rules) -> pl.DataFrame:
    """Return what is to know of distinct referrers."""
    hosts = referrers.str.extract(_REFERRER_HOST).str.to_lowercase()
    bare = hosts.str.strip_prefix("www.")
    own = site.removeprefix("www.") if site else None
    by_host = Distinct.of_values(hosts)
    came = _came(by_host.values(hosts), by_host.values(bare), own, rules)
    terms = [by.terms for by in came]
    searched = [
        searched_for(referrer, terms[place]) if terms[place] else None
        for referrer, place in zip(referrers, by_host.places.to_list(), strict=True)
    ]
    return pl.DataFrame(
        {
            "referrer_host": hosts,
            "_bare": bare,
            "_medium": by_host.spread(_texts([by.medium for by in came])),
            "_source": by_host.spread(_texts([by.source for by in came])),
            "_campaign_term": _texts(searched),
        }
    )


def _came(hosts: pl.Series, bare: pl.Series, own: str | None, rules: Rules) -> list[Came]:
    """Return where somebody came from by each of `hosts`; `own` is the site's, like those of `bare` without www."""
    came_by_host = _remembering(rules)
    return [
        _DIRECTLY if host is None else _INTERNALLY if name == own else came_by_host(host[:LONGEST_HOST])
        for host, name in zip(hosts, bare, strict=True)
    ]


@lru_cache(maxsize=8)
def _remembering(rules: Rules) -> Callable[[str], Came]:
    return lru_cache(maxsize=65_536)(partial(came_by, rules=rules))


@lru_cache(maxsize=8)
def _own_origins(rules: Rules) -> Mapping[str, Origin]:
    said = {rule.host: Origin(rule.medium, rule.source or rule.host) for rule in rules.referrers}
    own = {host: Origin(INTERNAL, "") for host in rules.internal_hosts}
    return MappingProxyType(own | said)


def _with_internal(events: pl.DataFrame) -> pl.DataFrame:
    """Correct what was found of events whose referrer is on the host that answered."""
    is_internal = (pl.col("_bare") == pl.col("host").str.strip_prefix("www.")).fill_null(value=False)
    return events.with_columns(
        pl.when(is_internal).then(pl.lit(INTERNAL)).otherwise("_medium").alias("_medium"),
        pl.when(~is_internal).then("_source"),
        pl.when(~is_internal).then("_campaign_term"),
    )


def _filled(events: pl.DataFrame) -> pl.DataFrame:
    """Fill what campaigns and beacons have left open."""
    missing = [name for name in _FILLED if name not in events.columns]
    events = events.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in missing)
    is_open = pl.col("medium").is_null() & is_visiting()
    is_named = pl.col("source").is_not_null() & (pl.col("_medium") == DIRECT)
    medium = pl.when(is_named).then(pl.lit(REFERRAL)).otherwise("_medium")
    return events.with_columns(
        pl.coalesce("medium", pl.when(is_open).then(medium)).alias("medium"),
        pl.coalesce("source", pl.when(is_open).then("_source")).alias("source"),
        pl.coalesce("campaign_term", pl.when(is_open).then("_campaign_term")).alias("campaign_term"),
    )


def _is_empty(events: pl.DataFrame, name: str) -> bool:
    return name not in events.columns or events.get_column(name).null_count() == len(events)


def _mine(name: str) -> str:
    return f"_{name}"


def _texts(values: list[str | None]) -> pl.Series:
    return pl.Series(values, dtype=pl.String)
