"""Lines to begin with: the examples of all formats and dialects, and some lines of the samples."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

from footfall.errors import FootfallError
from ingest.beacons.known import DIALECTS
from ingest.formats import FORMATS
from ingest.sources import find_sources, open_source

SAMPLES: Final = Path(__file__).resolve().parent.parent / "sample_logs"
LINES_OF_A_SAMPLE: Final = 2


@lru_cache(maxsize=256)
def example_lines(name: str) -> tuple[bytes, ...]:
    """Return the lines of a format's example, directives first where it has them."""
    return tuple(line.encode() for line in FORMATS[name].example.splitlines())


@lru_cache(maxsize=256)
def header_of(name: str) -> str:
    """Return the directive that a format's example stands under, empty when it has none."""
    directives = [line.decode() for line in example_lines(name) if line.startswith(b"#Fields:")]
    return directives[-1] if directives else ""


@lru_cache(maxsize=256)
def records(name: str) -> tuple[bytes, ...]:
    """Return records of a format, without directives and comments: its example's."""
    return tuple(line for line in example_lines(name) if line.strip() and not line.startswith(b"#"))


def sample_lines() -> Iterator[bytes]:
    """Yield a few lines from all over each sample."""
    for source in find_sources([str(SAMPLES)]):
        try:
            with open_source(source) as opened:
                lines = next(opened.chunks()).data.splitlines()
        except FootfallError:
            continue

        yield from lines[:: len(lines) // LINES_OF_A_SAMPLE + 1]


def beacon_texts() -> list[bytes]:
    """Return the examples of all dialects: query strings and bodies."""
    return [dialect.example.encode() for dialect in DIALECTS.values()]
