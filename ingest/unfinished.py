"""Decide what to do with a last line that has no newline yet.

Such a line may still be growing when it stands in a plain file that is being written to. Read too early it could be
stored under another key than the whole line later: a user agent that is cut is another visitor, hence another shard.
So it is read only if its format says that it is whole, and the position stays before it until its newline has come.

What was taken from a pipe when the run was told to stop cannot be taken again. There such a line is stored if it
looks whole and goes to the dead letters otherwise; the position stays before it, for those who pipe the same log in
again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ingest.chunks import Chunk
from ingest.formats import Format
from ingest.lines import split_lines
from ingest.sources import OpenSource


@dataclass(frozen=True, slots=True)
class Part:
    """A chunk that may be read now; `is_final` says whether the position may move over it."""

    chunk: Chunk
    is_final: bool = True


def may_grow(opened: OpenSource) -> bool:
    """Tell whether the source may still be written to: a plain file, whatever its name.

    A name says little: logs are rotated by renaming while the server goes on writing, and many are born with a date.
    """
    return opened.compression == "none" and opened.size_bytes is not None


def has_identity(opened: OpenSource) -> bool:
    """Tell whether the source can be known again: not while the line that it is known by may still grow.

    A closing quotation mark at its end is proof enough that it does not; a number is none.
    """
    line = opened.open_first_line
    return line is None or not may_grow(opened) or line.endswith(b'"')


def readable_parts(chunk: Chunk, form: Format) -> Iterator[Part]:
    """Yield what may be read of a chunk from a source that may grow: nothing of a last line that looks cut."""
    lines, last = split_last_line(chunk)
    if lines is not None:
        yield Part(lines)

    if last is not None and _is_whole(last, form):
        yield Part(last, is_final=False)


def stopped_parts(chunk: Chunk, form: Format) -> Iterator[Part]:
    """Yield what is made of the last chunk of a stream that was not read to its end: all of it."""
    lines, last = split_last_line(chunk)
    if lines is not None:
        yield Part(lines)

    if last is not None:
        yield Part(last if _is_whole(last, form) else replace(last, is_cut=True), is_final=False)


def split_last_line(chunk: Chunk) -> tuple[Chunk | None, Chunk | None]:
    """Return the lines of a chunk that have their newlines, and the last one if it has none."""
    if chunk.oversized or not chunk.line_count or chunk.data.endswith(b"\n"):
        return (None, chunk) if chunk.oversized and chunk.is_open else (chunk, None)

    size = chunk.data.rfind(b"\n") + 1
    middle = chunk.start + size
    number = chunk.first_line_number + chunk.line_count - 1
    last = replace(chunk, data=chunk.data[size:], start=middle, first_line_number=number, line_count=1)
    if not size:
        return None, last

    lines = chunk.line_count - 1
    return replace(chunk, data=chunk.data[:size], end=middle, line_count=lines, is_open=False), last


def _is_whole(line: Chunk, form: Format) -> bool:
    """Tell whether a line can be stored now; what would be refused waits too, or each run would refuse it again."""
    if line.oversized:
        return False

    lines = split_lines(line)
    return all(map(form.is_whole, lines["text"])) and form.parse(lines).rejected.is_empty()
