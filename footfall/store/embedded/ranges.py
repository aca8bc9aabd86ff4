"""A run of rows in key order, and what SQLite can tell of it in one step."""

from __future__ import annotations

import operator
import sqlite3
from collections.abc import Callable
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
_SIZES: Final = "SELECT coalesce(group_concat(size), '') FROM ({rows})"
_ITEMS: Final = """
    SELECT
        coalesce(group_concat(size), ''),
        coalesce(group_concat(length(item)), ''),
        CAST(coalesce(group_concat(item, ','), '') AS BLOB)
    FROM ({rows})
"""
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
class Items:
    """Rows: what each counts, how long its JSON is, and the JSON of all, separated by commas."""

    sizes: list[int]
    lengths: list[int]
    data: bytes

    def first(self, count: int) -> bytes:
        """Return the JSON of the first `count`, separated by commas."""
        if count == len(self.lengths):
            return self.data

        return self.data[: max(0, sum(self.lengths[:count]) + count - 1)]


@dataclass(frozen=True, slots=True)
class Range:
    """The rows between `bounds`, in ascending or descending order of their keys."""

    bounds: tuple[Bound, ...]
    ascending: bool = True

    def ordered(self, ascending: bool) -> Range:
        """Return the same rows in this direction."""
        return replace(self, ascending=ascending)

    def after(self, place: Place) -> Range:
        """Return the rows behind `place`, which lies in the range, in this direction."""
        sign = ">" if self.ascending else "<"
        # What `place` makes superfluous has to go: SQLite seeks to one bound only and steps from there to the other.
        kept = tuple(bound for bound in self.bounds if bound.sign[0] != sign)
        fixed = {column for bound in kept if bound.sign == "=" for column in bound.columns}
        free = {column: value for column, value in zip(_KEY, place, strict=True) if column not in fixed}
        return replace(self, bounds=(*kept, Bound(tuple(free), sign, tuple(free.values()))))

    def holds(self, place: Place) -> bool:
        """Tell whether a row at `place` would be in it."""
        return all(bound.holds(place) for bound in self.bounds)

    def sizes(self, connection: sqlite3.Connection, table: str, limit: int) -> list[int]:
        """Return the sizes of the first `limit` rows."""
        return _numbers(self._one(connection, _SIZES, "size", table, limit)[0])

    def items(self, connection: sqlite3.Connection, table: str, limit: int) -> Items:
        """Return the first `limit` rows."""
        sizes, lengths, data = self._one(connection, _ITEMS, "size, item", table, limit)
        return Items(_numbers(sizes), _numbers(lengths), data)

    def item_at(self, connection: sqlite3.Connection, table: str, position: int) -> bytes:
        """Return the JSON of the item at `position`, which must exist."""
        data: bytes = self._one(connection, "{rows}", "item", table, 1, position)[0]
        return data

    def _one(
        self,
        connection: sqlite3.Connection,
        outer: str,
        columns: str,
        table: str,
        limit: int,
        offset: int = 0,
    ) -> Any:
        direction = "ASC" if self.ascending else "DESC"
        order = ", ".join(f"{name} {direction}" for name in _KEY)
        conditions = " AND ".join(bound.sql() for bound in self.bounds)
        rows = f"SELECT {columns} FROM {table} WHERE {conditions} ORDER BY {order} LIMIT ? OFFSET ?"
        values = [value for bound in self.bounds for value in bound.values]
        return connection.execute(outer.format(rows=rows), (*values, limit, offset)).fetchone()


def bucket_range(low: int, high: int) -> Range:
    """Return the rows of the buckets [low, high)."""
    return Range((Bound(("bucket",), ">=", (low,)), Bound(("bucket",), "<", (high,))))


def partition_range(partition: KeyBytes) -> Range:
    """Return the rows of one partition key."""
    return Range((Bound(("bucket",), "=", (bucket(partition),)), Bound(("pk",), "=", (partition,))))


def _numbers(joined: str) -> list[int]:
    return [int(number) for number in joined.split(",")] if joined else []
