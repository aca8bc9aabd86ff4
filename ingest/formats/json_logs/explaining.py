"""Say member by member how a line of JSON is read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Final

import polars as pl

from ingest.formats.finish import ABSENT
from ingest.formats.json_logs.members import Member
from ingest.formats.json_logs.objects import decoded
from ingest.formats.json_logs.paths import Path, Pick, find_value, name_of
from ingest.formats.model import BAD_TIME, NO_MATCH, Explanation, Parsed, Taken

_VALUE = re.compile(r'\s*(?:"((?:[^"\\]++|\\.)*+)"|([^\s",\[\]{}]+)|(?=[\[{]))', re.DOTALL)
_OPENING = re.compile(r"\s*[\[{]")
_NO_OBJECT: Final = "a JSON object"
_NO_REQUEST: Final = "an object with a request in it, of this format"
_NO_TIME: Final = "a date and time, or a number since 1970"


def explain(line: str, members: tuple[Member, ...], parse: Callable[[pl.DataFrame], Parsed]) -> Explanation:
    """Return the parts of `line` that `members` take, in their order, and where reading fails."""
    parsed = parse(_frame(line))
    if parsed.skipped_lines:
        return Explanation(())

    value = decoded(line)
    if value is None:
        return Explanation((), _broken_at(line), _NO_OBJECT, NO_MATCH)

    row = parsed.events.row(0, named=True) if len(parsed.events) else {}
    taken = [part for member in members if (part := _taken(line, value, member, row)) is not None]
    parts = tuple(sorted(taken, key=lambda part: part.begin))
    if row:
        return Explanation(parts)

    is_bad_time = parsed.rejected["reason"].to_list() == [BAD_TIME]
    failed_at = next((part.begin for part in parts if "time" in part.columns), 0) if is_bad_time else 0
    expected, reason = (_NO_TIME, BAD_TIME) if is_bad_time else (_NO_REQUEST, NO_MATCH)
    return Explanation(parts, failed_at + 1, expected, reason)


def _frame(line: str) -> pl.DataFrame:
    schema = {"line_number": pl.Int64, "offset": pl.Int64, "text": pl.String}
    return pl.DataFrame({"line_number": [1], "offset": [0], "text": [line]}, schema=schema)


def _taken(line: str, value: object, member: Member, row: dict[str, object]) -> Taken | None:
    there = [path for path in member.paths if find_value(value, path) is not None]
    if not there:
        return None

    path = next((path for path in there if find_value(value, path) not in ABSENT), there[-1])

    begin, end = span_of(line, path)
    became = next((row[name] for name in member.columns if row.get(name) is not None), None)
    return Taken(name_of(path), member.columns, begin, end, None if became is None else str(became))


def span_of(line: str, path: Path) -> tuple[int, int]:
    """Return where the value at a path stands in the line, without its quotation marks; (0, 0) when not to be
    found.
    """
    place = 0
    for step in path:
        found = _behind(line, place, step)
        if found is None:
            return 0, 0

        place = found

    match = _VALUE.match(line, place)
    if match is None:
        return 0, 0

    return (
        match.span(1) if match[1] is not None else match.span(2) if match[2] is not None else (place, place)
    )


def _behind(line: str, place: int, step: str | int | Pick) -> int | None:
    if isinstance(step, int):
        opening = _OPENING.match(line, place)
        return opening.end() if opening and not step else None

    wanted = f'"{re.escape(step.value)}"' if isinstance(step, Pick) else f"{re.escape(json.dumps(step))}\\s*:"
    found = re.compile(wanted, re.IGNORECASE if isinstance(step, Pick) else 0).search(line, place)
    return found.end() if found else None


def _broken_at(line: str) -> int:
    """Return the column, from 1, of the first character that is no JSON."""
    try:
        json.loads(line)
    except json.JSONDecodeError as error:
        return error.pos + 1
    except (ValueError, RecursionError):
        return 1

    return 1
