from __future__ import annotations

from datetime import date

import msgspec
import pytest

from footfall.errors import SourceError
from reports.extraction.manifest import KeptDay, Manifest
from reports.lake.manifest import LakeFile, LakeManifest, day_path, decode, encode, is_ours, new_run
from tests.fakes import FakeClock

DAY = KeptDay("a.example", date(2026, 3, 1), 7)
RUN = "20260301T120000Z-0123abcd"


def manifest(name: str = f"part-{RUN}-0.parquet", folder: str = "") -> LakeManifest:
    files = {folder or day_path(DAY): (LakeFile(name, 5),)}
    return LakeManifest(complete=True, run=RUN, dataset=Manifest(days=(DAY,)), files=files)


def test_a_manifest_round_trips() -> None:
    assert decode(encode(manifest()), "") == manifest()
    assert manifest().object_keys() == {f"site=a.example/date=2026-03-01/part-{RUN}-0.parquet"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"\xff",
        encode(manifest("../../../x.parquet")),
        encode(manifest("part-0.parquet")),
        encode(manifest(folder="..")),
        encode(manifest(folder="site=a/../../b/date=x")),
        encode(msgspec.structs.replace(manifest(), version=2)),
    ],
)
def test_what_is_no_manifest_is_refused_with_a_hint(content: bytes) -> None:
    with pytest.raises(SourceError) as caught:
        decode(content, "s3://example-lake/_footfall.json")

    assert caught.value.hint


def test_each_run_has_a_name_of_its_own_and_its_objects_are_known() -> None:
    clock = FakeClock()
    first, second = new_run(clock), new_run(clock)
    assert first != second
    assert all(is_ours(f"{day_path(DAY)}/part-{run}-12.parquet") for run in (first, second))
    assert not is_ours(f"{day_path(DAY)}/part-0.parquet")
    assert not is_ours(f"x/{day_path(DAY)}/part-{first}-0.parquet")
