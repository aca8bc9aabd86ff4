"""Make dead letters of lines: of those that a format, a filter of ours or the store refuses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from footfall.keys import day_of, offset_of
from ingest.chunks import Chunk
from ingest.deadletters import DeadLetter, dead_letter
from ingest.positions import Pending
from ingest.tally import Counts
from ingest.writer.batches import Refused


def letter(
    chunk: Chunk, source_name: str, *, line: int, offset: int, reason: str, sentence: str
) -> DeadLetter:
    """Return the dead letter of the line that begins at `offset` of the source."""
    raw = line_at(chunk, offset)
    return dead_letter(
        raw,
        source=source_name,
        source_id=chunk.source_id,
        line=line,
        offset=offset,
        reason=reason,
        sentence=sentence,
        raw_bytes=chunk.end - chunk.start if chunk.oversized else len(raw),
    )


def letters_of_refused(chunk: Chunk, source_name: str, refused: Iterable[Refused]) -> Iterator[DeadLetter]:
    """Yield the dead letters of puts that the store refused; their keys say which lines they were."""
    for put in refused:
        offset = offset_of(put.sk)
        line = chunk.first_line_number + chunk.data.count(b"\n", 0, offset - chunk.start)
        yield letter(chunk, source_name, line=line, offset=offset, reason=put.reason, sentence=put.sentence)


def recount(pending: Pending, refused: Iterable[Refused]) -> None:
    """Count puts that the store refused as rejected lines, not as events of their days."""
    days = dict(pending.days)
    count = 0
    for put in refused:
        count += 1
        days[day_of(put.pk)] -= 1

    pending.counts += Counts(events=-count, rejected=count)
    pending.days = {day: events for day, events in days.items() if events}


def line_at(chunk: Chunk, offset: int) -> bytes:
    """Return the line of `chunk` that begins at `offset` of the source, without its line end."""
    begin = offset - chunk.start
    end = chunk.data.find(b"\n", begin)
    return chunk.data[begin : end if end >= 0 else None].removesuffix(b"\r")
