from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from ingest.chunks import Chunk
from ingest.formats import FORMATS
from ingest.formats.detect import Detection, detect
from ingest.lines import split_lines

SAMPLES = Path(__file__).resolve().parents[2] / "sample_logs"
COMBINED = FORMATS["combined"].example
COMMON = FORMATS["common"].example


def detect_text(*lines: str) -> Detection:
    data = "".join(f"{line}\n" for line in lines).encode()
    return detect(split_lines(Chunk("", data, 0, len(data), 1, len(lines))))


@pytest.mark.parametrize("name", FORMATS)
def test_each_sample_is_found_to_be_in_its_format(name: str) -> None:
    data = (SAMPLES / f"{name}.log").read_bytes()
    found = detect(split_lines(Chunk("", data, 0, len(data), 1, data.count(b"\n"))).head(1000))
    assert found.format is FORMATS[name]
    assert (found.matched, found.total) == (1000 if name == "combined" else data.count(b"\n"),) * 2


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("other", FORMATS)
def test_a_sample_scores_in_its_own_format_only(name: str, other: str) -> None:
    data = (SAMPLES / f"{name}.log").read_bytes()
    score = detect(split_lines(Chunk("", data, 0, len(data), 1, data.count(b"\n")))).scores[other]
    assert score > 0.999 if name == other else score == 0.0


def test_blank_lines_and_comments_do_not_count() -> None:
    found = detect_text("# written by hand", "", COMBINED)
    assert (found.format, found.matched, found.total) == (FORMATS["combined"], 1, 1)


def test_the_largest_share_wins() -> None:
    found = detect_text(COMMON, COMMON, COMBINED)
    assert found.format is FORMATS["common"]
    assert found.scores["common"] == pytest.approx(2 / 3)
    assert found.offending == ((3, COMBINED),)


def test_of_equals_the_format_with_most_fields_wins() -> None:
    assert detect_text(COMMON, COMBINED).format is FORMATS["combined"]


def test_less_than_half_is_no_format_and_the_first_offending_lines_are_shown() -> None:
    found = detect_text("one", COMBINED, "two", "three", "four")
    assert found.format is None
    assert (found.matched, found.total) == (1, 5)
    assert found.offending == ((1, "one"), (3, "two"), (4, "three"))


def test_exactly_half_is_enough() -> None:
    assert detect_text("one", COMBINED).format is FORMATS["combined"]


@pytest.mark.parametrize("lines", [(), ("", "# nothing but comments")])
def test_nothing_to_read_is_no_format(lines: tuple[str, ...]) -> None:
    found = detect_text(*lines)
    assert (found.format, found.matched, found.total, found.offending) == (None, 0, 0, ())


def test_an_empty_frame_is_no_format() -> None:
    head = pl.DataFrame(schema={"line_number": pl.Int64, "offset": pl.Int64, "text": pl.String})
    assert detect(head).format is None
