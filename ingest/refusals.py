"""Make dead letters of lines: of those that a format, a check of ours or the store refuses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import polars as pl

from footfall.keys import day_of, has_identity, offset_of
from footfall.store.writer.batches import Refused
from ingest.chunks import Chunk
from ingest.deadletters import DeadLetter, Reading, dead_letter
from ingest.formats.model import Headers
from ingest.positions import Pending
from ingest.tally import Counts

if TYPE_CHECKING:
    from ingest.prepare import Recipe


def letter(
    chunk: Chunk, recipe: Recipe, header: str, *, line: int, offset: int, reason: str, sentence: str
) -> DeadLetter:
    """Return the dead letter of the line that has the byte at `offset` of the source.

    `recipe` says how it was read, `header` is the directive in force at the line.
    """
    begin = line_begin(chunk, offset)
    raw = line_at(chunk, begin)
    return dead_letter(
        raw,
        source=recipe.source_name,
        source_id=chunk.source_id,
        line=line,
        offset=begin,
        reason=reason,
        sentence=sentence,
        raw_bytes=chunk.end - chunk.start if chunk.oversized else len(raw),
        reading=reading_of(recipe, header),
    )


def reading_of(recipe: Recipe, header: str = "") -> Reading:
    """Return what a letter has to say so that its line can be read again as it is read now."""
    return Reading(
        format=recipe.format.spec,
        header=header,
        site=recipe.enrichment.site,
        addresses=recipe.enrichment.options.addresses,
        since=recipe.filters.since,
        until=recipe.filters.until,
        time_shift_seconds=recipe.enrichment.options.rewriting.time_shift_seconds,
        beacons=recipe.beacons,
    )


def letters_of_refused(
    chunk: Chunk, recipe: Recipe, pending: Pending, refused: Iterable[Refused]
) -> Iterator[DeadLetter]:
    """Yield the dead letters of puts that the store refused.

    Their keys say which lines they were, or `pending` does for events with ids of their own.
    """
    headers = Headers.of(chunk.data, pending.header)
    for put in refused:
        offset = _offset(put, pending)
        line = chunk.first_line_number + chunk.data.count(b"\n", 0, offset - chunk.start)
        header = headers.at(offset - chunk.start)
        yield letter(
            chunk, recipe, header, line=line, offset=offset, reason=put.reason, sentence=put.sentence
        )


def _offset(put: Refused, pending: Pending) -> int:
    if pending.places is None or not has_identity(put.sk):
        return offset_of(put.sk)

    return int(pending.places.row(by_predicate=pl.col("sk") == put.sk, named=True)["offset"])


def recount(pending: Pending, refused: Iterable[Refused]) -> None:
    """Count puts that the store refused as rejected lines, not as events of their days."""
    days = dict(pending.days)
    identified = dict(pending.identified)
    count = known = 0
    for put in refused:
        site, on = day_of(put.pk)
        days[site, on] -= 1
        count += 1
        if has_identity(put.sk):
            identified[on] -= 1
            known += 1

    pending.counts += Counts(events=-count, rejected=count, identified=-known)
    pending.identified = identified
    pending.days = {day: events for day, events in days.items() if events}


def line_begin(chunk: Chunk, offset: int) -> int:
    """Return the offset of the beginning of the line that has the byte at `offset`."""
    return chunk.start + chunk.data.rfind(b"\n", 0, offset - chunk.start) + 1


def line_at(chunk: Chunk, offset: int) -> bytes:
    """Return the line of `chunk` that begins at `offset` of the source, without its line end."""
    begin = offset - chunk.start
    end = chunk.data.find(b"\n", begin)
    return chunk.data[begin : end if end >= 0 else None].removesuffix(b"\r")
