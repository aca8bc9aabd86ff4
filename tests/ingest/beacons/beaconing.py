"""Make requests and bodies that carry beacons, and read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import polars as pl

from ingest.beacons import BeaconSettings, Read, read_beacons
from ingest.formats import FORMATS, Parsed

AT = "12/Jan/2026:10:06:00 +0000"
AT_EPOCH = 1768212360
HERE = "https://www.example.com/here?x=1"


def lines_of(texts: Sequence[str]) -> pl.DataFrame:
    """Return lines as `split_lines` gives them."""
    offsets, place = [], 0
    for text in texts:
        offsets.append(place)
        place += len(text.encode()) + 1

    numbers = pl.Series(range(1, len(texts) + 1), dtype=pl.Int64)
    return pl.DataFrame(
        {
            "line_number": numbers,
            "offset": pl.Series(offsets, dtype=pl.Int64),
            "text": pl.Series(texts, dtype=pl.String),
        }
    )


def parsed_of(texts: Sequence[str], form: str = "combined") -> Parsed:
    return FORMATS[form].parse(lines_of(texts))


def read_lines(*texts: str, form: str = "combined", settings: BeaconSettings | None = None) -> Read:
    return read_beacons(parsed_of(texts, form), settings or BeaconSettings())


def form_of(parameters: Mapping[str, Any]) -> str:
    return "&".join(
        f"{quote(name, safe='')}={quote(str(value), safe='')}" for name, value in parameters.items()
    )


def get(path: str, parameters: Mapping[str, Any] | str, referrer: str = HERE, at: str = AT) -> str:
    """Return the combined line of a GET request."""
    query = parameters if isinstance(parameters, str) else form_of(parameters)
    return f'192.0.2.7 - - [{at}] "GET {path}?{query} HTTP/1.1" 200 43 "{referrer}" "Mozilla/5.0 (X11)"'


def only(read: Read) -> dict[str, Any]:
    """Return what is not null of the one event that was read, and of nothing else."""
    assert read.parsed.rejected.is_empty(), read.parsed.rejected
    assert not read.left_out
    [event] = read.parsed.events.to_dicts()
    return {name: value for name, value in event.items() if value is not None}


def reasons(read: Read) -> list[tuple[int, str]]:
    """Return line number and reason of what was rejected."""
    return read.parsed.rejected.select("line_number", "reason").rows()


def outcomes(read: Read) -> int:
    """Return how many events, rejected and left out ones there are."""
    return len(read.parsed.events) + len(read.parsed.rejected) + sum(read.left_out.values())
