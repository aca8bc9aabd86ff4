"""Decode JSON bodies, each once and few at a time, and make one frame of the events in them.

A body is any JSON text that is nested no deeper than a parser goes (RFC 8259, 9, allows limits of depth): what is
none is None, and leaves its neighbours alone. Of members of one name the last counts. Numbers with a fraction or an
exponent stay as they are written (`msgspec.Raw`), so that none is too large and none is rounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain, repeat
from typing import Any, Final

import msgspec
import polars as pl

Object = dict[str, Any]
"""A JSON object, decoded."""

NOTHING: Final[Object] = {}
"""Stands for what is no object."""

_Events = Callable[[Any], Sequence[Object]]
_Columns = Callable[[list[Object], Iterable[Object]], Iterable[pl.Series]]
_BATCH: Final = 500
_NO_JSON: Final = (msgspec.DecodeError, RecursionError, UnicodeError)
_decode: Final = msgspec.json.Decoder(float_hook=msgspec.Raw).decode


def decoded(text: str | None) -> Any:
    """Return what a JSON text says, None when it says nothing."""
    try:
        return None if text is None else _decode(text)
    except _NO_JSON:
        return None


def all_decoded(texts: Sequence[str | None]) -> list[Any]:
    """Return what each of some JSON texts says; see `decoded`."""
    try:
        return list(map(_decode, texts))  # type: ignore[arg-type]
    except (*_NO_JSON, TypeError):
        return list(map(decoded, texts))


def read_bodies(requests: pl.DataFrame, events_of: _Events, make_columns: _Columns) -> pl.DataFrame:
    """Return a row for each event of `requests` (row, body): the `row` of its request, and what `make_columns` makes.

    `events_of` finds the events in a decoded body, one at least. `make_columns` makes columns of some events, and of
    the bodies, as objects, that each of them was in; of those members that any has.
    """
    # Few at a time, so that their values are still in the processor's cache when columns are made of them.
    batches = [requests[begin : begin + _BATCH] for begin in range(0, len(requests) or 1, _BATCH)]
    return pl.concat((_read(each, events_of, make_columns) for each in batches), how="diagonal", rechunk=True)


def _read(requests: pl.DataFrame, events_of: _Events, make_columns: _Columns) -> pl.DataFrame:
    bodies = all_decoded(requests["body"].to_list())
    found = list(map(events_of, bodies))
    counts = list(map(len, found))
    rows = list(chain.from_iterable(map(repeat, requests["row"].to_list(), counts)))
    around = chain.from_iterable(map(repeat, map(object_of, bodies), counts))
    columns = make_columns(list(chain.from_iterable(found)), around)
    return pl.DataFrame([pl.Series("row", rows, dtype=pl.UInt32), *columns])


def alone(body: Any) -> Sequence[Object]:
    """Return the one event of a body that is the event itself."""
    return (object_of(body),)


def elements_of(value: Any) -> Sequence[Object]:
    """Return the elements of an array, of which those that are no objects are `NOTHING`.

    So is what stands for an empty array, and for what is none: each body tells of something, or is refused.
    """
    if not isinstance(value, list) or not value:
        return (NOTHING,)

    return [each if type(each) is dict else NOTHING for each in value]


def object_of(value: Any) -> Object:
    """Return a value that is an object, else `NOTHING`."""
    return value if isinstance(value, dict) else NOTHING


def objects_in(objects: Sequence[Object], name: str) -> list[Object]:
    """Return a member of each of `objects` that is an object itself, or a string that holds one, else `NOTHING`."""
    found = [each.get(name) for each in objects]
    return [each if type(each) is dict else NOTHING if each is None else _object_in(each) for each in found]


def _object_in(value: Any) -> Object:
    return object_of(decoded(value) if isinstance(value, str) else value)
