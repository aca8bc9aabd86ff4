"""Tell browser, system, device and bots by the user agent, once for each distinct one.

Browsers and systems are told by ua-parser (Apache-2.0) with its Rust core, bots by `ingest.enrich.bots`, devices by
`ingest.enrich.devices`. A process remembers a limited number of user agents, for all its threads.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING, Final

import polars as pl

from ingest.enrich.bots import find_bot
from ingest.enrich.devices import device_class
from ingest.enrich.distinct import Distinct
from ingest.enrich.rules import Rules
from ingest.enrich.settings import EnrichSettings

if TYPE_CHECKING:
    from ua_parser import PartialResult

COLUMNS: Final = (
    "browser",
    "browser_version",
    "os",
    "os_version",
    "device",
    "bot",
    "bot_class",
    "bot_reason",
)
AGENT_LOGGED: Final = "agent_logged"
"""Column that says whether the log has a place for the user agent, which may be empty; true without it."""

LONGEST_AGENT: Final = 1_024
"""Characters of a user agent that are looked at; what browsers send is shorter by far."""

REMEMBERED: Final = 32_768

Agent = tuple[str | None, ...]


def classify_agent(events: pl.DataFrame, settings: EnrichSettings) -> pl.DataFrame:
    """Add browser, browser_version (major.minor), os, os_version, device, bot, bot_class and bot_reason.

    A column that the log has itself is kept. All are null where the log has no user agents (`AGENT_LOGGED`), since
    then nobody knows what the client has sent.
    """
    distinct = Distinct.of(events, "user_agent")
    told = _remembering(settings.options.rules)
    rows = [told((agent or "")[:LONGEST_AGENT]) for agent in distinct.values(events["user_agent"])]
    columns = zip(*rows, strict=True) if rows else [()] * len(COLUMNS)
    told_columns = (
        distinct.spread(pl.Series(name, values, dtype=pl.String))
        for name, values in zip(COLUMNS, columns, strict=True)
        if name not in events.columns
    )
    if AGENT_LOGGED not in events.columns:
        return events.with_columns(told_columns)

    return events.with_columns(pl.when(AGENT_LOGGED).then(each).alias(each.name) for each in told_columns)


def tell_agent(agent: str, rules: Rules) -> Agent:
    """Return what `agent` says of each of `COLUMNS`."""
    said = _parser()(agent)
    browser, system = said.user_agent, said.os
    bot = find_bot(agent, rules)
    device = "bot" if bot is not None else device_class(agent, system.family if system else None)
    return (
        browser.family if browser else None,
        _version(browser.major, browser.minor) if browser else None,
        system.family if system else None,
        _version(system.major, system.minor) if system else None,
        device,
        bot.name if bot else None,
        bot.bot_class if bot else None,
        bot.reason if bot else None,
    )


@lru_cache(maxsize=8)
def _remembering(rules: Rules) -> Callable[[str], Agent]:
    return lru_cache(maxsize=REMEMBERED)(partial(tell_agent, rules=rules))


@cache
def _parser() -> Callable[[str], PartialResult]:
    # Imported late: commands that see no user agent should not wait for its expressions.
    from ua_parser import Domain
    from ua_parser.loaders import load_lazy_builtins
    from ua_parser.regex import Resolver

    resolver = Resolver(load_lazy_builtins())
    return lambda agent: resolver(agent, Domain.USER_AGENT | Domain.OS)


def _version(major: str | None, minor: str | None) -> str | None:
    if major is None:
        return None

    return f"{major}.{minor}" if minor is not None else major
