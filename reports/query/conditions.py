"""Conditions as users type them, in SQL: parsed by Polars, and checked before any event is read.

A condition may come from a file or an address, so whatever it says, the outcome is an expression over known names that
looks at one row at a time, or a `SettingsError` with a sentence.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, Final

import msgspec
import polars as pl
from polars.exceptions import PanicException, PolarsError

from footfall.errors import SettingsError
from footfall.text import printable

LONGEST: Final = 4_000
"""Characters of a condition; the parser's depth grows with them."""

FAILURES: Final = (PolarsError, PanicException, TypeError, ValueError, AttributeError, RecursionError)
"""What Polars raises for a condition, or a statement, that it cannot take."""

OPERATORS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "==": ("country = 'DE'", "is"),
        "!=": ("country <> 'DE'", "is not"),
        ">": ("pages_in_visit > 3", "is more than"),
        ">=": ("pages_in_visit >= 3", "is at least"),
        "<": ("pages_in_visit < 3", "is less than"),
        "<=": ("pages_in_visit <= 3", "is at most"),
        "=~": ("path ~ '^/blog/[0-9]+'", "a regular expression matches"),
        "!~": ("path !~ '^/blog/'", "no regular expression matches"),
        "=@": ("path LIKE '%blog%'", "contains"),
        "!@": ("path NOT LIKE '%blog%'", "does not contain"),
    }
)
"""The operators of OWA's constraints, each with how a condition says it and what it means."""


_WORKINGS: Final = frozenset({"Column", "Literal", "BinaryExpr", "Cast", "Ternary", "Function"})
_FAMILIES: Final = frozenset({"StringExpr", "TemporalExpr", "ListExpr", "Sql", "Pow"})
_FUNCTIONS: Final = frozenset(
    {"Coalesce", "FillNull", "Abs", "Floor", "Ceil", "MaxHorizontal", "MinHorizontal", "ConcatHorizontal"}
    | {"Not", "IsNull", "IsNotNull", "IsNan", "IsNotNan", "IsFinite", "IsInfinite", "IsIn", "IsBetween"}
    | {"AnyHorizontal", "AllHorizontal"}
)
_OF_ALL_ROWS: Final = "ConcatVertical"
"""What an expression may be made of: what looks at one row. Anything else would tell partitions of events apart."""


def condition(text: str, option: str) -> pl.Expr:
    """Return the expression that `text` is; `option` is what it was given as, as ``--where``.

    Raises `SettingsError` for what is no expression of SQL, or looks at more than one row at a time.
    """
    expression = _parsed(text, option)
    try:
        tree = msgspec.json.decode(expression.meta.serialize(format="json"))
        names = expression.meta.root_names()
    except FAILURES as error:
        raise refused(text, option, error) from error

    if not names or not _is_of_a_row(tree):
        raise SettingsError(
            f"{option} {printable(text, 80)!r} does not tell row by row: it must compare names, without aggregates.",
            hint=f"{option} \"country = 'DE' AND device <> 'desktop'\"",
        )

    return expression


def _is_of_a_row(node: object) -> bool:
    """Tell whether an expression, as Polars writes it in JSON, looks at one row at a time."""
    if not isinstance(node, dict) or len(node) != 1:
        return False

    ((working, content),) = node.items()
    if working not in _WORKINGS:
        return False

    if working == "Function" and not _is_known(content["function"]):
        return False

    return working in {"Column", "Literal"} or all(_is_of_a_row(operand) for operand in _operands(content))


def _operands(content: Mapping[str, Any]) -> Iterator[object]:
    for name in ("left", "right", "expr", "predicate", "truthy", "falsy"):
        if name in content:
            yield content[name]

    yield from content.get("input", ())


def _is_known(function: object) -> bool:
    if isinstance(function, str):
        return function in _FUNCTIONS

    if not isinstance(function, dict) or len(function) != 1:
        return False

    ((family, which),) = function.items()
    if family == "Boolean":
        return (which if isinstance(which, str) else next(iter(which))) in _FUNCTIONS

    return family in _FAMILIES and _OF_ALL_ROWS not in str(which)


_HINT: Final = "\"country = 'DE' AND device IN ('phone', 'tablet')\""
_HINTS: Final = {
    "date/datetime/time": "\"date >= DATE '2026-01-31' AND hour < 12\"",
    "conversion from": '"TRY_CAST(path AS INT) = 1", which is empty where CAST fails',
    "must be of type `Boolean`": "\"country = 'DE'\": a comparison",
}
"""What to type instead, by a part of what Polars says."""


def refused(text: str, option: str, error: BaseException) -> SettingsError:
    """Return the error for a condition that Polars cannot take."""
    lines = [line for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    told = [lines[0], *(line for line in lines[1:] if line.startswith("error:"))]
    hint = next((hint for part, hint in _HINTS.items() if part in lines[0]), _HINT)
    return SettingsError(
        f"{option} {printable(text, 80)!r} cannot be used: {printable(' '.join(told).rstrip('.'), 300)}.",
        hint=f"{option} {hint}",
    )


def unknown(name: str, known: Collection[str], what: str, hint: str) -> SettingsError:
    """Return the error for a name that is no `what` (as ``metric``), with those that look like it."""
    close = get_close_matches(name.lower().replace("-", "_"), known, n=3)
    maybe = f" Did you mean {' or '.join(close)}?" if close else ""
    return SettingsError(f"There is no {what} {printable(name, 60)!r}.{maybe}", hint=hint)


def _parsed(text: str, option: str) -> pl.Expr:
    if not text.strip() or len(text) > LONGEST:
        raise SettingsError(
            f"{option} is {'empty' if not text.strip() else f'longer than {LONGEST:,} characters'}.",
            hint=f"{option} \"country = 'DE'\"",
        )

    try:
        return pl.sql_expr(text)
    except FAILURES as error:
        raise refused(text, option, error) from error
