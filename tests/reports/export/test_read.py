"""Exports give the same events as the table they are of."""

from __future__ import annotations

import gzip
import json
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from footfall.errors import FootfallError, FormatError, SchemaMismatch, SourceError
from footfall.store.objects import ObjectSettings
from reports.export.lines import frames, pieces
from reports.export.manifest import md5_of
from reports.export.places import DataFile, opened_places
from reports.export.read import read_chain, read_exports
from reports.extraction.dataset import Dataset
from reports.extraction.reading import Reading
from reports.scope import Scope
from tests.reports.conftest import MakeEvents
from tests.reports.export.exports import (
    FULL_AT,
    Change,
    items_from,
    items_of,
    key_of,
    reseal,
    write_full,
    write_incremental,
)
from tests.reports.store import CLOCK, SHARDS, fill, opened

START = datetime(2026, 3, 1, tzinfo=UTC)
LATER = FULL_AT + timedelta(hours=1)
LAST = FULL_AT + timedelta(hours=2)


@pytest.fixture
def events(make_events: MakeEvents) -> pl.DataFrame:
    """200 events of two sites over 60 hours, with text that JSON has to escape."""
    return make_events(
        *(
            {
                "at": (START + timedelta(minutes=18 * number)).isoformat(),
                "site": ("a.example", "b.example")[number % 2],
                "path": f'/{number}/\u00fc\u2028\\"\x7f' + "x" * (number * 13 % 400),
                "duration_ms": number / 7,
                "revenue": f"{number}.25" if number % 5 else None,
            }
            for number in range(200)
        )
    ).collect()


def read(
    *folders: Path | str, scope: Scope | None = None, buffer_bytes: int = 2**20
) -> tuple[Reading, pl.DataFrame]:
    async def run(sink: Dataset) -> Reading:
        keep = scope.predicate() if scope else None
        async with opened_places([str(folder) for folder in folders], ObjectSettings()) as places:
            return await read_exports(await read_chain(places), CLOCK, keep, sink, buffer_bytes=buffer_bytes)

    with TemporaryDirectory() as folder:
        sink = Dataset(Path(folder), by_day=False)
        reading = anyio.run(run, sink)
        return reading, ordered(sink.scan().collect())


def ordered(events: pl.DataFrame) -> pl.DataFrame:
    return events.sort("source_id", "offset", "time")


def spread(events: pl.DataFrame) -> pl.DataFrame:
    """Events with the shard that the store of the tests gives them."""
    return events.with_columns((pl.col("offset") // 100 % SHARDS).cast(pl.Int32).alias("shard"))


@pytest.mark.parametrize("files", [1, 3, 20])
@pytest.mark.parametrize("buffer_bytes", [1, 2**20])
def test_a_full_export_of_a_store_has_its_events(
    tmp_path: Path, events: pl.DataFrame, files: int, buffer_bytes: int
) -> None:
    async def export() -> Path:
        await fill(tmp_path / "x.db", events)
        async with opened(tmp_path / "x.db") as store:
            return write_full(tmp_path / "bucket", await items_of(store), files=files, prefix="2026/Mar")

    reading, found = read(anyio.run(export), buffer_bytes=buffer_bytes)

    assert_frame_equal(found, ordered(spread(events)))
    assert (reading.method, reading.partitions, reading.items, reading.events) == (
        "export",
        files + 1,
        200,
        200,
    )
    assert reading.read_units == 0
    assert reading.page_bytes > 1_000


@pytest.mark.parametrize(
    "scope",
    [
        Scope(site="a.example"),
        Scope(first_on=date(2026, 3, 2), last_on=date(2026, 3, 2), time_zone="America/New_York"),
        Scope(site="nobody.example"),
    ],
    ids=str,
)
def test_what_is_out_of_scope_is_left_out(tmp_path: Path, events: pl.DataFrame, scope: Scope) -> None:
    reading, found = read(write_full(tmp_path, items_from(events)), scope=scope)

    assert_frame_equal(found, ordered(spread(events.filter(scope.predicate()))))
    assert (reading.items, reading.events) == (200, found.height)


def test_the_summary_itself_may_be_named(tmp_path: Path, events: pl.DataFrame) -> None:
    folder = write_full(tmp_path, items_from(events))
    assert read(folder / "manifest-summary.json")[0].events == 200


def test_an_export_of_an_empty_table_has_no_events(tmp_path: Path) -> None:
    reading, found = read(write_full(tmp_path, []))
    assert (reading.items, found.height) == (0, 0)


@pytest.mark.parametrize("with_old", [True, False], ids=["new and old images", "new images"])
@pytest.mark.parametrize("buffer_bytes", [1, 2**20])
def test_the_newest_image_of_each_item_counts(
    tmp_path: Path, events: pl.DataFrame, with_old: bool, buffer_bytes: int
) -> None:
    before, after = items_from(events[:150]), items_from(events[150:])
    gone, changed = before[7], before[8]
    once = changed | {"st": {"N": "404"}}
    twice = changed | {"st": {"N": "410"}}
    write_full(tmp_path, before)
    # The later change stands in the file that is read first, so order alone does not decide.
    write_incremental(
        tmp_path,
        [
            Change(1_002, key_of(gone), None, gone),
            Change(1_001, key_of(changed), once, changed),
            *(Change(1_003, key_of(item), item) for item in after),
        ],
        until=LATER,
        name="one",
        with_old=with_old,
    )
    write_incremental(
        tmp_path,
        [Change(2_001, key_of(changed), twice, once), Change(2_002, key_of(after[0]), None, after[0])],
        since=LATER,
        until=LAST,
        name="two",
        with_old=with_old,
    )
    exports = [tmp_path / "AWSDynamoDB" / name for name in ("full", "one", "two")]
    reading, found = read(*exports, buffer_bytes=buffer_bytes)

    numbers = pl.Series(range(200))
    expected = spread(events).with_columns(
        pl.when(numbers == 8).then(410).otherwise(pl.col("status")).alias("status")
    )
    assert_frame_equal(found, ordered(expected.filter(~numbers.is_in([7, 150]))))
    assert (reading.items, reading.events) == (150 + 52 + 2, 198)


def test_an_older_image_in_a_later_export_does_not_win(tmp_path: Path, events: pl.DataFrame) -> None:
    (item,) = items_from(events[:1])
    newest = item | {"st": {"N": "410"}}
    folders = [
        write_full(tmp_path, [item]),
        write_incremental(tmp_path, [Change(2_000, key_of(item), newest)], until=LATER, name="one"),
        write_incremental(tmp_path, [Change(1_000, key_of(item), item)], until=LAST, name="two"),
    ]
    assert read(*folders)[1]["status"].to_list() == [410]


def test_an_item_that_was_deleted_and_put_again_is_there(tmp_path: Path, events: pl.DataFrame) -> None:
    (item,) = items_from(events[:1])
    folders = [
        write_full(tmp_path, [item]),
        write_incremental(tmp_path, [Change(1_000, key_of(item), None, item)], until=LATER, name="one"),
        write_incremental(tmp_path, [Change(2_000, key_of(item), item)], since=LATER, until=LAST, name="two"),
    ]
    assert read(*folders[:2])[1].height == 0
    assert read(*folders)[1].height == 1


def test_a_change_that_leaves_the_scope_takes_the_old_image_with_it(
    tmp_path: Path, make_events: MakeEvents
) -> None:
    # An event with an id of its own keeps its key when its time changes within the day.
    early = (
        make_events({"at": "2026-03-01T23:30:00+00:00"})
        .collect()
        .with_columns(pl.lit("0" * 32).alias("identity"))
    )
    (item,) = items_from(early)
    moved = item | {"t": {"N": str(int(datetime(2026, 3, 1, 10, tzinfo=UTC).timestamp() * 1000))}}
    folders = [
        write_full(tmp_path, [item]),
        write_incremental(tmp_path, [Change(1_000, key_of(item), moved)], until=LATER),
    ]
    scope = Scope(first_on=date(2026, 3, 2), time_zone="Europe/Berlin")
    assert read(folders[0], scope=scope)[1].height == 1
    assert read(*folders, scope=scope)[1].height == 0


def refused(*folders: Path) -> FootfallError:
    with pytest.raises((FootfallError, ExceptionGroup)) as caught:
        read(*folders)

    error = caught.value
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]

    assert isinstance(error, FootfallError)
    assert error.hint
    return error


def data_file(folder: Path) -> Path:
    return max((folder / "data").iterdir(), key=lambda path: path.stat().st_size)


def test_a_missing_file_is_named(tmp_path: Path, events: pl.DataFrame) -> None:
    folder = write_full(tmp_path, items_from(events))
    lost = data_file(folder)
    lost.unlink()
    error = refused(folder)
    assert isinstance(error, SourceError)
    assert lost.name in str(error)


def test_a_damaged_file_is_named_before_it_is_read(tmp_path: Path, events: pl.DataFrame) -> None:
    folder = write_full(tmp_path, items_from(events))
    content = bytearray(data_file(folder).read_bytes())
    content[len(content) // 2] ^= 1
    data_file(folder).write_bytes(content)
    assert "MD5" in str(refused(folder))


@pytest.mark.parametrize("name", ["manifest-summary", "manifest-files"])
def test_a_damaged_manifest_is_told(tmp_path: Path, events: pl.DataFrame, name: str) -> None:
    folder = write_full(tmp_path, items_from(events))
    path = folder / f"{name}.json"
    path.write_bytes(path.read_bytes().replace(b"data", b"tada").replace(b"itemCount", b"itemcount"))
    assert name in str(refused(folder))
    (folder / f"{name}.md5").rename(folder / f"{name}.checksum")
    assert f"{name}.checksum" in str(refused(folder))
    (folder / f"{name}.checksum").unlink()
    assert name in str(refused(folder))


def test_another_number_of_items_is_told(tmp_path: Path, events: pl.DataFrame) -> None:
    folder = write_full(tmp_path, items_from(events))
    reseal(folder, itemCount=201)
    assert "201" in str(refused(folder))


def test_an_export_that_is_not_finished_is_told_apart_from_none(tmp_path: Path, events: pl.DataFrame) -> None:
    folder = write_full(tmp_path, items_from(events))
    above = refused(tmp_path)
    assert str(folder) in (above.hint or "")
    (folder / "manifest-summary.json").unlink()
    assert "not finished" in str(refused(folder))
    shutil.rmtree(folder)
    assert "no DynamoDB export" in str(refused(folder))


def test_ion_is_refused_with_what_to_do(tmp_path: Path, events: pl.DataFrame) -> None:
    folder = write_full(tmp_path, items_from(events))
    reseal(folder, outputFormat="ION")
    error = refused(folder)
    assert isinstance(error, FormatError)
    assert "--export-format DYNAMODB_JSON" in (error.hint or "")


def test_a_key_cannot_lead_out_of_the_export(tmp_path: Path, events: pl.DataFrame) -> None:
    folder = write_full(tmp_path, items_from(events))
    (folder / "manifest-files.md5").unlink()
    listing = folder / "manifest-files.json"
    honest = listing.read_text()
    for key in ("../../../etc/passwd", "data/..", "data/", "/etc/passwd", "x/data/a\\u0000b"):
        entry = f'{{"itemCount":200,"md5Checksum":"x","dataFileS3Key":"{key}"}}\n'
        listing.write_text(entry)
        assert "no data file" in str(refused(folder)), key

    listing.write_text(honest)
    assert read(folder)[0].items == 200


def test_another_table_is_no_source(tmp_path: Path) -> None:
    items = [{"pk": {"S": "user#1"}, "sk": {"S": "profile"}, "name": {"S": "x"}}]
    assert isinstance(refused(write_full(tmp_path, items)), SchemaMismatch)


def test_exports_that_do_not_follow_on_each_other_are_refused(tmp_path: Path, events: pl.DataFrame) -> None:
    full = write_full(tmp_path, items_from(events))
    after = write_incremental(tmp_path, [], since=LATER, until=LAST, name="after")
    between = write_incremental(tmp_path, [], until=LATER, name="between")
    foreign = write_incremental(tmp_path, [], until=LATER, name="foreign")
    reseal(foreign, tableId="another")

    assert read(full, between, after)[0].events == 200
    assert "in neither" in str(refused(full, after))
    assert "only what changed" in str(refused(between))
    assert "begins anew" in str(refused(full, full))
    assert "another table" in str(refused(full, foreign))
    assert "ends before" in str(refused(full, between, after, between))


def test_a_line_that_is_no_export_s_is_told(tmp_path: Path, events: pl.DataFrame) -> None:
    # The kind of export is what its summary says; a full one's lines in an incremental one are damage.
    folder = write_full(tmp_path, items_from(events))
    full = write_full(tmp_path, items_from(events), name="other")
    reseal(
        folder,
        exportType="INCREMENTAL_EXPORT",
        exportFromTime="2026-03-05T00:00:00.000Z",
        exportToTime="2026-03-06T00:00:00.000Z",
    )
    assert "lacks" in str(refused(full, folder))


def test_blank_lines_are_no_items(tmp_path: Path, events: pl.DataFrame) -> None:
    lines = [json.dumps({"Item": item}) for item in items_from(events)]
    content = gzip.compress(("\n\n" + "\n\n\n".join(lines) + "\n\n").encode())
    (tmp_path / "x.json.gz").write_bytes(content)
    file = DataFile("x.json.gz", is_shared=False, items=200, md5=md5_of(content))
    found = pl.concat(frames(tmp_path / "x.json.gz", file, "here", is_full=True))
    assert_frame_equal(ordered(found.select(events.columns)), ordered(spread(events)))


@pytest.mark.parametrize(
    "line",
    ['{"Item":3}', '{"Foo":1}', "nonsense", '{"Item":{}},{"Item":{}}', "[]", '{"Item":{"pk":"a"}}', "\0"],
)
def test_what_is_no_line_of_an_export_is_told(tmp_path: Path, line: str) -> None:
    content = gzip.compress(line.encode())
    (tmp_path / "x.json.gz").write_bytes(content)
    file = DataFile("x.json.gz", is_shared=False, items=1, md5=md5_of(content))
    with pytest.raises((SourceError, SchemaMismatch)):
        list(frames(tmp_path / "x.json.gz", file, "here", is_full=True))


@pytest.mark.parametrize(
    "line",
    [
        '{"Metadata":{"WriteTimestampMicros":{"N":"soon"}},"Keys":{"pk":{"S":"a#2026-01-01#0"},"sk":{"S":"b"}}}',
        '{"Metadata":{"WriteTimestampMicros":{"N":"1"}},"Keys":{"pk":{"N":"1"},"sk":{"S":"b"}}}',
        '{"Metadata":{},"Keys":{"pk":{"S":"a"},"sk":{"S":"b"}}}',
        '{"Keys":{"pk":{"S":"a"},"sk":{"S":"b"}}}',
    ],
)
def test_a_change_without_a_key_or_a_time_is_told(tmp_path: Path, line: str) -> None:
    content = gzip.compress(line.encode())
    (tmp_path / "x.json.gz").write_bytes(content)
    file = DataFile("x.json.gz", is_shared=False, items=1, md5=md5_of(content))
    with pytest.raises(SourceError, match="damaged"):
        list(frames(tmp_path / "x.json.gz", file, "here", is_full=False))


@given(st.lists(st.binary(max_size=40)), st.integers(1, 100))
def test_pieces_are_the_whole_lines_of_a_file(lines: list[bytes], piece_bytes: int) -> None:
    content = b"\n".join(line.replace(b"\n", b"") for line in lines)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.json.gz"
        path.write_bytes(gzip.compress(content))
        found = list(pieces(path, DataFile("x", is_shared=False, items=0, md5=""), "here", piece_bytes))

    assert b"".join(found).strip() == content.strip()
    assert all(piece.endswith(b"\n") for piece in found[:-1])


@pytest.mark.parametrize(
    "content", [b"", b"no gzip", gzip.compress(b"x" * 1_000, mtime=0)[:-9]], ids=["empty", "no gzip", "cut"]
)
def test_a_file_that_is_cut_short_is_damage(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.json.gz").write_bytes(content)
    file = DataFile("x.json.gz", is_shared=False, items=1, md5=md5_of(content))
    with pytest.raises(SourceError, match="damaged"):
        list(frames(tmp_path / "x.json.gz", file, "here", is_full=True))


def test_a_file_without_a_byte_has_no_items(tmp_path: Path) -> None:
    (tmp_path / "x.json.gz").touch()
    file = DataFile("x.json.gz", is_shared=False, items=0, md5=md5_of(b""))
    assert list(frames(tmp_path / "x.json.gz", file, "here", is_full=True)) == []
