"""Make dead letters of lines: of those that a format, a check of ours or the store refuses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from footfall.keys import day_of, offset_of
from ingest.chunks import Chunk
from ingest.deadletters import DeadLetter, Reading, dead_letter
from ingest.positions import Pending
from ingest.tally import Counts
from ingest.writer.batches import Refused

if TYPE_CHECKING:
    from ingest.prepare import Recipe


def letter(chunk: Chunk, recipe: Recipe, *, line: int, offset: int, reason: str, sentence: str) -> DeadLetter:
    """Return the dead letter of the line that begins at `offset` of the source; `recipe` says how it was read."""
    raw = line_at(chunk, offset)
    return dead_letter(
        raw,
        source=recipe.source_name,
        source_id=chunk.source_id,
        line=line,
        offset=offset,
        reason=reason,
        sentence=sentence,
        raw_bytes=chunk.end - chunk.start if chunk.oversized else len(raw),
        reading=reading_of(recipe),
    )


def reading_of(recipe: Recipe) -> Reading:
    """Return what a letter has to say so that its line can be read again as it is read now."""
    return Reading(
        format=recipe.format.name,
        site=recipe.enrichment.site,
        addresses=recipe.enrichment.addresses,
        since=recipe.filters.since,
        until=recipe.filters.until,
    )


def letters_of_refused(chunk: Chunk, recipe: Recipe, refused: Iterable[Refused]) -> Iterator[DeadLetter]:
    """Yield the dead letters of puts that the store refused; their keys say which lines they were."""
    for put in refused:
        offset = offset_of(put.sk)
        line = chunk.first_line_number + chunk.data.count(b"\n", 0, offset - chunk.start)
        yield letter(chunk, recipe, line=line, offset=offset, reason=put.reason, sentence=put.sentence)


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
