"""What is read from each file in `sample_logs/`, held in `golden/`.

Run this file, ``python tests/ingest/test_golden.py``, to write `golden/` anew after a change that is meant.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from benchmarks.samples import content_of
from ingest.enrich import EnrichSettings, enrich
from ingest.formats import FORMATS
from ingest.formats.detect import detect
from ingest.lines import split_lines
from ingest.sources import find_sources, open_source

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "sample_logs"
GOLDEN = Path(__file__).resolve().parent / "golden"
SETTINGS = EnrichSettings(site=None, shards=8, salt=b"golden")
EVERY_SAMPLE = pytest.mark.parametrize("name", FORMATS)


def read_sample(name: str) -> dict[str, Any]:
    """Return the figures of a sample, some events from all over it, and all the events of its odd lines."""
    [source] = find_sources([str(SAMPLES / f"{name}.log")])
    with open_source(source) as opened:
        found = detect(opened.head()).format
        [chunk] = opened.chunks()

    assert found is not None
    lines = split_lines(chunk)
    parsed = found.parse(lines)
    events = enrich(parsed.events, chunk.source_id, SETTINGS)
    shown = events.join(lines, on="offset").filter(_is_shown(len(lines))).select(events.columns)
    return {
        "format": found.name,
        "lines": chunk.line_count,
        "events": len(events),
        "rejected": [
            list(row) for row in parsed.rejected.select("line_number", "reason", "text").iter_rows()
        ],
        "skipped_lines": parsed.skipped_lines,
        "bytes": events["bytes"].sum(),
        "visitors": events["visitor"].n_unique(),
        "statuses": _counts(events["status"]),
        "methods": _counts(events["method"]),
        "sites": _counts(events["site"]),
        "days": _counts(events["time"].dt.date()),
        "shown": [_without_nulls(row) for row in shown.sort("offset").to_dicts()],
    }


def _is_shown(lines: int) -> pl.Expr:
    is_odd = pl.col("text").str.contains(r"\\|2026:13:0\d:00") | pl.col("user").is_not_null()
    return is_odd | (pl.col("line_number") % (lines // 8) == 1)


def _counts(values: pl.Series) -> dict[str, int]:
    return {
        str(value): count
        for value, count in sorted(values.value_counts().rows(), key=lambda row: str(row[0]))
    }


def _without_nulls(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None} | {
        "time": row["time"].isoformat()
    }


def _golden(name: str) -> Path:
    return GOLDEN / f"{name}.json"


@EVERY_SAMPLE
def test_a_sample_gives_the_events_it_always_gave(name: str) -> None:
    assert read_sample(name) == json.loads(_golden(name).read_text())


@EVERY_SAMPLE
def test_every_format_has_a_sample_in_that_format(name: str) -> None:
    assert json.loads(_golden(name).read_text())["format"] == name


def test_there_is_no_sample_without_a_format() -> None:
    assert {path.name for path in SAMPLES.iterdir()} == {f"{name}.log" for name in FORMATS}
    assert {path.name for path in GOLDEN.iterdir()} == {f"{name}.json" for name in FORMATS}


@EVERY_SAMPLE
def test_a_sample_is_what_its_script_writes(name: str) -> None:
    assert (SAMPLES / f"{name}.log").read_bytes() == content_of(f"{name}.log")


@EVERY_SAMPLE
def test_a_sample_has_addresses_set_aside_for_documentation_only(name: str) -> None:
    with open_source(find_sources([str(SAMPLES / f"{name}.log")])[0]) as opened:
        [chunk] = opened.chunks()

    addresses = FORMATS[name].parse(split_lines(chunk)).events["ip"]
    assert addresses.str.contains(r"^(192\.0\.2|198\.51\.100|203\.0\.113)\.\d+$|^2001:db8:").all()


if __name__ == "__main__":
    for sample in FORMATS:
        _golden(sample).write_text(json.dumps(read_sample(sample), indent=1, ensure_ascii=False) + "\n")
