from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from footfall.store.state import Day, TableMeta
from reports.extraction.manifest import (
    MARKER,
    NEVER_FRESH,
    SETTLING,
    VERSION,
    KeptDay,
    Manifest,
    columns_id,
    day_to_keep,
    freshness,
    mark_incomplete,
    read_manifest,
    store_id,
    write_manifest,
)
from reports.scope import Scope
from tests.fakes import ScriptedEngine, store_on

A, B, C = (date(2026, 3, day) for day in (1, 2, 3))
NOW = datetime(2026, 3, 9, tzinfo=UTC)


def manifest_of(*days: KeptDay) -> Manifest:
    return Manifest(VERSION, store_id="s", columns=columns_id(), days=days)


def test_days_of_another_revision_and_new_days_are_stale() -> None:
    kept = manifest_of(KeptDay("x", A, 3), KeptDay("x", B, 3))
    ledger = [Day("x", A, 3, 10), Day("x", B, 4, 10), Day("x", C, 1, 10)]
    state = freshness(kept, ledger, Scope())

    assert [day.on for day in state.fresh] == [A]
    assert [day.on for day in state.stale] == [B, C]
    assert not state.has_unnamed


def test_an_older_revision_of_the_ledger_is_another_one() -> None:
    """A table that was restored from a backup counts from there."""
    state = freshness(manifest_of(KeptDay("x", A, 3)), [Day("x", A, 2, 10)], Scope())

    assert [day.on for day in state.stale] == [A]


def test_only_days_in_scope_matter() -> None:
    kept = manifest_of(KeptDay("x", A, 3), KeptDay("y", A, 3))
    ledger = [Day("x", A, 4, 10), Day("x", B, 4, 10), Day("y", A, 3, 10)]
    state = freshness(kept, ledger, Scope("x", B, B))

    assert (state.fresh, [(day.site, day.on) for day in state.stale]) == ((), [("x", B)])


def test_days_that_the_ledger_does_not_name_are_told() -> None:
    assert freshness(manifest_of(KeptDay("x", A, NEVER_FRESH)), [], Scope()).has_unnamed


@pytest.mark.parametrize(
    ("seconds_ago", "is_consistent", "expected"),
    [(1, False, NEVER_FRESH), (1, True, 7), (SETTLING.total_seconds() + 1, False, 7), (None, False, 7)],
)
def test_what_eventually_consistent_reads_may_miss_is_never_fresh(
    seconds_ago: float | None, is_consistent: bool, expected: int
) -> None:
    touched_at = None if seconds_ago is None else NOW - timedelta(seconds=seconds_ago)
    day = Day("x", A, 7, 10, touched_at)

    assert day_to_keep(day, NOW, is_consistent=is_consistent) == KeptDay("x", A, expected)


def test_a_manifest_comes_back_and_what_is_no_manifest_is_an_empty_one(tmp_path: Path) -> None:
    assert read_manifest(tmp_path) == Manifest()
    written = msgspec.structs.replace(manifest_of(KeptDay("x", A, 3)), reading={"items": 2})
    write_manifest(tmp_path, written)
    assert read_manifest(tmp_path) == written

    mark_incomplete(tmp_path)
    assert not read_manifest(tmp_path).complete
    (tmp_path / MARKER).write_bytes(b"{")
    assert read_manifest(tmp_path) == Manifest()


def test_days_with_other_columns_are_not_used(tmp_path: Path) -> None:
    write_manifest(tmp_path, msgspec.structs.replace(manifest_of(KeptDay("x", A, 3)), columns="other"))

    assert read_manifest(tmp_path).holds(Scope()) == ()


def test_a_store_is_known_by_its_salt_and_its_table() -> None:
    store, meta = store_on(ScriptedEngine([])), TableMeta("items", 8, b"x" * 32)
    known = store_id(store, meta)

    assert known == store_id(replace(store, location="embedded:./test.db"), meta)
    assert known != store_id(store, replace(meta, salt=b"y" * 32))
    assert known != store_id(replace(store, events_table="other_events"), meta)
    assert meta.salt.hex() not in known
