from __future__ import annotations

from pathlib import Path

import pytest

from footfall.errors import SettingsError
from reports.extraction.kept import check_folder, opened
from reports.extraction.manifest import MARKER, read_manifest

HERE = "embedded:here.db"


def test_a_new_folder_is_ours_from_the_start(tmp_path: Path) -> None:
    with opened(tmp_path / "a" / "b", "store", HERE):
        manifest = read_manifest(tmp_path / "a" / "b")

    assert (manifest.store_id, manifest.location, manifest.days) == ("store", HERE, ())


def test_a_folder_of_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")

    with pytest.raises(SettingsError, match="holds other files"), opened(tmp_path, "store", HERE):
        pytest.fail("opened")

    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


def test_the_dataset_of_another_store_is_refused_by_its_name(tmp_path: Path) -> None:
    with opened(tmp_path, "store", HERE):
        pass

    with pytest.raises(SettingsError, match=r"another store, embedded:here\.db") as caught:
        check_folder(tmp_path, "other")

    assert "--dataset takes a new folder" in str(caught.value.hint)


def test_two_runs_do_not_write_one_folder(tmp_path: Path) -> None:
    with (
        opened(tmp_path, "store", HERE),
        pytest.raises(SettingsError, match="Another run"),
        opened(tmp_path, "store", HERE),
    ):
        pytest.fail("opened")

    with opened(tmp_path, "store", HERE):
        pass


def test_a_marker_of_an_earlier_version_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / MARKER).write_text('{"complete": true, "store": "embedded:x.db", "site": null}')
    with opened(tmp_path, "store", HERE):
        assert read_manifest(tmp_path).store_id == "store"


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(SettingsError, match="Cannot keep a dataset"), opened(tmp_path / "file", "s", HERE):
        pytest.fail("opened")
