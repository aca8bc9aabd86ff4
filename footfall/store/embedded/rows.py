"""Read and write items by key.

Every function is a constant number of SQL steps, whatever the number of items: each step gives the interpreter lock
away, and with a busy event loop beside it getting the lock back takes up to 5 ms.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from footfall.store.embedded.capacity import WRITE_UNIT_BYTES
from footfall.store.embedded.keys import Place
from footfall.store.embedded.tables import Table, add_to_totals

CREATE: Final = """
    CREATE TABLE {rows} (
        bucket INTEGER NOT NULL, pk NOT NULL, sk NOT NULL, size INTEGER NOT NULL, item BLOB NOT NULL,
        PRIMARY KEY (bucket, pk, sk)
    )
"""
"""Rows lie in order of arrival and the key is an index: inserting is 3 times as fast as into a tree of whole rows,
because a batch of 25 has keys all over the table."""

_OLD: Final = f"""
    WITH new (bucket, pk, sk, size) AS (VALUES {{values}})
    SELECT
        count(*),
        coalesce(sum(old.size), 0),
        coalesce(sum(max(0, (old.size + {WRITE_UNIT_BYTES - 1}) / {WRITE_UNIT_BYTES} - new.size)), 0)
    FROM new CROSS JOIN {{rows}} AS old ON old.bucket = new.bucket AND old.pk = new.pk AND old.sk = new.sk
"""
_PUT: Final = """
    INSERT INTO {rows} (bucket, pk, sk, size, item) VALUES {values}
    ON CONFLICT (bucket, pk, sk) DO UPDATE SET size = excluded.size, item = excluded.item
    WHERE item IS NOT excluded.item
"""
"""A replay puts what is there already: then nothing is written."""

_DELETE: Final = "DELETE FROM {rows} WHERE (bucket, pk, sk) IN (VALUES {values})"
_GET: Final = "SELECT size, item FROM {rows} WHERE bucket = ? AND pk = ? AND sk = ?"


@dataclass(frozen=True, slots=True)
class Put:
    """An item with its place and size; `data` is its JSON."""

    place: Place
    size: int
    data: bytes


def get(connection: sqlite3.Connection, table: Table, place: Place) -> tuple[int, bytes] | None:
    """Return size and JSON of the item at `place`, or None."""
    row: tuple[int, bytes] | None = connection.execute(_GET.format(rows=table.rows), place).fetchone()
    return row


def put_all(connection: sqlite3.Connection, table: Table, puts: list[Put]) -> int:
    """Store items, no two of one key; return the write units."""
    if not puts:
        return 0

    # Neighbours by key that arrive together lie together in the file: fewer pages to write, and to read in a scan.
    puts = sorted(puts, key=_place)
    new_units = [max(1, -(-put.size // WRITE_UNIT_BYTES)) for put in puts]
    keys = [value for put, units in zip(puts, new_units, strict=True) for value in (*put.place, units)]
    old_count, old_bytes, extra_units = _old(connection, table, keys, len(puts))
    rows = [value for put in puts for value in (*put.place, put.size, put.data)]
    connection.execute(_PUT.format(rows=table.rows, values=_marks(5, len(puts))), rows)
    added_bytes = sum(put.size for put in puts) - old_bytes
    add_to_totals(connection, table, len(puts) - old_count, added_bytes)
    return sum(new_units) + extra_units


def delete_all(connection: sqlite3.Connection, table: Table, places: list[Place]) -> int:
    """Delete items, no two of one key; return the write units."""
    if not places:
        return 0

    keys = [value for place in places for value in (*place, 1)]
    old_count, old_bytes, extra_units = _old(connection, table, keys, len(places))
    if old_count:
        values = [value for place in places for value in place]
        connection.execute(_DELETE.format(rows=table.rows, values=_marks(3, len(places))), values)
        add_to_totals(connection, table, -old_count, -old_bytes)

    return len(places) + extra_units


def _place(put: Put) -> Any:
    return put.place


def _old(
    connection: sqlite3.Connection, table: Table, keys: Sequence[object], count: int
) -> tuple[int, int, int]:
    """Return how many of the keys exist, their bytes, and the units by which they exceed their new ones."""
    statement = _OLD.format(rows=table.rows, values=_marks(4, count))
    found: tuple[int, int, int] = connection.execute(statement, keys).fetchone()
    return found


def _marks(columns: int, rows: int) -> str:
    return ",".join([f"({','.join('?' * columns)})"] * rows)
