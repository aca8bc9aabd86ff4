"""Read lines with a format that a text defines, and look at what comes of them."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import strategies as st

from footfall.errors import FormatError
from ingest.formats import Format, Parsed, named

REPOSITORY = Path(__file__).resolve().parents[3]
REAL_LOG = REPOSITORY / ".." / "shared" / "data" / "apache_access_10k.log.gz"
SAMPLE = REPOSITORY / "sample_logs" / "combined.log"
PLACE = ("line_number", "offset")
STAMP = "[17/Jan/2026:10:05:03 +0000]"
PIECES = st.sampled_from(
    [STAMP, "192.0.2.7", "-", '"', "\\", " ", "GET / HTTP/1.1", "200", "\0", "#", "|", "x"]
)
LINES = st.lists(st.lists(PIECES, max_size=12).map("".join) | st.text(), max_size=6)


def frame(texts: Sequence[str]) -> pl.DataFrame:
    numbers = list(range(1, len(texts) + 1))
    return pl.DataFrame(
        {"line_number": numbers, "offset": [number * 1000 for number in numbers], "text": list(texts)},
        schema={"line_number": pl.Int64, "offset": pl.Int64, "text": pl.String},
    )


def parse(spec: str, *lines: str) -> Parsed:
    return named(spec).parse(frame(lines))


def event(spec: str, line: str) -> dict[str, Any]:
    """Return what is not null of the only event that `line` is."""
    parsed = parse(spec, line)
    assert parsed.rejected.rows() == []
    [row] = parsed.events.to_dicts()
    return {name: value for name, value in row.items() if value is not None and name not in {*PLACE, "kind"}}


def reason(spec: str, line: str) -> str:
    [found] = parse(spec, line).rejected["reason"]
    return str(found)


def refused(spec: str) -> FormatError:
    """Return the error that a definition is refused with."""
    with pytest.raises(FormatError) as caught:
        named(spec)

    return caught.value


def refusal_of(make: Callable[[str], Format], definition: str) -> FormatError | None:
    """Return the error that a definition is refused with, None for one that makes a format."""
    try:
        make(definition)
    except FormatError as error:
        return error

    return None


def keeps_every_line(form: Format, lines: list[str]) -> bool:
    """Tell whether each line has one outcome; explaining a line and asking whether it is whole must not raise."""
    for line in lines:
        form.explain(line)
        form.is_whole(line)

    parsed = form.parse(frame(lines))
    is_timed = parsed.events["time"].null_count() == 0
    return is_timed and len(parsed.events) + len(parsed.rejected) + parsed.skipped_lines == len(lines)


def column_of(error: FormatError) -> int:
    """Return the column, from 1, that an error's pointer stands under; it is the one its sentence says."""
    shown, pointer = error.details
    assert pointer.strip() == "^"
    assert len(pointer) <= len(shown) + 1
    assert str(error).endswith(f"at column {len(pointer)}.")
    return len(pointer)


def sample_lines() -> list[str]:
    return SAMPLE.read_text(errors="backslashreplace").split("\n")


def real_lines() -> list[str]:
    with gzip.open(REAL_LOG, "rt", errors="backslashreplace") as opened:
        return opened.read().split("\n")


def same_events(form: Format, other: Format, lines: Sequence[str], without: Sequence[str] = ()) -> bool:
    """Tell whether two formats make the same of `lines`, the columns `without` left out; both must read some."""
    parsed, expected = form.parse(frame(lines)), other.parse(frame(lines))
    assert len(expected.events) > len(lines) // 2
    columns = [name for name in expected.events.columns if name not in without]
    return (
        parsed.events.select(columns).equals(expected.events.select(columns))
        and parsed.rejected.equals(expected.rejected)
        and parsed.skipped_lines == expected.skipped_lines
    )
