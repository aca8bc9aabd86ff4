"""Read a user's rules from a TOML file, and say what is wrong with it by table and key.

Tables and keys::

    [resources.endings]   page, download, static, api, feed = endings of paths
    [resources.paths]     the same = patterns of paths, with * for anything and ? for one character
    [bots]                not = texts of user agents that are no bots
    [[bots.rules]]        contains = text, or matches = regular expression; name; class
    [referrers]           internal = hosts of one's own
    [[referrers.rules]]   hosts; medium; source, if it is not the host
    [campaigns]           medium, source, campaign, campaign_term, campaign_content = names of parameters
    [scrub]               parameters = names; patterns = regular expressions
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import polars as pl
from polars.exceptions import ComputeError

from footfall.errors import SettingsError
from ingest.enrich.bots import CLASSES as BOT_CLASSES
from ingest.enrich.bots import find_bot
from ingest.enrich.campaign import COLUMNS as CAMPAIGN_COLUMNS
from ingest.enrich.resource import CLASSES as RESOURCE_CLASSES
from ingest.enrich.rules import BotRule, ReferrerRule, Rules

MOST_ENTRIES: Final = 5_000
"""Entries of one list."""

LONGEST_ENTRY: Final = 500
"""Characters of an entry."""

_DOCUMENTED: Final = "see docs/rules.md for the tables and keys of a rules file"
_HOST = re.compile(r"[^\s/:@?#\x00-\x1f]+")

Table = Mapping[str, Any]


class _Wrong(Exception):
    """Something about a key, to be worded with the file."""


def load_rules(path: Path) -> Rules:
    """Return the rules of a file; raises `SettingsError` that names file, key and what is wrong with it."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror or error}", hint=_DOCUMENTED) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} cannot be read as TOML: {error}", hint=_DOCUMENTED) from error

    try:
        return _rules(content)
    except _Wrong as wrong:
        raise SettingsError(f"{path}: {wrong}", hint=_DOCUMENTED) from None


def _rules(content: Table) -> Rules:
    _check_keys("", content, ("resources", "bots", "referrers", "campaigns", "scrub"))
    resources = _table("resources", content)
    _check_keys("resources", resources, ("endings", "paths"))
    bots = _table("bots", content)
    _check_keys("bots", bots, ("not", "rules"))
    referrers = _table("referrers", content)
    _check_keys("referrers", referrers, ("internal", "rules"))
    scrub = _table("scrub", content)
    _check_keys("scrub", scrub, ("parameters", "patterns"))
    return Rules(
        endings=tuple(_pairs("resources.endings", resources, RESOURCE_CLASSES, _ending)),
        paths=tuple(_paths(resources)),
        bots=tuple(_bot_rule(f"bots.rules[{n}]", rule) for n, rule in _tables("bots.rules", bots)),
        not_bots=tuple(_containing(text) for text in _texts("bots.not", bots.get("not", []))),
        internal_hosts=tuple(_hosts("referrers.internal", referrers.get("internal", []))),
        referrers=tuple(_referrer_rules(referrers)),
        campaign_parameters=tuple(_campaign_parameters(_table("campaigns", content))),
        scrub_parameters=tuple(_texts("scrub.parameters", scrub.get("parameters", []))),
        scrub_patterns=tuple(_expressions("scrub.patterns", scrub.get("patterns", []))),
    )


def glob_expression(pattern: str) -> str:
    """Return the regular expression of a pattern in which ``*`` is any text and ``?`` any character."""
    pieces = {"*": ".*", "?": "."}
    return "(?s:^" + "".join(pieces.get(c) or _escaped(c) for c in pattern) + "$)"


def _bot_rule(key: str, rule: Table) -> BotRule:
    _check_keys(key, rule, ("contains", "matches", "name", "class"))
    name, bot_class = (_text(f"{key}.{part}", rule.get(part)) for part in ("name", "class"))
    if bot_class not in BOT_CLASSES:
        raise _Wrong(f"{key}.class: {bot_class!r} is none of {', '.join(BOT_CLASSES)}")

    if ("contains" in rule) == ("matches" in rule):
        raise _Wrong(f"{key} needs either contains or matches")

    if "contains" in rule:
        said = _text(f"{key}.contains", rule["contains"])
        return BotRule(_containing(said), name, bot_class, said)

    said = _text(f"{key}.matches", rule["matches"])
    rule_of = BotRule(_expression(f"{key}.matches", said), name, bot_class, said)
    try:
        find_bot("x", Rules(bots=(rule_of,)))
    except ValueError as error:
        raise _Wrong(f"{key}.matches: {said!r} is no regular expression that can be used here") from error

    return rule_of


def _referrer_rules(referrers: Table) -> Iterable[ReferrerRule]:
    for number, rule in _tables("referrers.rules", referrers):
        key = f"referrers.rules[{number}]"
        _check_keys(key, rule, ("hosts", "medium", "source"))
        medium = _text(f"{key}.medium", rule.get("medium"))
        source = _text(f"{key}.source", rule["source"]) if "source" in rule else None
        for host in _hosts(f"{key}.hosts", rule.get("hosts")):
            yield ReferrerRule(host, medium, source)


def _campaign_parameters(campaigns: Table) -> Iterable[tuple[str, str]]:
    columns = tuple(name for name in CAMPAIGN_COLUMNS if name != "click_id")
    _check_keys("campaigns", campaigns, columns)
    for column, names in campaigns.items():
        yield from ((column, name) for name in _texts(f"campaigns.{column}", names))


def _pairs(
    key: str, resources: Table, classes: tuple[str, ...], entry: Callable[[str], str]
) -> Iterable[tuple[str, str]]:
    said = _table(key, resources)
    _check_keys(key, said, classes)
    for name, texts in said.items():
        yield from ((entry(text), name) for text in _texts(f"{key}.{name}", texts))


def _paths(resources: Table) -> Iterable[tuple[str, str]]:
    """Yield for each class the expression of all its patterns."""
    pairs = _pairs("resources.paths", resources, RESOURCE_CLASSES, glob_expression)
    for name, group in groupby(pairs, key=lambda pair: pair[1]):
        joined = "|".join(expression for expression, _ in group)
        yield _expression(f"resources.paths.{name}", joined), name


def _ending(text: str) -> str:
    return text.removeprefix(".").lower()


def _containing(text: str) -> str:
    return "(?i)" + "".join(map(_escaped, text))


def _escaped(character: str) -> str:
    """Return a character as Rust's regex crate takes it: `re.escape` escapes what that does not know."""
    return f"\\{character}" if character in r"\.+*?()|[]{}^$#&-~" else character


def _hosts(key: str, value: object) -> list[str]:
    hosts = [host.lower().rstrip(".") for host in _texts(key, value)]
    wrong = next((host for host in hosts if not _HOST.fullmatch(host)), None)
    if wrong is not None:
        raise _Wrong(f"{key}: {wrong!r} is no host, as www.example.com; leave out scheme, port and path")

    return hosts


def _expressions(key: str, value: object) -> list[str]:
    return [_expression(key, text) for text in _texts(key, value)]


def _expression(key: str, text: str) -> str:
    try:
        pl.Series([""]).str.contains(text)
    except ComputeError as error:
        reason = " ".join(str(error).split())[:LONGEST_ENTRY]
        raise _Wrong(
            f"{key}: {text[:LONGEST_ENTRY]!r} is no regular expression of Rust's regex crate: {reason}"
        ) from None

    return text


def _table(key: str, parent: Table) -> Table:
    value = parent.get(key.rpartition(".")[2], {})
    if not isinstance(value, dict):
        raise _Wrong(f"{key} has to be a table, [{key}]")

    return value


def _tables(key: str, parent: Table) -> Iterable[tuple[int, Table]]:
    value = parent.get(key.rpartition(".")[2], [])
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise _Wrong(f"{key} has to be an array of tables, [[{key}]]")

    if len(value) > MOST_ENTRIES:
        raise _Wrong(f"{key} has {len(value):,} entries, more than {MOST_ENTRIES:,}")

    return enumerate(value, start=1)


def _texts(key: str, value: object) -> list[str]:
    if not isinstance(value, list):
        raise _Wrong(f'{key} has to be a list of texts, as ["a", "b"]')

    if len(value) > MOST_ENTRIES:
        raise _Wrong(f"{key} has {len(value):,} entries, more than {MOST_ENTRIES:,}")

    return [_text(key, text) for text in value]


def _text(key: str, value: object) -> str:
    if value is None:
        raise _Wrong(f"{key} is missing")

    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_ENTRY:
        raise _Wrong(f"{key}: {value!r} has to be a text of 1 to {LONGEST_ENTRY} characters")

    return value


def _check_keys(key: str, table: Table, known: Iterable[str]) -> None:
    unknown = next((name for name in table if name not in known), None)
    if unknown is not None:
        place = f"in {key}" if key else "at the top"
        raise _Wrong(f"{unknown!r} {place} is not known; there are {', '.join(known)}")
