"""What is read from each file in `sample_logs/`, held in `golden/`.

Run this file, ``python tests/ingest/test_golden.py [NAME]...``, to write `golden/` anew after a change that is meant.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from benchmarks.samples import FOLDER, SAMPLES, content_of
from ingest.beacons import BeaconSettings, read_beacons
from ingest.beacons.known import DIALECTS
from ingest.enrich import EnrichSettings, conceal, understand
from ingest.formats import FORMATS, parse_chunk
from ingest.formats.detect import detect
from ingest.sources import find_sources, open_source

GOLDEN = Path(__file__).resolve().parent / "golden"
SETTINGS = EnrichSettings(site=None, shards=8, salt=b"golden")
EVERY_SAMPLE = pytest.mark.parametrize("name", SAMPLES)
COUNTED = (
    "kind",
    "dialect",
    "resource",
    "status",
    "method",
    "site",
    "medium",
    "bot_class",
    "browser",
    "device",
)
SHOWN_EVENTS = 8


def read_sample(name: str) -> dict[str, Any]:
    """Return the figures of a sample, and some events from all over it, the first of each kind among them."""
    [source] = find_sources([str(FOLDER / name)])
    with open_source(source) as opened:
        found = detect(opened.head()).format
        [chunk] = opened.chunks()

    assert found is not None
    parsed = parse_chunk(chunk, found)
    read = read_beacons(parsed, BeaconSettings())
    understood = understand(read.parsed.events, chunk.source_id, SETTINGS)
    events = conceal(understood, SETTINGS)
    return {
        "format": found.spec,
        "lines": chunk.line_count,
        "events": len(events),
        "extra": read.extra,
        "left_out": dict(read.left_out),
        "rejected": [list(row) for row in read.parsed.rejected.select("line_number", "reason").iter_rows()],
        "skipped_lines": parsed.skipped_lines,
        "bytes": events["bytes"].sum() if "bytes" in events.columns else None,
        "visitors": events["visitor"].n_unique(),
        "days": _counts(events["time"].dt.date()),
        **{column: _counts(events[column]) for column in COUNTED if column in events.columns},
        "shown": [_without_nulls(row) for row in _shown(events).to_dicts()],
    }


def _shown(events: pl.DataFrame) -> pl.DataFrame:
    step = max(1, len(events) // SHOWN_EVENTS)
    first = pl.col("kind").is_first_distinct()
    return events.with_row_index("row").filter((pl.col("row") % step == 0) | first).drop("row")


def _counts(values: pl.Series) -> dict[str, int]:
    return {
        str(value): count
        for value, count in sorted(values.value_counts().rows(), key=lambda row: str(row[0]))
    }


def _without_nulls(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _shown_value(value) for name, value in row.items() if value is not None}


def _shown_value(value: object) -> object:
    return value if isinstance(value, str | int | float) else str(value)


def _golden(name: str) -> Path:
    return GOLDEN / f"{name}.json"


def _specs() -> Iterable[str]:
    return (json.loads(_golden(name).read_text())["format"] for name in SAMPLES)


@EVERY_SAMPLE
def test_a_sample_gives_the_events_it_always_gave(name: str) -> None:
    assert read_sample(name) == json.loads(_golden(name).read_text())


def test_every_format_has_a_sample() -> None:
    # The outermost of a wrapped line's formats is its wrapper: docker:combined.
    assert {spec.rpartition(":")[2] for spec in _specs()} >= FORMATS.keys()


def test_every_dialect_has_a_sample() -> None:
    shown = [json.loads(_golden(name).read_text()).get("dialect", {}) for name in SAMPLES]
    assert {dialect for counts in shown for dialect in counts} >= DIALECTS.keys()


def test_there_is_no_sample_without_a_script_and_golden_events() -> None:
    assert {path.name for path in FOLDER.iterdir()} == SAMPLES.keys()
    assert {path.name for path in GOLDEN.iterdir()} == {f"{name}.json" for name in SAMPLES}


@pytest.mark.parametrize("name", [name for name in SAMPLES if not name.endswith(".parquet")])
def test_a_sample_is_what_its_script_writes(name: str) -> None:
    # Not of Parquet: its writer puts its own version into the bytes. The golden events hold the rows.
    assert (FOLDER / name).read_bytes() == content_of(name)


@EVERY_SAMPLE
def test_every_line_of_a_sample_is_accounted_for(name: str) -> None:
    golden = json.loads(_golden(name).read_text())
    outcomes = golden["events"] + len(golden["rejected"]) + golden["skipped_lines"]
    assert golden["lines"] + golden["extra"] == outcomes + sum(golden["left_out"].values())


@EVERY_SAMPLE
def test_a_sample_has_addresses_set_aside_for_documentation_only(name: str) -> None:
    with open_source(find_sources([str(FOLDER / name)])[0]) as opened:
        found = detect(opened.head()).format
        [chunk] = opened.chunks()

    assert found is not None
    addresses = parse_chunk(chunk, found).events
    known = addresses["ip"].drop_nulls() if "ip" in addresses.columns else pl.Series(dtype=pl.String)
    known = known.filter(known.str.contains("^[0-9A-Fa-f.:]+$"))
    assert known.str.contains(r"^(192\.0\.2|198\.51\.100|203\.0\.113)\.\d+$|^2001:db8:").all()


if __name__ == "__main__":
    for sample in sys.argv[1:] or SAMPLES:
        text = json.dumps(read_sample(sample), indent=1, ensure_ascii=False)
        _golden(sample).write_text(text + "\n")
