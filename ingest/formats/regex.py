r"""Formats as a regular expression with named groups defines them.

A definition is the expression, behind it as needed ``;date=…`` with the strftime directives of its time. Groups have
the names of event columns, or those that Matomo's log importer gives them. What has no name is read and dropped.
The expression begins where the line does, and need not reach its end. It runs in Rust (crate `regex`), without
look-around and back-references, so no line takes long. A path with a query in it is split, and ``\"`` and ``\xhh``
are resolved.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import polars as pl

from footfall.errors import FormatError
from footfall.event import ATTRIBUTES, SCHEMA
from footfall.text import printable
from ingest.formats.fields import Field
from ingest.formats.finish import TimeReader
from ingest.formats.model import TRANSIENT
from ingest.formats.regular import RegularFormat
from ingest.formats.template import FAMILY, bad_definition, checked_length, options_of
from ingest.formats.time_parts import TimePart, compose_time, unknown_directive
from ingest.formats.times import read_any_time

_NAMED = re.compile(r"(?<!\\)(?P<begin>\(\?P?<)(?P<name>[A-Za-z_][A-Za-z0-9_.]*)>")
_NEVER: Final = "[^\\s\\S]"
"""No line passes this as the strict expression: what a user's takes may have escapes, so it is the tolerant one."""

_MATOMO: Final[Mapping[str, tuple[str, float]]] = MappingProxyType(
    {
        "query_string": ("query", 1.0),
        "length": ("bytes", 1.0),
        "userid": ("user", 1.0),
        "event_name": ("event_label", 1.0),
        "session_time": ("duration_ms", 1e3),
        "generation_time_milli": ("duration_ms", 1.0),
        "generation_time_micro": ("duration_ms", 1e-3),
        "generation_time_secs": ("duration_ms", 1e3),
    }
)
"""Name of a group of Matomo's → event column, and what makes its unit of the number."""

_DATE: Final = "date"
_CLOCK: Final = "time"
_ZONE: Final = "timezone"
_TIMES: Final = (_DATE, _CLOCK, _ZONE)
_REQUEST_LINE: Final = ("method", "path", "query", "protocol")

_COMPUTED: Final = frozenset(column.name for column in ATTRIBUTES if column.source == "computed") - {
    "country",
    "region",
    "city",
}
_COLUMNS: Final = tuple(
    [column.name for column in ATTRIBUTES if column.name not in _COMPUTED and column.name != "kind"]
    + [*TRANSIENT]
)
_HINT: Final = f"groups are {', '.join((*_TIMES, *_COLUMNS))}; what is not kept needs no name: (?:…)"


def regex(definition: str) -> RegularFormat:
    """Return the format that an expression with named groups defines; raises `FormatError` for a bad one."""
    text = checked_length("regex", definition.strip())
    expression, options = options_of(text, ("date",))
    _check_compiles(expression)
    names = _names(text, expression)
    scales = {_column(name): _MATOMO[name][1] for name in names if _MATOMO.get(name, ("", 1.0))[1] != 1}
    columns = [_column(name) for name in names if name not in _TIMES]
    return RegularFormat(
        name="regex",
        title="regular expression as given",
        fields=tuple(_fields(expression, names)),
        rest=".*",
        example="",
        family=FAMILY,
        read_time=_time_reader(text, options.get("date", ""), has_zone=_ZONE in names),
        separators=("",) * (len(_segments(expression)) + 1),
        escaped=tuple(
            name for name in columns if SCHEMA.get(name, pl.String) == pl.String and name != "request"
        ),
        derived=tuple(_derived(names, columns, scales)),
        definition=text,
    )


def _names(definition: str, expression: str) -> list[str]:
    """Return the names of the groups; raises `FormatError` for unknown ones, two for one column, or no time."""
    names: list[str] = []
    for match in _NAMED.finditer(expression):
        name = match["name"]
        if name not in _TIMES and _column(name) not in _COLUMNS:
            raise bad_definition(
                "regex", definition, match.start("name"), f"a group {name!r} that is no column", _HINT
            )

        if _column(name) in map(_column, names):
            problem = f"a second group for {_column(name)}"
            raise bad_definition(
                "regex", definition, match.start("name"), problem, "one group for each column"
            )

        names.append(name)

    if not {_DATE, _CLOCK} & {*names}:
        raise bad_definition("regex", definition, len(expression), "no time", "add a group (?P<date>…)")

    return names


def _column(name: str) -> str:
    return name if name in _TIMES else _MATOMO.get(name, (name, 1.0))[0]


def _check_compiles(expression: str) -> None:
    try:
        pl.Series([""]).str.extract_groups(expression)
    except pl.exceptions.ComputeError as error:
        raise _uncompiled(expression, str(error)) from None


def _uncompiled(expression: str, message: str) -> FormatError:
    """Return what the expression engine says about `expression` as our own error."""
    pointed = re.search(r"^ {4}( *)\^", message, re.MULTILINE)
    reason = re.search(r"^error: (.*)$", message, re.MULTILINE)
    problem = f"an error ({reason[1]})" if reason else "an error (it is too large when compiled)"
    at = len(pointed[1]) if pointed else 0
    return bad_definition(
        "regex", expression, at, problem, "syntax: https://docs.rs/regex/latest/regex/#syntax"
    )


def _groups(names: Sequence[str]) -> dict[str, str]:
    """Return group → the one it is captured in; that of the first part of the time is ``time``."""
    times = [name for name in _TIMES if name in names]
    captured = {name: f"time_{number}" if number else "time" for number, name in enumerate(times)}
    return {name: captured.get(name, _column(name)) for name in names}


def _fields(expression: str, names: Sequence[str]) -> Iterator[Field]:
    groups = _groups(names)
    segments = _segments(expression)
    for number, segment in enumerate(segments):
        inside = [match["name"] for match in _NAMED.finditer(segment)]
        renamed = _NAMED.sub(lambda match: f"(?P<{groups[match['name']]}>", segment)
        columns = [column for name in inside for column in _given(name, groups[name], names)]
        strict = renamed if number else _NEVER + renamed
        name = ", ".join(inside) or "text"
        yield Field(
            name, tuple(columns), strict, renamed, f"as the expression has it, {printable(segment, 80)!r}"
        )


def _given(name: str, group: str, names: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that a group gives."""
    if name in _TIMES:
        return ("time",) if group == "time" else ()

    if name == "request":
        return (*(column for column in _REQUEST_LINE), "request")

    return ("path", "query") if name == "path" and not {"query", "query_string"} & {*names} else (group,)


def _segments(expression: str) -> list[str]:
    """Return an expression cut before and behind what has named groups, as far as it stands at its top.

    One that offers a choice there or sets a flag is left whole.
    """
    depth, opened, done, segments, has_name = 0, 0, 0, [], False
    for match in _SYNTAX.finditer(expression):
        text = match[0]
        if (text == "|" and not depth) or _FLAGS.match(text):
            return [expression]

        if text[0] == "(" and not depth:
            opened, has_name = match.start(), False

        depth += (text[0] == "(") - (text[0] == ")")
        has_name = has_name or _NAMED.match(text) is not None
        if text[0] == ")" and not depth and has_name:
            segments += [expression[done:opened], expression[opened : match.end()]]
            done = match.end()

    return [segment for segment in [*segments, expression[done:]] if segment]


_FLAGS = re.compile(r"\(\?[a-zA-Z-]+\)")
_SYNTAX = re.compile(
    r"\\.|\[\^?\]?(?:\\.|\[:\^?[a-z]+:\]|[^\]\\])*\]|\(\?P?<\w+>|\(\?[a-zA-Z-]+\)|\(|\)(?:[*+?]|\{[0-9,]+\})?\??|\|",
    re.DOTALL,
)


def _time_reader(definition: str, pattern: str, *, has_zone: bool) -> TimeReader:
    if not pattern:
        return read_any_time

    at = definition.rfind(pattern)
    if (unknown := unknown_directive(pattern)) is not None:
        problem = f"{unknown[1]}, which cannot be read as a time"
        raise bad_definition("regex", definition, at + unknown[0], problem, _DATE_HINT)

    patterns = [f"{pattern} %z", pattern] if has_zone and "%z" not in pattern else [pattern]
    composed = [compose_time([TimePart(0, one)]) for one in patterns]
    readers = [time.read for time in composed if time is not None]
    if not readers:
        raise bad_definition("regex", definition, at, "no complete time", _DATE_HINT)

    return readers[0] if len(readers) == 1 else lambda text: pl.coalesce(*(read(text) for read in readers))


_DATE_HINT: Final = ";date=%Y-%m-%d %H:%M:%S, with the directives of strftime"


def _derived(names: Sequence[str], columns: Sequence[str], scales: Mapping[str, float]) -> Iterator[pl.Expr]:
    groups = _groups(names)
    times = [groups[name] for name in _TIMES if name in names]
    if len(times) > 1:
        yield (
            pl.concat_str([pl.col(group).fill_null("") for group in times], separator=" ")
            .str.strip_chars_end()
            .alias("time")
        )

    for column, scale in scales.items():
        yield pl.col(column).cast(pl.Float64, strict=False) * scale

    if "host" in columns:
        yield pl.col("host").str.replace(r":[0-9]+$", "")

    for column in {*columns} & {"method", "protocol"}:
        yield pl.when(~pl.col(column).is_in(("-", ""))).then(column).alias(column)

    if "path" in columns and "query" not in columns:
        yield pl.col("path").str.extract(r"^([^?]*)").alias("path")
        yield pl.col("path").str.extract(r"\?(.*)$").alias("query")
