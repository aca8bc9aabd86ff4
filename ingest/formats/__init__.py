"""Log formats: lines in, events and rejected lines out.

In reading order: `fields` (the table of fields), `model` (what a format is and how it reads lines), `times`
and `values` (the insides of fields), `ncsa` (the formats themselves), `detect` (which one a log is in). A new
format is a row of fields, an example and a file in `sample_logs/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from footfall.errors import FormatError
from footfall.text import printable
from ingest.chunks import Chunk
from ingest.formats.model import LINE_CUT, LINE_TOO_LONG, REJECT_REASONS, Format, Parsed
from ingest.formats.ncsa import NCSA
from ingest.lines import split_lines

__all__ = ["FORMATS", "REJECT_REASONS", "Format", "Parsed", "named", "parse_chunk"]

FORMATS: Final[Mapping[str, Format]] = MappingProxyType({form.name: form for form in NCSA})


def named(name: str) -> Format:
    """Return the format called `name`; raises `FormatError` when there is none."""
    try:
        return FORMATS[name]
    except KeyError:
        sentence = f"There is no log format called {printable(name, 40)!r}."
        raise FormatError(sentence, hint="footfall formats list") from None


def parse_chunk(chunk: Chunk, form: Format) -> Parsed:
    """Split a chunk into lines and read them with `form`; a line that is oversized or cut is rejected unread."""
    lines = split_lines(chunk)
    if chunk.is_cut and not chunk.oversized:
        return form.reject(lines, LINE_CUT)

    return form.reject(lines, LINE_TOO_LONG) if chunk.oversized else form.parse(lines)
