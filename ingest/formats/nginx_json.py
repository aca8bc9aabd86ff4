"""Formats as nginx's `log_format` defines them with ``escape=json`` and the text of a JSON object.

Such a line is read as JSON, by a map from the places of the variables in the object to their columns.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from ingest.formats import shapes
from ingest.formats.json_logs.maps import from_template
from ingest.formats.model import Format
from ingest.formats.template import Value

_VARIABLE = r"\$(?:\{\w+\}|\w+)"
_OUTSIDE = re.compile(rf'"(?:[^"\\]|\\.)*"|(?P<bare>{_VARIABLE})', re.ASCII | re.DOTALL)
_ONE_VARIABLE = re.compile(_VARIABLE, re.ASCII)
_TARGET = re.compile(r"\$(?:document_)?uri\$is_args\$(?:args|query_string)")

_BY_SHAPE: Final[Mapping[str, str]] = MappingProxyType({shapes.REQUEST: "request", shapes.TARGET: "uri"})
"""Shape of a value of several columns → what a map calls them together."""


def nginx_json(template: str, spec: str, value_of: Callable[[str], Value]) -> Format | None:
    """Return the format of a template that is a JSON object, None for one that is not.

    `value_of` tells what a variable gives. `spec` is the text that makes the format again. Raises `FormatError` when
    there is neither time nor request.
    """
    try:
        found = json.loads(
            _OUTSIDE.sub(lambda match: f'"{match[0]}"' if match["bare"] else match[0], template)
        )
    except (ValueError, RecursionError):
        return None

    if not isinstance(found, dict):
        return None

    chosen: dict[str, tuple[tuple[str, ...], Value]] = {}
    for path, variable in sorted(_leaves(found, ()), key=lambda leaf: value_of(leaf[1]).rank):
        value = value_of(variable)
        if value.columns:
            chosen.setdefault(value.columns[0], (path, value))

    return from_template({path: _column(value) for path, value in chosen.values()}, spec)


def _leaves(member: dict[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the place and the name of each variable that is the whole of a value."""
    for name, value in member.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*path, name))
        elif isinstance(value, str) and _ONE_VARIABLE.fullmatch(value):
            yield (*path, name), value.strip("${}")
        elif isinstance(value, str) and _TARGET.fullmatch(value):
            yield (*path, name), "request_uri"


def _column(value: Value) -> str:
    """Return the column of a value as maps write it, with its factor."""
    column = _BY_SHAPE.get(value.shape, value.columns[0])
    return column if value.scale == 1 else f"{column}*{value.scale:g}"
