"""Text into HTML. Everything that is shown passes here, and log lines are written by strangers.

What is not `Html` yet is made safe twice: control and direction characters are written out, as on a terminal, and what
HTML would read as markup is escaped, in elements and attributes alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from html import escape
from typing import Final

from footfall.text import printable

_VOID: Final = frozenset({"meta", "link", "input", "br"})

_FITS: Final = 16
"""Characters of a text that fit everywhere."""

_PART_ENDS: Final = re.compile(r"(?<=[^/])[/?_](?=[^/])|(?<=.)(?=&amp;)")


class Html(str):
    """Text that is HTML already. Only this room makes it, of constants, or with the functions below."""

    __slots__ = ()


def escaped(text: str) -> Html:
    """Return `text` as HTML that shows it; `Html` as it is."""
    return text if isinstance(text, Html) else Html(escape(printable(text), quote=True))


def tag(name: str, /, *children: str | None, **attributes: str | float | bool | None) -> Html:
    """Return an element. Text in it is escaped, None left out.

    An attribute's underscores stand for dashes, one at its end for nothing; True is an attribute without a value,
    None and False are none.
    """
    opening = "".join(
        _attribute(_attribute_name(key), value) for key, value in attributes.items() if value is not None
    )
    if name in _VOID:
        return Html(f"<{name}{opening}>")

    return Html(f"<{name}{opening}>{joined(children)}</{name}>")


def breakable(text: str) -> Html:
    """Return a path or an address as HTML that may be broken between its parts, rather than in a word."""
    safe = escaped(text)
    return Html(_PART_ENDS.sub(r"\g<0><wbr>", safe)) if len(text) > _FITS else safe


def joined(children: Iterable[str | None], between: str = "") -> Html:
    """Return the children one after the other, escaped where they are text."""
    return Html(between.join(escaped(child) for child in children if child is not None))


def _attribute(name: str, value: str | float | bool) -> str:
    if isinstance(value, bool):
        return f" {name}" if value else ""

    return f' {name}="{escaped(value) if isinstance(value, str) else number(value)}"'


@cache
def _attribute_name(key: str) -> str:
    return key.removesuffix("_").replace("_", "-")


def number(value: float) -> str:
    """Return a coordinate with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if value % 1 else f"{value:.0f}"
