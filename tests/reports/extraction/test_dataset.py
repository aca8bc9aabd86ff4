from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from footfall.errors import SettingsError
from footfall.event import SCHEMA
from reports.extraction.dataset import MARKER, Dataset, hive_name, open_dataset
from tests.reports.conftest import MakeEvents

NEXT_DAY = "2026-03-02T00:00:00+00:00"


def test_what_is_written_comes_back(tmp_path: Path, make_events: MakeEvents) -> None:
    events = make_events({}, {"at": NEXT_DAY}, {"site": "b.example"}).collect()
    for by_day in (True, False):
        dataset = Dataset(tmp_path / str(by_day), by_day=by_day)
        dataset.begin()
        dataset.write(events[:2], "0")
        dataset.write(events[2:], "1")

        assert_frame_equal(dataset.scan().sort("offset").collect(engine="streaming"), events)


def test_columns_without_values_may_be_missing(tmp_path: Path, make_events: MakeEvents) -> None:
    events = make_events({}).collect()
    with open_dataset(tmp_path / "d") as dataset:
        dataset.write(events.select("site", "time", "source_id", "offset", "path"), "0")

        assert dataset.scan().collect().schema == SCHEMA


def test_nothing_written_is_an_empty_frame() -> None:
    with open_dataset(None) as dataset:
        assert dataset.scan().collect().schema == SCHEMA


def test_days_have_folders_that_other_tools_understand(tmp_path: Path, make_events: MakeEvents) -> None:
    with open_dataset(tmp_path / "d") as dataset:
        dataset.write(make_events({}, {"at": NEXT_DAY}).collect(), "0")

    files = sorted(str(file.relative_to(tmp_path / "d")) for file in (tmp_path / "d").rglob("*.parquet"))
    assert files == [
        "site=example.org/date=2026-03-01/part-0.parquet",
        "site=example.org/date=2026-03-02/part-0.parquet",
    ]
    assert pl.scan_parquet(tmp_path / "d/**/*.parquet", hive_partitioning=True).collect().height == 2


def test_parts_are_sorted_by_time(tmp_path: Path, make_events: MakeEvents) -> None:
    with open_dataset(tmp_path / "d") as dataset:
        dataset.write(make_events({"at": "2026-03-01T12:00:01+00:00"}, {}).collect(), "0")

        assert dataset.scan().collect()["time"].is_sorted()


def test_a_temporary_dataset_is_gone_at_the_end() -> None:
    with open_dataset(None) as dataset:
        assert dataset.folder.exists()

    assert not dataset.folder.exists()


def test_a_folder_of_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")

    with pytest.raises(SettingsError, match="holds other files"), open_dataset(tmp_path):
        pytest.fail("opened")

    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_dataset_of_ours_is_replaced_and_what_others_put_there_stays(
    tmp_path: Path, make_events: MakeEvents
) -> None:
    with open_dataset(tmp_path) as dataset:
        dataset.write(make_events({}, {"at": NEXT_DAY}).collect(), "0")
        (tmp_path / "notes.txt").write_text("mine")

    with open_dataset(tmp_path) as dataset:
        assert dataset.scan().collect().is_empty()
        dataset.write(make_events({}).collect(), "0")

    assert Dataset(tmp_path).scan().collect().height == 1
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_the_marker_says_whether_the_dataset_is_complete(tmp_path: Path) -> None:
    with open_dataset(tmp_path / "d") as dataset:
        assert json.loads((tmp_path / "d" / MARKER).read_text()) == {"complete": False}
        dataset.finish({"store": "x"})

    assert json.loads((tmp_path / "d" / MARKER).read_text()) == {"complete": True, "store": "x"}


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(SettingsError, match="Cannot keep a dataset"), open_dataset(tmp_path / "file"):
        pytest.fail("opened")


@given(first=st.text(max_size=300), second=st.text(max_size=300))
def test_folder_names_are_safe_and_tell_values_apart(first: str, second: str) -> None:
    name = hive_name("site", first)

    assert "/" not in name
    assert "\0" not in name
    assert len(name.encode()) <= 200
    assert (name == hive_name("site", second)) == (first == second)
