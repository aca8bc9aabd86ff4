"""A run of rows in key order, and what SQLite can tell of it in one step."""

from __future__ import annotations

import operator
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from footfall.store.embedded.keys import KeyBytes, Place, bucket

_KEY: Final = ("bucket", "pk", "sk")
_SIGNS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_JOINED: Final = "SELECT CAST(coalesce(group_concat(item, ','), '') AS BLOB) FROM ({rows})"
_SIZES: Final = "SELECT coalesce(group_concat(size), '') FROM ({rows})"
"""group_concat takes its rows in the order in which the inner SELECT, which has a LIMIT, gives them."""


@dataclass(frozen=True, slots=True)
class Bound:
    """One end of a range: columns compared, as one row value, with values."""

    columns: tuple[str, ...]
    sign: str
    values: tuple[int | KeyBytes, ...]

    def sql(self) -> str:
        """Return the condition; one question mark per value."""
        if len(self.columns) == 1:
            return f"{self.columns[0]} {self.sign} ?"

        return f"({', '.join(self.columns)}) {self.sign} ({', '.join('?' * len(self.columns))})"

    def holds(self, place: Place) -> bool:
        """Tell whether `place` lies on the right side."""
        named = dict(zip(_KEY, place, strict=True))
        there = tuple(named[column] for column in self.columns)
        # Within one column there is one type: text for S, bytes for N and B. SQLite and Python order both alike,
        # text by code point, which is the order of its UTF-8 bytes.
        return _SIGNS[self.sign](there, self.values)


@dataclass(frozen=True, slots=True)
class Range:
    """The rows between `bounds`, in ascending or descending order of their keys."""

    bounds: tuple[Bound, ...]
    ascending: bool = True

    def ordered(self, ascending: bool) -> Range:  # noqa: FBT001, RUF100 - ScanIndexForward, as it comes
        """Return the same rows in this direction."""
        return replace(self, ascending=ascending)

    def after(self, place: Place) -> Range:
        """Return the rows behind `place`, in this direction."""
        return replace(self, bounds=(*self.bounds, Bound(_KEY, ">" if self.ascending else "<", place)))

    def holds(self, place: Place) -> bool:
        """Tell whether a row at `place` would be in it."""
        return all(bound.holds(place) for bound in self.bounds)

    def sizes(self, connection: sqlite3.Connection, table: str, limit: int) -> Iterator[int]:
        """Return the sizes of the first `limit` rows."""
        joined: str = self._one(connection, _SIZES, "size", table, limit, 0)
        return map(int, joined.split(",") if joined else ())

    def joined(self, connection: sqlite3.Connection, table: str, limit: int) -> bytes:
        """Return the JSON of the first `limit` items, separated by commas."""
        data: bytes = self._one(connection, _JOINED, "item", table, limit, 0)
        return data

    def item_at(self, connection: sqlite3.Connection, table: str, position: int) -> bytes:
        """Return the JSON of the item at `position`, which must exist."""
        data: bytes = self._one(connection, "{rows}", "item", table, 1, position)
        return data

    def _one(
        self, connection: sqlite3.Connection, outer: str, column: str, table: str, limit: int, offset: int
    ) -> Any:
        direction = "ASC" if self.ascending else "DESC"
        order = ", ".join(f"{name} {direction}" for name in _KEY)
        conditions = " AND ".join(bound.sql() for bound in self.bounds)
        rows = f"SELECT {column} FROM {table} WHERE {conditions} ORDER BY {order} LIMIT ? OFFSET ?"
        values = [value for bound in self.bounds for value in bound.values]
        return connection.execute(outer.format(rows=rows), (*values, limit, offset)).fetchone()[0]


def bucket_range(low: int, high: int) -> Range:
    """Return the rows of the buckets [low, high)."""
    return Range((Bound(("bucket",), ">=", (low,)), Bound(("bucket",), "<", (high,))))


def partition_range(partition: KeyBytes) -> Range:
    """Return the rows of one partition key."""
    return Range((Bound(("bucket",), "=", (bucket(partition),)), Bound(("pk",), "=", (partition,))))
