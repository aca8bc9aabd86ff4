"""Put the time of a line together from the parts that a definition writes it in.

A part is read by its kind: a number since 1970 (``epoch:s``, ``epoch:ms``, ``epoch:us``, ``epoch:ns``), a fraction of
a second in digits (``fraction``), what may be a zone (``zone``) or a fraction with one (``fraction_zone``), and
everything else by strftime directives.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import polars as pl

from ingest.formats.fields import literal
from ingest.formats.finish import TimeReader
from ingest.formats.times import EPOCHS, strptime_reader

FRACTION: Final = "fraction"
ZONE: Final = "zone"
FRACTION_ZONE: Final = "fraction_zone"
_EPOCH: Final = "epoch:"
_FINEST: Final = ("ns", "us", "ms", "s")

_TELLS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys("Yy", "y"),
        **dict.fromkeys("bBhm", "m"),
        **dict.fromkeys("de", "d"),
        "j": "md",
        **dict.fromkeys("FDx", "ymd"),
        **dict.fromkeys("Hk", "h"),
        **dict.fromkeys("Il", "i"),
        **dict.fromkeys("pP", "p"),
        "M": "n",
        "R": "hn",
        **dict.fromkeys("TX", "hns"),
        "r": "hns",
        "c": "ymdhns",
        "f": "f",
        "z": "z",
        "S": "s",
        "s": "ymdhnsz",
        **dict.fromkeys("aAuwntGVUWgC%", ""),
    }
)
"""strftime directive → what it tells: year, month, day, hour, hour of twelve, half of the day, minute (n), second,
fraction, zone."""

_DIRECTIVE = re.compile(r"%([-_0.:#]?)(.?)", re.DOTALL)
_EXPANDED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "F": "%Y-%m-%d",
        "D": "%m/%d/%y",
        "x": "%m/%d/%y",
        "T": "%H:%M:%S",
        "X": "%H:%M:%S",
        "R": "%H:%M",
        "r": "%I:%M:%S %p",
        "c": "%a %b %e %H:%M:%S %Y",
    }
)
"""strftime directive → the directives that it is short for."""

_EXPRESSIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys("aAbBhpP", "[A-Za-z.]+"),
        **dict.fromkeys("ekl", " ?[0-9]+"),
        "z": "(?:[+-][0-9:]+|Z)",
        "n": "\n",
        "t": "\t",
        "%": "%",
    }
)
_SEPARATOR: Final = " "


@dataclass(frozen=True, slots=True)
class TimePart:
    """A part of the time: its place among the values of a line, and its kind."""

    at: int
    kind: str

    @property
    def is_pattern(self) -> bool:
        """Whether its kind is strftime directives."""
        return not self.kind.startswith(_EPOCH) and self.kind not in {FRACTION, ZONE, FRACTION_ZONE}


@dataclass(frozen=True, slots=True)
class ComposedTime:
    """How to read a time: the group of each part by its place, the text of all together, and what reads that.

    The first group is ``time``.
    """

    groups: Mapping[int, str]
    text: pl.Expr
    read: TimeReader


def compose_time(parts: Sequence[TimePart]) -> ComposedTime | None:
    """Return how the time is read of `parts`, None when they do not tell a day and an hour and minute of it."""
    return _of_epoch(parts) or _of_patterns(parts)


def unknown_directive(pattern: str) -> tuple[int, str] | None:
    """Return place and text of the first strftime directive that cannot be read, None when all can."""
    for match in _DIRECTIVE.finditer(pattern):
        if match[2] not in _TELLS or not match[2]:
            return match.start(), match[0]

    return None


def expression_of(pattern: str) -> str:
    """Return the expression of the times that strftime directives make, as far as digits, letters and signs go."""
    expanded = _expanded(pattern)
    expression, at = "", 0
    for match in _DIRECTIVE.finditer(expanded):
        expression += literal(expanded[at : match.start()])
        expression += r"(?:\.[0-9]+)?" if match[0] == "%.f" else _EXPRESSIONS.get(match[2], "[0-9]+")
        at = match.end()

    return expression + literal(expanded[at:])


def literals_of(pattern: str) -> str:
    """Return a time by `pattern` with a zero for each directive, so that what stands between them can be seen."""
    return _DIRECTIVE.sub("0", _expanded(pattern))


def _expanded(pattern: str) -> str:
    return _DIRECTIVE.sub(lambda match: _EXPANDED.get(match[2], match[0]), pattern)


def _of_epoch(parts: Sequence[TimePart]) -> ComposedTime | None:
    numbers = {
        part.kind.removeprefix(_EPOCH): part for part in reversed(parts) if part.kind.startswith(_EPOCH)
    }
    unit = next((unit for unit in _FINEST if unit in numbers), None)
    if unit is None:
        return None

    fraction = _first(parts, FRACTION, FRACTION_ZONE) if unit == "s" else None
    groups = _groups([numbers[unit], *filter(None, [fraction])])
    text = pl.concat_str([pl.col(group) for group in groups.values()], separator=".")
    return ComposedTime(groups, text, EPOCHS[unit])


def _of_patterns(parts: Sequence[TimePart]) -> ComposedTime | None:
    used, told = _telling(parts)
    if not {*"ymdn"} <= told or not ("h" in told or {*"ip"} <= told):
        return None

    fraction = _first(parts, FRACTION, FRACTION_ZONE) if "f" not in told else None
    zone = _first(parts, ZONE, FRACTION_ZONE) if "z" not in told else None
    groups = _groups([*used, *filter(None, (fraction, zone))])
    texts = [pl.col(groups[part.at]) for part in used]
    texts += [_fraction(pl.col(groups[fraction.at]))] if fraction else []
    texts += [_zone(pl.col(groups[zone.at]))] if zone else []
    patterns = [*(_of_chrono(part.kind) for part in used), *["%.f"] * bool(fraction), *["%z"] * bool(zone)]
    return ComposedTime(
        groups, pl.concat_str(texts, separator=_SEPARATOR), strptime_reader(_SEPARATOR.join(patterns))
    )


def _groups(parts: Sequence[TimePart]) -> dict[int, str]:
    places = list(dict.fromkeys(part.at for part in parts))
    return {at: f"time_{number}" if number else "time" for number, at in enumerate(places)}


def _first(parts: Sequence[TimePart], *kinds: str) -> TimePart | None:
    return next((part for part in parts if part.kind in kinds), None)


def _telling(parts: Sequence[TimePart]) -> tuple[list[TimePart], set[str]]:
    """Return the patterns that each tell something which those before them do not, and all they tell."""
    used: list[TimePart] = []
    told: set[str] = set()
    for part in parts:
        tells = _told_by(part.kind) if part.is_pattern else set()
        if tells - told:
            used.append(part)
            told |= tells

    return used, told


def _told_by(pattern: str) -> set[str]:
    # A fraction with the point in it, as in the time of Apache, may be absent.
    found = (match[2] for match in _DIRECTIVE.finditer(pattern) if match[0] != "%.f")
    return {told for letter in found for told in _TELLS.get(letter, "")}


def _zone(text: pl.Expr) -> pl.Expr:
    """Return the zone at the end of a text; what names none is UTC."""
    return text.str.extract("^[0-9.,]*([+-][0-9]{2}:?[0-9]{2})$").fill_null("+0000")


def _fraction(text: pl.Expr) -> pl.Expr:
    return pl.lit(".") + text.str.extract("^[.,]?([0-9]+)").fill_null("0")


def _of_chrono(pattern: str) -> str:
    """Return strftime directives as the Rust crate `chrono` reads them, where it differs."""
    return pattern.replace(".%f", "%.f").replace("%f", "%6f")
