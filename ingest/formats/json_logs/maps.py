"""Formats by a user's own map from members to columns: ``json:time=ts,ip=client.addr,path=req.uri,status=code``.

::

    map      = [ preset "," ] column "=" path { "|" path } [ "*" factor ] { "," column "=" … }
    path     = name { "." name | "[" number "]" }          as in `paths`; "a.dotted.name" in quotation marks
    factor   = decimal number                              duration_ms=latency*1000 when latency is in seconds

A preset is the name of a format in JSON whose columns the map begins with; what follows takes their place one by one.
Of several paths the first that has a value counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from footfall.errors import FormatError
from footfall.event import SCHEMA
from footfall.text import printable
from ingest.formats.json_logs.clouds import CLOUDS_JSON
from ingest.formats.json_logs.converting import without_port
from ingest.formats.json_logs.format import TARGETS, JsonFormat
from ingest.formats.json_logs.members import EXTRA, Member
from ingest.formats.json_logs.paths import Path, Pick, Step, parse_path, tree_of
from ingest.formats.json_logs.platforms import PLATFORMS_JSON
from ingest.formats.json_logs.servers import SERVERS_JSON
from ingest.formats.model import TRANSIENT

PRESETS: Final[Mapping[str, JsonFormat]] = {
    form.name: form for form in (*SERVERS_JSON, *CLOUDS_JSON, *PLATFORMS_JSON)
}
NOT_LOGGED: Final = frozenset(
    {"site", "shard", "source_id", "offset", "kind", "visitor", "resource", "dialect", "expires_at"}
)
COLUMNS: Final = frozenset({*SCHEMA, *TRANSIENT, *EXTRA} - NOT_LOGGED)
"""What a map may have left of an equals sign."""

_PARTS = re.compile(r'(?:"[^"]*"|\[[^\]]*\]|[^,"\[])+')
_ENTRY = re.compile(
    r"(?s)(?P<column>\w+)=(?P<paths>.+?)(?:\*(?P<factor>\d{1,12}(?:\.\d{1,12})?(?:[eE]-?\d{1,2})?))?"
)
_ALTERNATIVES = re.compile(r'(?:"[^"]*"|\[[^\]]*\]|[^|"\[])+')
_EXAMPLES: Final[Mapping[str, object]] = {
    "time": "2026-01-17T10:05:03Z",
    "ip": "192.0.2.7",
    "method": "GET",
    "path": "/shop",
    "uri": "/shop?page=2",
    "request": "GET /shop?page=2 HTTP/1.1",
    "date": "2026-01-17",
    "clock": "10:05:03",
    "status": 200,
}
_HINT: Final = "json:time=ts,ip=client.addr,uri=req.uri,status=code,duration_ms=latency*1000"


def from_map(definition: str) -> JsonFormat:
    """Return the format of a map as a user writes it; raises `FormatError` for one that makes no sense."""
    parts = [part.strip() for part in _PARTS.findall(definition)]
    preset = PRESETS.get(parts[0]) if parts else None
    own = [_entry(part) for part in (parts[1:] if preset else parts)]
    replaced = {member.column for member in own}
    kept = tuple(member for member in (preset.members if preset else ()) if member.column not in replaced)
    return _format((*own, *kept), f"json:{definition}")


def from_template(members: Mapping[str | Sequence[Step], str], spec: str) -> JsonFormat:
    """Return the format of a server's own template, ``log_format … escape=json '{"a":"$b"}'`` or the like.

    `members` has for each member, or way of names to one, the column it gives, with ``*factor`` if need be (columns
    of the event and of `TRANSIENT`, and those of `EXTRA`). `spec` is the text that makes the format again. Raises
    `FormatError` when there is neither time nor request.
    """
    return _format(tuple(_templated(name, column) for name, column in members.items()), spec)


def _templated(name: str | Sequence[Step], column: str) -> Member:
    path: Path = (name,) if isinstance(name, str) else tuple(name)
    known, _, factor = column.partition("*")
    return _member(known, (path,), factor)


def _entry(text: str) -> Member:
    match = _ENTRY.fullmatch(text)
    if match is None:
        raise FormatError(f"{printable(text, 60)!r} is no entry of a map of members.", hint=_HINT)

    paths = tuple(parse_path(path.strip()) for path in _ALTERNATIVES.findall(match["paths"]))
    return _member(match["column"], paths, match["factor"])


def _member(column: str, paths: tuple[Path, ...], factor: str | None) -> Member:
    """Return a row of a map; an address may come with its port, as Go's servers log it."""
    convert = without_port if column == "ip" else None
    return Member(_column(column), paths, float(factor or 1), convert=convert)


def _column(name: str) -> str:
    if name not in COLUMNS:
        known = ", ".join(sorted(COLUMNS))
        raise FormatError(
            f"There is no column {printable(name, 40)!r} to read from a log.", hint=f"one of: {known}"
        )

    return name


def _format(members: tuple[Member, ...], spec: str) -> JsonFormat:
    given = {name for member in members for name in member.columns}
    columns = {member.column for member in members}
    if "time" not in given or len(columns & {"date", "clock"}) == 1:
        raise FormatError("The map has no time, and an event needs one.", hint=_HINT)

    if not given & set(TARGETS):
        raise FormatError("The map has neither request nor path, and an event needs one.", hint=_HINT)

    tree_of({path: None for member in members for path in member.paths})
    return JsonFormat("json", "JSON by a map of members", members, example_of(members), made_of=spec)


def example_of(members: Iterable[Member]) -> str:
    """Return a line that has a value at the first path of each member."""
    line: dict[str, object] = {}
    for member in members:
        value = _EXAMPLES.get(member.column)
        if value is not None:
            _put(line, list(member.paths[0]), value)

    return json.dumps(line, separators=(",", ":"))


def _put(outer: object, steps: list[Step], value: object) -> None:
    step, rest = steps[0], steps[1:]
    inner = value if not rest else {} if isinstance(rest[0], str) else []
    if isinstance(outer, dict):
        inner = outer.setdefault(step, inner)
    elif isinstance(outer, list):
        inner = _put_into_array(outer, step, inner)

    if rest:
        _put(inner, rest, value)


def _put_into_array(array: list[object], step: Step, inner: object) -> object:
    if isinstance(step, Pick):
        array.append({step.key: step.value})
        return array[-1]

    index = step if isinstance(step, int) else 0
    array += [None] * (index + 1 - len(array))
    array[index] = inner if array[index] is None else array[index]
    return array[index]
