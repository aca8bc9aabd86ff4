"""Tell bots by the user agent: their name, their class, and what told them.

Four witnesses, of which the first that says something is believed: the user's rules; footfall's own table
(`lists/bots.toml`), which has the names and classes of those that matter; the list of the package
crawler-user-agents (MIT), where no person's browser would be hit by it; and the form of the text, which is a word
that ends in bot, crawler or the like, or the address of somebody to complain to.

All are regular expressions in sets of the `regex` crate that look at a text once, in linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final

import ua_parser_rs

from ingest.enrich.lists.reading import read_list
from ingest.enrich.rules import Rules

CLASSES: Final = (
    "search",
    "ai-crawler",
    "ai-assistant",
    "ai-search",
    "seo",
    "monitoring",
    "preview",
    "feed",
    "library",
    "headless",
    "scanner",
    "archiver",
    "advertising",
    "other",
    "unknown",
)
"""Classes of bots: ``ai-crawler`` gathers for training, ``ai-search`` for an index, ``ai-assistant`` fetches
because a person asks. ``unknown`` sent no user agent at all.
"""

NO_AGENT: Final = "no user agent"

TAGS: Final = {
    "ai-crawler": "ai-crawler",
    "search-engine": "search",
    "seo": "seo",
    "monitoring": "monitoring",
    "scanner": "scanner",
    "advertising": "advertising",
    "social-preview": "preview",
    "feed-reader": "feed",
    "http-library": "library",
    "archiver": "archiver",
    "browser-automation": "headless",
    "academic": "other",
}
"""Tag of crawler-user-agents → class; of several tags, the one that stands first here."""

PERSONS: Final = frozenset(
    {"Amazon CloudFront", "Fluid", "Asana\\/", "^Silk\\/", "Trae\\/", "Code\\/1\\.", "Hotjar", "Sonic"}
)
"""Patterns of crawler-user-agents that persons' clients have too: a CDN's word instead of theirs, apps, browsers,
phones (``PanaSonic``)."""

_WORD: Final = (
    r"(?i)(?:^|[^a-z0-9._-])([a-z0-9._-]*(?:bots?|crawler|spider|slurp|scraper|fetcher|archiver|harvester|validator))"
    r"(?:[^a-z]|$)"
)
_CONTACT: Final = (r"\+\s?https?://", r"(?i)[a-z0-9._+-]+(?:@|\(at\))[a-z0-9-]+\.[a-z]{2,}", r"\+mailto:")
_ORDINARY_WORDS: Final = ("cubot", "talkbot", "abot")
"""Words that end like bots and are phones."""

_PRODUCT = re.compile(r"[A-Za-z][A-Za-z0-9 ._!-]*")
_SPECIAL = re.compile(r"[\[\](){}*+?|^$.]")
_NAME_ENDS = re.compile(r" \(|;|/\d")
_LAST: Final = ("headless", "library")
_ALPHANUMERIC: Final = r"(?i)(?:^|[^a-z0-9])"


@dataclass(frozen=True, slots=True)
class Bot:
    """A bot: its name, its class, one of `CLASSES` or a user's own, and what told it."""

    name: str
    bot_class: str
    reason: str


@dataclass(frozen=True, slots=True)
class Witness:
    """A set of expressions, and the bot that each tells of; the first that matches is meant."""

    matcher: ua_parser_rs.UserAgentExtractor
    bots: tuple[Bot, ...]

    @classmethod
    def of(cls, known: Iterable[tuple[str, Bot]]) -> Witness:
        """Return a witness that knows pairs of an expression and a bot."""
        pairs = list(known)
        rows = [
            (f"({pattern})", str(place), "$1", None, None, None) for place, (pattern, _) in enumerate(pairs)
        ]
        return cls(ua_parser_rs.UserAgentExtractor(rows), tuple(bot for _, bot in pairs))

    def ask(self, agent: str) -> Bot | None:
        """Return the bot that sent `agent`, as far as this witness knows."""
        found = self.matcher.extract(agent)
        return self.bots[int(found.family)] if found is not None else None


def find_bot(agent: str, rules: Rules) -> Bot | None:
    """Return the bot that sent `agent`, None for a person or for what cannot be told."""
    if not agent.strip(" -"):
        return Bot(NO_AGENT, "unknown", NO_AGENT)

    said, persons = _users_word(rules)
    if persons.ask(agent) is not None:
        return None

    return said.ask(agent) or _own_table().ask(agent) or _package_list().ask(agent) or _by_form(agent)


@lru_cache(maxsize=8)
def _users_word(rules: Rules) -> tuple[Witness, Witness]:
    said = [(rule.pattern, Bot(rule.name, rule.bot_class, f"rule:{rule.said}")) for rule in rules.bots]
    return Witness.of(said), Witness.of((pattern, Bot("", "", "")) for pattern in rules.not_bots)


@cache
def _own_table() -> Witness:
    return Witness.of(
        (_expression(token), Bot(name, bot_class, f"{_kind(bot_class)}:{token.removeprefix('^')}"))
        for token, name, bot_class in own_bots()
    )


def own_bots() -> list[tuple[str, str, str]]:
    """Return token, name and class of our own table, in the order in which they are looked for."""
    rows = [(token, name, said) for said, known in read_list("bots").items() for token, name in known.items()]
    return sorted(rows, key=lambda row: (row[2] in _LAST, -len(row[0])))


def _expression(token: str) -> str:
    if token.startswith("^"):
        return "(?i)^" + re.escape(token[1:])

    return (_ALPHANUMERIC if token[0].isalnum() else "") + re.escape(token)


def _kind(bot_class: str) -> str:
    return "library" if bot_class == "library" else "list"


@cache
def _package_list() -> Witness:
    # Imported late: it reads its list at once, which commands that see no user agent should not wait for.
    from crawleruseragents import CRAWLER_USER_AGENTS_DATA  # type: ignore[import-untyped]

    return Witness.of(
        _packaged(entry) for entry in CRAWLER_USER_AGENTS_DATA if entry["pattern"] not in PERSONS
    )


def _packaged(entry: Mapping[str, Any]) -> tuple[str, Bot]:
    pattern, examples = entry["pattern"], entry.get("instances", ())
    literal = re.sub(r"\\(.)", r"\1", pattern)
    is_literal = _SPECIAL.search(re.sub(r"\\.", "", pattern)) is None
    name = literal if is_literal else _hit(pattern, examples)
    name = _NAME_ENDS.split(name)[0].strip(" /;)")
    bot_class = next((TAGS[tag] for tag in TAGS if tag in entry.get("tags", ())), "other")
    bound = _at_word(pattern, literal, examples) if is_literal else pattern
    return bound, Bot(name, bot_class, f"list:{name}")


def _hit(pattern: str, examples: Iterable[str]) -> str:
    """Return what of the first example `pattern` means, else `pattern` itself."""
    hits = (re.search(pattern, example) for example in examples)
    return next((hit[0] for hit in hits if hit), pattern)


def _at_word(pattern: str, literal: str, examples: Iterable[str]) -> str:
    """Return the pattern of a plain text bound to where a word begins, if all its examples have it there.

    `Sonic` is a bot, `Panasonic` a phone: unbound, short names hit the middle of others.
    """
    if not literal[:1].isalnum():
        return pattern

    places = [(example, example.find(literal)) for example in examples]
    if all(place <= 0 or not example[place - 1].isalnum() for example, place in places):
        return rf"(?:^|[^A-Za-z0-9]){pattern}"

    return pattern


def _by_form(agent: str) -> Bot | None:
    word = _words().extract(agent)
    if word is not None and not word.family.lower().endswith(_ORDINARY_WORDS):
        return Bot(word.family[:100], "other", f"word:{word.family[:100]}")

    if _contacts().extract(agent) is None:
        return None

    return Bot(next(_products(agent), "unnamed"), "other", "contact")


@cache
def _words() -> ua_parser_rs.UserAgentExtractor:
    return ua_parser_rs.UserAgentExtractor([(_WORD, "$1", None, None, None, None)])


@cache
def _contacts() -> ua_parser_rs.UserAgentExtractor:
    return ua_parser_rs.UserAgentExtractor([(c, "contact", None, None, None, None) for c in _CONTACT])


def _products(agent: str) -> Iterator[str]:
    """Yield what may be the name of an unknown client: words that are no browser's."""
    for product in _PRODUCT.finditer(agent):
        if not product[0].startswith(("Mozilla", "compatible", "http", "U", "X11")):
            yield product[0].strip(" -.")[:100]
