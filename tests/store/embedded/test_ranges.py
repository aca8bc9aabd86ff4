"""Runs of rows: resuming one costs the same wherever it stopped."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from footfall.store.embedded.file import open_file
from footfall.store.embedded.keys import bucket, segment_range
from footfall.store.embedded.ranges import Range, bucket_range, partition_range
from footfall.store.embedded.rows import CREATE

ROWS = 2_000
TABLE = "items_1"


@pytest.fixture
def connection(tmp_path: Path) -> sqlite3.Connection:
    opened = open_file(tmp_path / "a.db")
    opened.execute(CREATE.format(rows=TABLE))
    rows = [(bucket("p"), "p", f"{number:06}", 1, b"{}") for number in range(ROWS)]
    opened.executemany(f"INSERT INTO {TABLE} VALUES (?, ?, ?, ?, ?)", rows)
    return opened


def steps(connection: sqlite3.Connection, rows: Range) -> int:
    """Return how many instructions SQLite takes for a page of ten rows, in tens."""
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    connection.set_progress_handler(count, 10)
    assert len(rows.items(connection, TABLE, 10).sizes) == 10
    connection.set_progress_handler(None, 0)
    return counted


@pytest.mark.parametrize("ascending", [True, False])
@pytest.mark.parametrize(
    "rows", [bucket_range(*segment_range(0, 1)), partition_range("p")], ids=["scan", "query"]
)
def test_a_late_page_costs_no_more_than_an_early_one(
    connection: sqlite3.Connection,
    rows: Range,
    ascending: bool,
) -> None:
    late = f"{ROWS - 20:06}" if ascending else f"{20:06}"
    resumed = rows.ordered(ascending).after((bucket("p"), "p", late))

    assert steps(connection, resumed) < 2 * steps(connection, rows.ordered(ascending))
    connection.close()
