"""Rows of Parquet files as lines: what they look like for ever, and what becomes of files that are none."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.samples import FOLDER, content_of
from footfall.errors import SourceError
from ingest.formats import named
from ingest.lines import split_lines
from ingest.sources import find_sources, open_source
from ingest.sources.find import Source
from ingest.sources.parquet import BEGINNING, MAGIC, MOST_FOOTER_BYTES, lines_of


def written(table: pa.Table, **options: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    return file.getvalue()


def read(path: Path) -> bytes:
    with open_source(find_sources([str(path)])[0]) as opened:
        assert opened.compression == "parquet"
        data = b"".join(chunk.data for chunk in opened.chunks())
        assert opened.size_bytes is not None
        assert 0 < opened.raw_bytes_read <= opened.size_bytes
        return data


def line_of(array: pa.Array) -> str:
    [batch] = pa.table({"v": array}).to_batches()
    return lines_of(batch).decode()


@pytest.mark.parametrize(
    ("array", "line"),
    [
        (pa.array(['q"\\/\x00\n\x1f\x7fé😀\u2028']), '{"v":"q\\"\\\\/\\u0000\\u000a\\u001f\x7fé😀\u2028"}\n'),
        (pa.array([""]), '{"v":""}\n'),
        (pa.array(["a"], pa.large_string()), '{"v":"a"}\n'),
        (pa.array(["a"]).dictionary_encode(), '{"v":"a"}\n'),
        (pa.array([b"caf\xc3\xa9"]), '{"v":"café"}\n'),
        (pa.array([b"\xff\x00"]), '{"v":"/wA="}\n'),
        (pa.array([-5], pa.int8()), '{"v":-5}\n'),
        (pa.array([2**64 - 1], pa.uint64()), '{"v":18446744073709551615}\n'),
        (pa.array([True]), '{"v":true}\n'),
        (pa.array([1646861401.5241024]), '{"v":1646861401.5241024}\n'),
        (pa.array([1e21]), '{"v":1e+21}\n'),
        (pa.array([2.0]), '{"v":2.0}\n'),
        (pa.array([0.1], pa.float32()), '{"v":0.10000000149011612}\n'),
        (pa.array([float("nan")]), "{}\n"),
        (pa.array([float("-inf")]), "{}\n"),
        (pa.array([None], pa.string()), "{}\n"),
        (pa.nulls(1), "{}\n"),
        (
            pa.array([datetime(2026, 1, 17, 10, 5, 3, 42999, UTC)], pa.timestamp("us")),
            '{"v":"2026-01-17T10:05:03.042Z"}\n',
        ),
        (
            pa.array([datetime(2026, 1, 17, 10, 5, 3, tzinfo=UTC)], pa.timestamp("ns", "Europe/Berlin")),
            '{"v":"2026-01-17T10:05:03.000Z"}\n',
        ),
        (
            pa.array([datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)], pa.timestamp("s")),
            '{"v":"1969-12-31T23:59:59.000Z"}\n',
        ),
        (pa.array([date(2026, 1, 17)]), '{"v":"2026-01-17"}\n'),
        (pa.array([time(10, 5, 3, 42000)]), '{"v":"10:05:03.042"}\n'),
        (pa.array([Decimal("12.50")]), '{"v":"12.50"}\n'),
        (pa.array([[1, None, 2.5]]), '{"v":[1.0,null,2.5]}\n'),
        (pa.array([{"a": "é", "b": None, "c": {"d": [True]}}]), '{"v":{"a":"é","c":{"d":[true]}}}\n'),
        (pa.array([[("k", "v")]], pa.map_(pa.string(), pa.string())), '{"v":[["k","v"]]}\n'),
    ],
)
def test_a_value_has_one_text_for_ever(array: pa.Array, line: str) -> None:
    assert line_of(array) == line


def test_values_inside_of_others_have_the_texts_that_they_have_outside() -> None:
    values = {
        "when": datetime(2026, 1, 17, 11, 5, 3, 42999, tzinfo=timezone(timedelta(hours=1))),
        "on": date(2026, 1, 17),
        "at": time(10, 5, 3, 42000),
        "price": Decimal("12.50"),
        "bytes": b"\xff\x00",
        "text": b"caf\xc3\xa9",
        "share": 0.25,
        "no": float("nan"),
    }
    inside = json.loads(line_of(pa.array([values])))["v"]
    outside = {name: json.loads(line_of(pa.array([value]))).get("v") for name, value in values.items()}
    assert inside == outside


def test_members_come_in_the_order_of_the_columns_without_nulls_and_the_first_of_a_name_counts() -> None:
    table = pa.Table.from_arrays(
        [pa.array([1, None]), pa.array(["x", "y"]), pa.array([7, 7])], ["b", 'a"', "b"]
    )
    assert lines_of(table.to_batches()[0]) == b'{"b":1,"a\\"":"x"}\n{"a\\"":"y"}\n'


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "s": st.none() | st.text(st.characters(codec="utf-8")),
            "i": st.none() | st.integers(-(2**63), 2**63 - 1),
            "f": st.none() | st.floats(),
        }
    ),
    min_size=1,
    max_size=20,
)
SCHEMA = pa.schema([("s", pa.string()), ("i", pa.int64()), ("f", pa.float64())])


@settings(max_examples=100, deadline=None)
@given(ROWS)
def test_every_value_reads_back_from_its_line(rows: list[Mapping[str, Any]]) -> None:
    lines = lines_of(pa.Table.from_pylist(rows, SCHEMA).combine_chunks().to_batches()[0]).decode().split("\n")
    assert lines.pop() == ""
    finite = [{name: value for name, value in row.items() if _is_kept(value)} for row in rows]
    assert [json.loads(line) for line in lines] == finite


def _is_kept(value: object) -> bool:
    return value is not None and value not in (float("inf"), float("-inf")) and value == value


def test_lines_do_not_depend_on_how_the_file_is_laid_out(tmp_path: Path) -> None:
    table = pa.table({"n": range(10_000), "t": ["x" * (number % 50) for number in range(10_000)]})
    layouts = [
        {"row_group_size": 777, "compression": "zstd"},
        {"use_dictionary": False, "compression": "none"},
        {"data_page_size": 100, "data_page_version": "2.0", "compression": "gzip"},
    ]
    found = set()
    for number, layout in enumerate(layouts):
        path = tmp_path / f"{number}.parquet"
        path.write_bytes(written(table, **layout))
        found.add(read(path))

    [data] = found
    assert data.count(b"\n") == 10_000
    assert data.startswith(b'{"n":0,"t":""}\n{"n":1,"t":"x"}\n')


def test_reading_goes_on_from_a_line_within(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(written(pa.table({"n": range(1000)})))
    start = read(path).index(b'{"n":700}')
    with open_source(find_sources([str(path)])[0]) as opened:
        chunks = list(opened.chunks(start, 701))

    assert b"".join(chunk.data for chunk in chunks).startswith(b'{"n":700}\n')
    assert (chunks[0].start, chunks[0].first_line_number) == (start, 701)


def test_a_file_without_rows_has_no_lines(tmp_path: Path) -> None:
    path = tmp_path / "empty.parquet"
    path.write_bytes(written(pa.table({"n": pa.array([], pa.int64())})))
    with open_source(find_sources([str(path)])[0]) as opened:
        assert (opened.id, list(opened.chunks())) == (None, [])


def test_a_pipe_is_refused_with_a_hint() -> None:
    pipe = io.BytesIO(written(pa.table({"n": [1]})))
    with pytest.raises(SourceError, match="read from its end") as caught:
        open_source(Source("standard input", "stdin", None), stdin=pipe)

    assert caught.value.hint == "save it as a file, and name that"


def test_a_log_whose_first_host_looks_like_the_magic_is_no_parquet_file(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_bytes(MAGIC + b"7.example.com " + named("combined").example.encode() + b"\n")
    with open_source(find_sources([str(path)])[0]) as opened:
        assert opened.compression == "none"


WHOLE = written(
    pa.table({"n": range(500), "t": [f"text {number}" for number in range(500)]}), row_group_size=100
)
FOOTER_BYTES = int.from_bytes(WHOLE[-8:-4], "little")


@pytest.mark.parametrize(
    "data",
    [
        BEGINNING,
        WHOLE[:100],
        WHOLE[:-4],
        WHOLE[:-8] + b"\xff\xff\xff\x7fPAR1",
        WHOLE[:-8] + b"\0\0\0\0PAR1",
        WHOLE[: -8 - FOOTER_BYTES] + b"\xff" * FOOTER_BYTES + WHOLE[-8:],
        WHOLE[:10] + b"\xff" * 200 + WHOLE[210:],
    ],
    ids=["magic", "cut", "tail", "length", "no footer", "footer", "pages"],
)
def test_a_damaged_file_is_an_error_with_a_hint(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "damaged.parquet"
    path.write_bytes(data)
    with pytest.raises(SourceError, match="no Parquet file that can be read") as caught:
        read(path)

    assert caught.value.hint


def test_a_footer_that_is_absurdly_large_is_not_even_read(tmp_path: Path) -> None:
    size = MOST_FOOTER_BYTES + 1
    path = tmp_path / "bomb.parquet"
    with path.open("wb") as file:
        file.write(BEGINNING)
        file.truncate(size + 100)
        file.seek(0, 2)
        file.write(size.to_bytes(4, "little") + MAGIC)

    with pytest.raises(SourceError, match="footer is larger"):
        read(path)


def test_any_damage_is_an_error_or_rows_and_never_anything_else(tmp_path: Path) -> None:
    chance = Random(7)
    path = tmp_path / "a.parquet"
    for _ in range(150):
        data = bytearray(WHOLE)
        for _ in range(chance.choice((1, 3, 30))):
            data[chance.randrange(len(BEGINNING), len(data))] = chance.randrange(256)

        path.write_bytes(data)
        try:
            lines = read(path).splitlines()
        except SourceError:
            continue

        assert all(isinstance(json.loads(line), dict) for line in lines)


def test_whole_row_groups_before_the_damage_are_read(tmp_path: Path) -> None:
    start = WHOLE.index(b"text 300") - 40
    path = tmp_path / "a.parquet"
    path.write_bytes(WHOLE[:start] + b"\xff" * 60 + WHOLE[start + 60 :])
    with open_source(find_sources([str(path)])[0]) as opened:
        found: list[bytes] = []
        with pytest.raises(SourceError):
            found.extend(chunk.data for chunk in opened.chunks(chunk_bytes=500))

    assert b"".join(found).count(b"\n") == 300


def test_the_sample_is_read_as_cloudfronts(tmp_path: Path) -> None:
    # Its bytes name the version of the library that wrote them: what it holds is compared.
    made = tmp_path / "made.parquet"
    made.write_bytes(content_of("cloudfront.parquet"))
    data = read(FOLDER / "cloudfront.parquet")
    assert read(made) == data
    with open_source(find_sources([str(made)])[0]) as opened:
        [chunk] = opened.chunks()

    parsed = named("cloudfront_json").parse(split_lines(chunk))
    assert (len(parsed.events), parsed.rejected["reason"].to_list()) == (159, ["bad-time"])
    assert parsed.events["user_agent"].str.contains(" ").any()
