from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from footfall.errors import FootfallError
from reports.extraction.dataset import Dataset
from reports.temporary import writing_beside
from tests.reports.conftest import MakeEvents


def test_a_temporary_file_that_cannot_be_written_is_told_with_a_way_out(
    tmp_path: Path, make_events: MakeEvents
) -> None:
    gone = tmp_path / "footfall-gone"
    with pytest.raises(FootfallError, match="Cannot write temporary files into") as caught:
        Dataset(gone, by_day=False).write(make_events({}).collect(), "0")

    assert str(tmp_path) in str(caught.value)
    assert "TMPDIR" in (caught.value.hint or "")


def test_a_full_disk_as_polars_tells_it_is_no_fault_of_ours(tmp_path: Path) -> None:
    full = "parquet: File out of specification: underlying IO error: No space left on device (os error 28)"
    with pytest.raises(FootfallError, match="No space left"), writing_beside(tmp_path / "footfall-x"):
        raise pl.exceptions.ComputeError(full)


def test_other_errors_are_left_alone(tmp_path: Path) -> None:
    with pytest.raises(KeyError), writing_beside(tmp_path):
        raise KeyError
