from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from footfall.errors import SettingsError
from footfall.event import SCHEMA
from reports.extraction.dataset import (
    Dataset,
    day_folder,
    hive_name,
    temporary_dataset,
    write_part,
    writing_to,
)
from reports.extraction.manifest import VERSION, KeptDay, Manifest, columns_id, write_manifest
from reports.scope import Scope
from tests.reports.conftest import MakeEvents

FIRST, NEXT = date(2026, 3, 1), date(2026, 3, 2)
NEXT_DAY = "2026-03-02T00:00:00+00:00"


def keep(folder: Path, parts: dict[KeptDay, pl.DataFrame], *named: KeptDay) -> None:
    """Make a kept dataset of `parts`, of which the manifest names some days."""
    for day, events in parts.items():
        day_folder(folder, day).mkdir(parents=True)
        write_part(events, day_folder(folder, day), "0")

    write_manifest(folder, Manifest(VERSION, columns=columns_id(), days=named))


def test_what_is_written_comes_back(make_events: MakeEvents) -> None:
    events = make_events({}, {"at": NEXT_DAY}, {"site": "b.example"}).collect()
    with temporary_dataset() as dataset:
        dataset.write(events[:2], "0")
        dataset.write(events[2:], "1")

        assert_frame_equal(dataset.scan().sort("offset").collect(engine="streaming"), events)


def test_columns_without_values_may_be_missing(make_events: MakeEvents) -> None:
    events = make_events({}).collect()
    with temporary_dataset() as dataset:
        dataset.write(events.select("site", "time", "source_id", "offset", "path"), "0")

        assert dataset.scan().collect().schema == SCHEMA


def test_nothing_written_is_an_empty_frame(tmp_path: Path) -> None:
    with temporary_dataset() as dataset:
        assert dataset.scan().collect().schema == SCHEMA

    assert Dataset(tmp_path).scan().collect().schema == SCHEMA


def test_a_temporary_dataset_is_gone_at_the_end() -> None:
    with temporary_dataset() as dataset:
        assert dataset.folder.exists()

    assert not dataset.folder.exists()


def test_only_days_that_the_manifest_names_are_there(tmp_path: Path, make_events: MakeEvents) -> None:
    first, other = KeptDay("example.org", FIRST, 1), KeptDay("example.org", NEXT, 1)
    keep(tmp_path, dict.fromkeys((first, other), make_events({}).collect()), first)

    assert [file.parent for file in Dataset(tmp_path).files()] == [day_folder(tmp_path, first)]


def test_a_scope_opens_its_days_and_cuts_the_outer_ones(tmp_path: Path, make_events: MakeEvents) -> None:
    days = {
        KeptDay("example.org", FIRST, 1): make_events({"path": "/a"}).collect(),
        KeptDay("example.org", NEXT, 1): make_events({"at": NEXT_DAY, "path": "/b"}).collect(),
        KeptDay("b.example", FIRST, 1): make_events({"site": "b.example"}).collect(),
    }
    keep(tmp_path, days, *days)
    tokyo = Dataset(tmp_path, Scope("example.org", FIRST, FIRST, "Asia/Tokyo"))
    new_york = Dataset(tmp_path, Scope("example.org", FIRST, FIRST, "America/New_York"))

    assert len(Dataset(tmp_path).files()) == 3
    assert [file.parent.name for file in tokyo.files()] == ["date=2026-03-01"]
    assert tokyo.scan().collect()["path"].to_list() == ["/a"]
    assert len(new_york.files()) == 2
    assert sorted(new_york.scan().collect()["path"]) == ["/a", "/b"]


def test_events_that_have_expired_are_left_out_to_the_second(make_events: MakeEvents) -> None:
    now = datetime(2026, 3, 9, 12, tzinfo=UTC)
    second = int(now.timestamp())
    rows = make_events({"path": "/for-good"}, *({"expires_at": second + more} for more in (-1, 0, 1)))
    with temporary_dataset(now) as dataset:
        dataset.write(rows.collect(), "0")

        assert dataset.scan().collect()["expires_at"].to_list() == [None, second + 1]
        assert Dataset(dataset.folder, by_day=False).scan().collect().height == 4


def test_other_tools_read_the_folder_as_it_is(tmp_path: Path, make_events: MakeEvents) -> None:
    day = KeptDay("example.org", FIRST, 1)
    keep(tmp_path, {day: make_events({}).collect()}, day)

    assert pl.scan_parquet(tmp_path / "**/*.parquet", hive_partitioning=True).collect().height == 1


def test_a_folder_that_cannot_be_written_is_an_error_of_the_settings(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with (
        pytest.raises(SettingsError, match="Cannot keep a dataset"),
        writing_to(tmp_path / "file"),
    ):
        (tmp_path / "file").mkdir()


@given(first=st.text(max_size=300), second=st.text(max_size=300))
def test_folder_names_are_safe_and_tell_values_apart(first: str, second: str) -> None:
    name = hive_name("site", first)

    assert "/" not in name
    assert "\0" not in name
    assert len(name.encode()) <= 200
    assert (name == hive_name("site", second)) == (first == second)
