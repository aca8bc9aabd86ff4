"""Patterns over columns: which events fit a rule, all at once.

A column that is missing is null throughout, and a null fits the pattern ``-`` only, as logs write what is absent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import polars as pl

from ingest.filters.addresses import addresses_in, networks_of
from ingest.filters.known import FIELDS, FilterField, Kind
from ingest.filters.model import Rule

Matcher = Callable[[pl.DataFrame], pl.Expr]
"""Makes of a frame of events the expression that tells which of them fit; never null."""

ABSENT: Final = "-"
_WILDCARDS: Final = {"*": ".*", "?": "."}
_REASON: Final = re.compile(r"(?m)^error: (.+)$")
"""Where the crate `regex` says in words what is wrong, below a drawing of the place."""

_PORT: Final = r":[0-9]+$"
_STATUS = re.compile(
    r"(?P<one>[1-9][0-9]{2})|(?P<hundred>[1-9])xx|(?P<low>[1-9][0-9]{2})-(?P<high>[1-9][0-9]{2})"
)


def matcher_of(rule: Rule) -> Matcher:
    """Return what tells which events fit `rule`; raises `ValueError` for a pattern that its field does not take."""
    field = FIELDS[rule.field]
    present = tuple(pattern for pattern in rule.patterns if rule.is_regex or pattern != ABSENT)
    takes_absent = len(present) < len(rule.patterns)
    if not all(present):
        raise ValueError(f"an empty pattern for {rule.field}; {ABSENT} stands for what is absent")

    fits = (_expressions if rule.is_regex else _MAKERS[field.kind])(field, present)

    def match(events: pl.DataFrame) -> pl.Expr:
        if field.column not in events.columns:
            return pl.lit(value=takes_absent)

        found = fits(events).fill_null(value=False)
        return found | pl.col(field.column).is_null() if takes_absent else found

    return match


def _globs(field: FilterField, patterns: Sequence[str]) -> Matcher:
    minds_case = field.kind == "exact text"
    value = _value(field)
    value = value if minds_case else value.str.to_lowercase()
    wanted = [pattern if minds_case else pattern.lower() for pattern in patterns]
    plain = [pattern for pattern in wanted if not _WILDCARDS.keys() & set(pattern)]
    wild = [_regex_of(pattern) for pattern in wanted if _WILDCARDS.keys() & set(pattern)]
    fits = value.is_in(plain)
    if wild:
        fits = fits | value.str.contains(_checked(f"(?s)^(?:{'|'.join(wild)})$"))

    return lambda _: fits


def _regex_of(glob: str) -> str:
    return "".join(_WILDCARDS.get(letter) or pl.escape_regex(letter) for letter in glob)


def _expressions(field: FilterField, patterns: Sequence[str]) -> Matcher:
    if field.kind in {"status", "address"}:
        raise ValueError(f"{field.name} takes no regular expression")

    prefix = "" if field.kind == "exact text" else "(?i)"
    fits = _value(field).str.contains(_checked(prefix + patterns[0]))
    return lambda _: fits


def _statuses(field: FilterField, patterns: Sequence[str]) -> Matcher:
    status = pl.col(field.column)
    ranges = [status.is_between(low, high) for low, high in map(_range, patterns)]
    fits = pl.any_horizontal(pl.lit(value=False), *ranges)
    return lambda _: fits


def _range(pattern: str) -> tuple[int, int]:
    found = _STATUS.fullmatch(pattern.lower())
    if found is None:
        raise ValueError(f"{pattern!r} is no status: write 404, 4xx or 400-499")

    if found["one"]:
        return int(found["one"]), int(found["one"])

    if found["hundred"]:
        return int(found["hundred"]) * 100, int(found["hundred"]) * 100 + 99

    return int(found["low"]), int(found["high"])


def _networks(field: FilterField, patterns: Sequence[str]) -> Matcher:
    networks = networks_of(patterns)
    return lambda events: pl.col(field.column).is_in(addresses_in(networks, events[field.column]).implode())


def _value(field: FilterField) -> pl.Expr:
    column = pl.col(field.column)
    return column.str.replace(_PORT, "") if field.kind == "host" else column


def _checked(expression: str) -> str:
    """Return a regular expression of the Rust crate `regex`; raises `ValueError` when it is none."""
    try:
        pl.Series([""]).str.contains(expression)
    except pl.exceptions.PolarsError as error:
        why = _REASON.search(str(error))
        said = f" ({why[1]})" if why else ""
        raise ValueError(f"{expression.removeprefix('(?i)')!r} is no regular expression{said}") from None

    return expression


_MAKERS: Final[Mapping[Kind, Callable[[FilterField, Sequence[str]], Matcher]]] = {
    "text": _globs,
    "exact text": _globs,
    "host": _globs,
    "status": _statuses,
    "address": _networks,
}
