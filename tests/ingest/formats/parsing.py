"""Read lines in a format, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from ingest.formats import named
from ingest.formats.model import Format, Parsed


def frame(texts: Sequence[str | None], first: int = 1) -> pl.DataFrame:
    """Return lines as `ingest.lines.split_lines` gives them, each 1000 bytes long."""
    numbers = list(range(first, first + len(texts)))
    return pl.DataFrame(
        {"line_number": numbers, "offset": [number * 1000 for number in numbers], "text": texts},
        schema={"line_number": pl.Int64, "offset": pl.Int64, "text": pl.String},
    )


def parse(spec: str | Format, *texts: str | None, header: str = "") -> Parsed:
    """Return what a format makes of lines."""
    form = named(spec) if isinstance(spec, str) else spec
    return form.parse(frame(texts), header)


def events(spec: str | Format, *texts: str, header: str = "") -> list[dict[str, Any]]:
    """Return the events of lines, none of which is rejected, without the columns that are null."""
    parsed = parse(spec, *texts, header=header)
    assert parsed.rejected.rows() == []
    passed = {"line_number", "offset", "kind"}
    return [
        {name: value for name, value in row.items() if value is not None and name not in passed}
        for row in parsed.events.to_dicts()
    ]


def event(spec: str | Format, text: str, header: str = "") -> dict[str, Any]:
    """Return the event of a line."""
    [found] = events(spec, text, header=header)
    return found


def outcomes(parsed: Parsed) -> tuple[int, int, int]:
    """Return how many lines are events, rejected and skipped."""
    return len(parsed.events), len(parsed.rejected), parsed.skipped_lines
