"""Make a format of a definition that a user gives: values of the server, with text between them.

A parser of definitions (`apache`, `nginx`, `goaccess`) turns one into parts, which are text and values by its table.
Here each value becomes a field of a `RegularFormat`: what it gives, and its expressions at its place in the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from footfall.errors import FormatError
from footfall.event import SCHEMA
from footfall.text import printable
from ingest.formats.fields import CLOSED_OR_CUT, Field, capturing, literal
from ingest.formats.model import TRANSIENT
from ingest.formats.regular import RegularFormat
from ingest.formats.shapes import (
    BEGINNINGS,
    REQUEST,
    SHAPES,
    TEXT,
    TIME,
    USER,
    Spot,
    time_expressions,
)
from ingest.formats.time_parts import ComposedTime, TimePart, compose_time

LONGEST_DEFINITION: Final = 8_192
"""Characters of a definition; a server's own are a tenth of that."""

MOST_VALUES: Final = 200
FAMILY: Final = "Given by definition"

_CORE: Final = frozenset({"time", "method", "path", "query", "protocol", "request", "status", "ip"})
"""A line that is cut before one of these is no event."""

_DASHES: Final = frozenset({"method", "path", "query", "protocol"})
"""Columns in which `-` must become null here, since a request line may have it."""

_SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class Value:
    """What a server writes into a line.

    `columns` are what it gives of the event and of `TRANSIENT`, none when it is read and dropped; of several values
    for a column the one of the lowest `rank` is taken, then the first. `scale` makes the unit of a column of it.
    `time` is its kind of part of the time, see `ingest.formats.time_parts`; only those of the lowest rank are put
    together.
    """

    name: str
    columns: tuple[str, ...]
    shape: str
    meaning: str
    rank: int = 0
    scale: float = 1.0
    time: str = ""


Part = str | Value


def format_of(kind: str, definition: str, parts: Sequence[Part]) -> RegularFormat:
    """Return the format of the lines that `parts` make; raises `FormatError` when they have no time."""
    values, separators = _arranged(parts)
    values = _with_address(values)
    if len(values) > MOST_VALUES:
        raise bad_definition(kind, definition, 0, f"more than {MOST_VALUES} values", "footfall formats list")

    time = compose_time(_time_parts(values))
    if time is None:
        raise bad_definition(kind, definition, len(definition), "no complete time", TIME_HINTS[kind])

    captured = [*_captures(values, time)]
    fields, between = _placed(captured, separators)
    return RegularFormat(
        name=kind,
        title=f"{kind} format as given",
        fields=tuple(fields),
        rest=_rest(values[-1], fields, between),
        example="",
        family=FAMILY,
        read_time=time.read,
        separators=tuple(between),
        escaped=tuple(column for value, _ in captured for column in value.columns if _is_text(column)),
        derived=tuple(_derived(captured, time)),
        definition=definition,
    )


TIME_HINTS: Final = {
    "apache": "add %t",
    "nginx": "add [$time_local] or $msec",
    "goaccess": "add [%d:%t %^], and ;date=… ;time=… when they are not %d/%b/%Y and %H:%M:%S",
}


def bad_definition(kind: str, definition: str, at: int, problem: str, hint: str) -> FormatError:
    """Return the error of a definition that has `problem` at the place `at`, counted from 0."""
    begin = max(0, at - _SHOWN // 2)
    shown = printable(definition[begin : begin + _SHOWN])
    pointer = " " * len(printable(definition[begin:at])) + "^"
    sentence = f"The {kind} format has {problem} at column {at + 1}."
    return FormatError(sentence, hint=hint, details=(shown, pointer))


def checked_length(kind: str, definition: str) -> str:
    """Return `definition`; raises `FormatError` when it is longer than any server's."""
    if len(definition) > LONGEST_DEFINITION:
        problem = f"more than {LONGEST_DEFINITION:,} characters"
        raise bad_definition(kind, definition, LONGEST_DEFINITION, problem, "footfall formats list")

    return definition


def options_of(definition: str, names: Sequence[str]) -> tuple[str, dict[str, str]]:
    """Return `definition` without the options at its end, ``;name=value`` each, and those."""
    options: dict[str, str] = {}
    pattern = re.compile(rf";({'|'.join(names)})=([^;]*)$")
    while (match := pattern.search(definition)) is not None:
        options[match[1]] = match[2].strip()
        definition = definition[: match.start()]

    return definition, options


def _arranged(parts: Sequence[Part]) -> tuple[list[Value], list[str]]:
    """Return the values, and the text before the first, between each two, and behind the last."""
    values: list[Value] = []
    separators = [""]
    for part in parts:
        if isinstance(part, str):
            separators[-1] += part
        else:
            values.append(part)
            separators.append("")

    return values, separators


def _with_address(values: list[Value]) -> list[Value]:
    """Return `values` with the address from a proxy's header as the client's, when the connection's is not logged."""
    columns = {column for value in values for column in value.columns}
    sources = [column for column in _PROXY_COLUMNS if column in columns]
    if "ip" in columns or not sources:
        return values

    return [
        replace(value, columns=(*value.columns, "ip")) if value.columns[:1] == (sources[0],) else value
        for value in values
    ]


def _time_parts(values: Sequence[Value]) -> list[TimePart]:
    times = [(at, value) for at, value in enumerate(values) if value.time]
    lowest = min((value.rank for _, value in times), default=0)
    return [TimePart(at, value.time) for at, value in times if value.rank == lowest]


_PROXY_COLUMNS: Final = ("connecting_ip", "forwarded_for")
_NEAREST: Final = "([^, ]+)[, ]*$"
"""The address at the right end of a list: the one that the nearest proxy vouches for."""


def _captures(values: Sequence[Value], time: ComposedTime) -> Iterator[tuple[Value, str]]:
    """Yield each value with the group it is captured in, and with no columns when another gives them already."""
    taken: dict[str, int] = {}
    for at in sorted(range(len(values)), key=lambda at: values[at].rank):
        if not any(column in taken for column in values[at].columns):
            taken |= dict.fromkeys(values[at].columns, at)

    for at, value in enumerate(values):
        if value.time:
            group = time.groups.get(at, "")
            yield replace(value, columns=("time",) if group == "time" else ()), group
        elif value.columns and taken[value.columns[0]] == at:
            yield value, value.columns[0]
        else:
            yield replace(value, columns=()), ""


def _placed(
    captured: Sequence[tuple[Value, str]], separators: Sequence[str]
) -> tuple[list[Field], list[str]]:
    """Return the fields, and the text around them that they do not take themselves."""
    last_core = max(at for at, (value, _) in enumerate(captured) if _CORE & {*value.columns} or value.time)
    between = list(separators)
    fields = []
    for at, (value, group) in enumerate(captured):
        spot = _spot(captured, separators, at)
        fields.append(_field(value, group, spot, can_be_cut=at > last_core))
        if spot.is_alone:
            between[at], between[at + 1] = between[at][:-1], between[at + 1][1:]

    return fields, between


def _spot(captured: Sequence[tuple[Value, str]], separators: Sequence[str], at: int) -> Spot:
    before, behind = separators[at], separators[at + 1]
    is_quoted = "".join(separators[: at + 1]).count('"') % 2 == 1
    is_last = at == len(captured) - 1
    value = captured[at][0]
    following = _end_of(value, separators) if is_last else BEGINNINGS.get(captured[at + 1][0].shape, "")
    stops = (behind[:1] or following) + ('"' if is_quoted else "")
    return Spot(before, behind, "".join(dict.fromkeys(stops)), is_quoted, at == 0 and not before)


def _end_of(value: Value, separators: Sequence[str]) -> str:
    """Return the character that ends the last value of a line; a text goes on to the end."""
    return "" if value.shape in {TEXT, USER} else delimiter_of(separators)


def delimiter_of(separators: Sequence[str]) -> str:
    """Return the character that stands between the last two values, when it is one that separates."""
    inner = separators[-2] if len(separators) > 2 else " "
    return inner[-1:] if inner[-1:] in {" ", "\t", ",", ";", "|"} else ""


def _field(value: Value, group: str, spot: Spot, *, can_be_cut: bool) -> Field:
    name = group or "dropped"
    is_pattern = value.shape == TIME
    strict, tolerant = (
        time_expressions(name, spot, value.time) if is_pattern else SHAPES[value.shape](name, spot)
    )
    if spot.is_alone:
        strict, tolerant = f'"{strict}"', f'"{tolerant}' + (CLOSED_OR_CUT if can_be_cut else '"')

    if not group:
        strict, tolerant = capturing(strict), capturing(tolerant)

    return Field(value.name, value.columns, strict, tolerant, value.meaning)


def _rest(last: Value, fields: Sequence[Field], between: Sequence[str]) -> str:
    """Return the expression of what may follow: more fields, quoted ones only behind a quoted one."""
    is_quoted = fields[-1].strict.endswith('"')
    delimiter = delimiter_of(between) if is_quoted else _end_of(last, between)
    if between[-1] or not delimiter:
        return ""

    return f"(?:{literal(delimiter)}.*)?" if is_quoted else f'(?:{literal(delimiter)}[^"]*)?'


def _derived(captured: Sequence[tuple[Value, str]], time: ComposedTime) -> Iterator[pl.Expr]:
    if len(time.groups) > 1:
        yield time.text.alias("time")

    for value, group in captured:
        if value.scale != 1 and group:
            yield pl.col(group).cast(pl.Float64, strict=False) * value.scale

        if value.columns[1:] == ("ip",):
            yield pl.col(group).str.extract(_NEAREST).alias("ip")

        for column in _DASHES.intersection(value.columns if value.shape != REQUEST else ()):
            yield pl.when(~pl.col(column).is_in(("-", ""))).then(column).alias(column)


def _is_text(column: str) -> bool:
    return column in TRANSIENT or (column not in {"request", "time"} and SCHEMA[column] == pl.String)
