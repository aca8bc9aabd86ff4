"""How the lines under a list of W3C fields are read: the list, of a directive or a user, becomes two rows of parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from ingest.formats.model import HEADER_PREFIX
from ingest.formats.parts import Part, Row, Shape
from ingest.formats.readings import UTC_TIME, Reading
from ingest.formats.w3c_fields import RANKS, Dialect, dialect_of, reading_of

MOST_FIELDS: Final = 200
PREFIX: Final = HEADER_PREFIX.decode()
_TABBED: Final = Shape("", r'(?:[^\t"][^\t]*)?', r"[^\t]*", "")
_SPACED: Final = Shape("", r'[^ "][^ ]*', r'"[^"]*(?:""[^"]*)*"|\[[^\]]*\]|[^ "][^ ]*', "")
_PASSED: Final = {"\t": r"[^\t]*"}
"""What is not read need not be looked into; this keeps the expression of a long list of fields small."""

_MOMENT: Final = Reading(("time",), lambda value: (value,))
"""Captures a part without reading it: date and time give one column only together."""

_MOMENTS: Final = (("date", "time"), ("date-utc", "time-utc"), ("date-local", "time-local"))
"""The names of dates and times, the preferred ones first."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How the lines under a list of fields are read: `tabbed` by tabs, `spaced` by spaces.

    `sources` are the captured groups with their readings, the preferred ones first; `moment` the groups of the date
    and the time.
    """

    dialect: Dialect
    tabbed: Row
    spaced: Row
    sources: tuple[tuple[str, Reading], ...]
    moment: tuple[str, str] | None


@lru_cache(maxsize=64)
def layout_of(directive: str, dialect: Dialect | None = None, needed: int = 0) -> Layout | None:
    """Return how lines under a directive are read, None when it names no fields that can be; never raises.

    Of a `dialect` that is given, lines have at least the first `needed` of the fields, or all.
    """
    names = _names(directive)
    fields = tuple(name.lower() for name in names)
    if not fields or len(fields) > MOST_FIELDS:
        return None

    owner = dialect or dialect_of(fields)
    readings = [reading_of(field, owner) for field in fields]
    moment = _moment(fields)
    captured = [_MOMENT if moment and f"p{i}" in moment else reading for i, reading in enumerate(readings)]
    if not any(captured):
        return None

    places = sorted(
        (RANKS[field], place) for place, field in enumerate(fields) if readings[place] is not None
    )
    sources = [(f"p{place}", reading) for _, place in places if (reading := readings[place]) is not None]
    return Layout(
        owner,
        _row(names, captured, _TABBED, "\t", needed),
        _row(names, captured, _SPACED, " ", needed),
        (*sources, *([("moment", UTC_TIME)] if moment else [])),
        moment,
    )


def _names(directive: str) -> tuple[str, ...]:
    """Return the fields a directive names; one with tabs between may have names with spaces."""
    text = directive.strip("\0\ufeff \t\r").removeprefix(PREFIX).strip(" \t")
    return (
        tuple(name.strip() for name in text.split("\t") if name.strip())
        if "\t" in text
        else tuple(text.split())
    )


def _moment(fields: tuple[str, ...]) -> tuple[str, str] | None:
    found = ((date, time) for date, time in _MOMENTS if date in fields and time in fields)
    return next(((f"p{fields.index(date)}", f"p{fields.index(time)}") for date, time in found), None)


def _row(
    names: Sequence[str], readings: Sequence[Reading | None], shape: Shape, separator: str, needed: int
) -> Row:
    parts = tuple(
        Part(name, shape if reading is not None else _PASSED.get(separator, shape), reading)
        for name, reading in zip(names, readings, strict=True)
    )
    return Row(parts, separator, needed, may_grow=needed > 0)
