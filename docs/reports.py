"""The generated parts of docs/reports.md and the README: the catalogue by rooms, and rules that reports share."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from types import MappingProxyType
from typing import Final

from docs.generated import table
from reports.catalogue import CATALOGUE
from reports.catalogue import measures as m
from reports.report import Report

ROOMS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "overview": "The whole site",
        "comparison": "Against the range before",
        "content": "Pages and titles",
        "acquisition": "Where visits come from",
        "audience": "Who comes",
        "technology": "What visitors use",
        "actions": "What else visitors do",
        "commerce": "Orders and products",
        "serving": "How the site answers",
        "bots": "Bots, AI crawlers, scanners",
        "goals": "Reaching goals",
        "funnels": "Going through funnels",
        "retention": "Coming back",
        "paths": "Ways through the site",
        "habits": "How deep, how long, how often",
    }
)
"""Room of `reports.catalogue` → what it is called here; a room without a name fails the documents."""

RULES: Final[Mapping[str, str]] = MappingProxyType(
    {
        m.PAGE_RULE: "Page views",
        m.VISITOR_RULE: "Visits and visitors",
        m.BOTS_RULE: "Everybody and people",
        m.CLIENT_RULE: "Clients",
        m.ERROR_RULE: "Errors",
    }
)
"""Rule that reports of several rooms share → what it is called here; others are written out where they hold."""


def shared_rules() -> str:
    """Return the rules that reports of several rooms share, each under its name."""
    return "\n".join(f"### {title}\n\n{rule}\n" for rule, title in RULES.items())


def contents() -> str:
    """Return a line for each room with links to its reports."""
    return "".join(
        f"* [{title}](#{slug(title)}): {', '.join(f'[{one.name}](#{one.name})' for one in reports)}\n"
        for title, reports in _rooms()
    )


def catalogue() -> str:
    """Return every report by room: question, remark, rules and columns."""
    return "\n".join(
        f"## {title}\n\n" + "\n".join(_report(one) for one in reports) for title, reports in _rooms()
    )


def groups() -> str:
    """Return a row for each room with the names of its reports."""
    return table(
        ("about", "reports"),
        ((title, ", ".join(f"`{one.name}`" for one in reports)) for title, reports in _rooms()),
    )


def slug(title: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def _rooms() -> Iterator[tuple[str, Sequence[Report]]]:
    left = dict(CATALOGUE)
    for name, title in ROOMS.items():
        room = vars(import_module(f"reports.catalogue.{name}")).values()
        yield title, [left.pop(one.name) for one in room if isinstance(one, Report) and one.name in left]

    assert not left, f"rooms without a name in docs/reports.py: {', '.join(left)}"


def _report(one: Report) -> str:
    own = [rule for rule in one.rules if rule not in RULES]
    shared = [f"[{RULES[rule].lower()}](#{slug(RULES[rule])})" for rule in one.rules if rule in RULES]
    words = " ".join(filter(None, (one.remark, *own, f"Rules: {', '.join(shared)}." if shared else "")))
    columns = table(("column", "unit", "meaning"), ((f"`{c.name}`", c.unit, c.meaning) for c in one.columns))
    return f"### {one.name}\n\n**{one.question}** {words}".rstrip() + f"\n\n{columns}"
