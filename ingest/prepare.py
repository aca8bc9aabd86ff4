"""Turn a chunk into batches: the whole pure middle of ingest, run in a worker thread.

lines → format → filters → enrichment → items layout → checks → batches, frames all the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Final

import numpy as np
import polars as pl

from footfall.errors import FootfallError
from footfall.layout import encode
from ingest import filters
from ingest.chunks import Chunk
from ingest.deadletters import DeadLetter
from ingest.enrich import EnrichSettings, enrich
from ingest.filters import Filters
from ingest.formats import REJECT_REASONS, Format, Parsed, parse_chunk
from ingest.positions import Days
from ingest.refusals import letter
from ingest.tally import Counts, RejectedRun
from ingest.writer.batches import Batch, cut_batches
from ingest.writer.checks import STORE_REASONS, find_unstorable

SENTENCES: Final = MappingProxyType({**REJECT_REASONS, **STORE_REASONS})
"""Reason code → sentence, for every reason why a line that was read is not stored."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is done to every chunk of a source; `source_name` is what the user calls it."""

    source_name: str
    format: Format
    enrichment: EnrichSettings
    filters: Filters
    table: str


@dataclass(frozen=True, slots=True)
class PreparedLines:
    """What some lines became: batches of `events`, filtered and skipped ones that are only counted, rejected ones.

    `rejected` has line_number, offset and reason (a code of `SENTENCES`), in the order of the lines.
    """

    batches: list[Batch]
    events: int
    skipped: int
    filtered_by_reason: Mapping[str, int]
    rejected: pl.DataFrame
    days: Days
    newest_at: datetime | None

    @property
    def counts(self) -> Counts:
        """Return what became of the lines, whose number is not known here: it is that of all of these."""
        filtered = sum(self.filtered_by_reason.values())
        rejected = len(self.rejected)
        lines = self.events + rejected + self.skipped + filtered
        return Counts(lines, self.events, rejected, self.skipped, filtered)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A chunk that is ready to be written."""

    batches: list[Batch]
    counts: Counts
    letters: list[DeadLetter]
    days: Days
    newest_at: datetime | None
    filtered_by_reason: Mapping[str, int]
    rejected_run: RejectedRun


def prepare(chunk: Chunk, recipe: Recipe, *, interleave: bool = True) -> Prepared:
    """Return what is to be written of `chunk`; never raises on any bytes.

    Without `interleave` the batches keep the order of the log, which a table without limits is written fastest in.
    """
    parsed = parse_chunk(chunk, recipe.format)
    done = prepare_parsed(parsed, chunk.source_id, recipe, interleave=interleave)
    numbers = done.rejected.get_column("line_number").to_numpy()
    return Prepared(
        batches=done.batches,
        counts=checked(replace(done.counts, lines=chunk.line_count), recipe.source_name),
        letters=list(_letters(chunk, recipe, done.rejected)),
        days=done.days,
        newest_at=done.newest_at,
        filtered_by_reason=done.filtered_by_reason,
        rejected_run=RejectedRun.of(np.unique(numbers), chunk.first_line_number, chunk.line_count),
    )


def prepare_lines(lines: pl.DataFrame, source_id: str, recipe: Recipe) -> PreparedLines:
    """Return what is to be written of `lines` (line_number Int64, offset Int64, text String) of one source.

    They may come from anywhere, in any order and with gaps between them; never raises on any text.
    """
    return prepare_parsed(recipe.format.parse(lines), source_id, recipe)


def prepare_parsed(
    parsed: Parsed, source_id: str, recipe: Recipe, *, interleave: bool = True
) -> PreparedLines:
    """Return what is to be written of lines that a format has read."""
    kept, filtered_by_reason = filters.apply(parsed.events, recipe.filters)
    events = enrich(kept, source_id, recipe.enrichment)
    items = encode(events)
    rejected = parsed.rejected.select(_REJECTED)
    reasons = find_unstorable(events, items)
    if reasons is not None:
        storable = reasons.is_null()
        unstorable = kept.select("line_number", "offset", reasons.alias("reason")).filter(~storable)
        rejected = pl.concat([rejected, unstorable]).sort("offset", "line_number", maintain_order=True)
        events, items = events.filter(storable), items.filter(storable)

    return PreparedLines(
        batches=cut_batches(items, recipe.table, interleave=interleave),
        events=len(events),
        skipped=parsed.skipped_lines,
        filtered_by_reason=filtered_by_reason,
        rejected=rejected,
        days=_days(events),
        newest_at=events.select(pl.col("time").max()).item(),
    )


def checked(counts: Counts, source_name: str) -> Counts:
    """Return `counts`; raises `FootfallError` when a line has become nothing or two things.

    That is a fault of a format or a filter. It must end the run here, before a checkpoint can pass the line.
    """
    if not counts.adds_up:
        raise FootfallError(
            f"{source_name}: {counts.lines} lines became {counts.events} events, {counts.rejected} rejected, "
            f"{counts.skipped} skipped and {counts.filtered} filtered, which does not add up. Nothing is lost.",
            hint="report this as a fault of footfall's, with the lines around the last checkpoint",
        )

    return counts


_REJECTED: Final = ("line_number", "offset", "reason")


def _letters(chunk: Chunk, recipe: Recipe, rejected: pl.DataFrame) -> Iterable[DeadLetter]:
    for line, offset, reason in rejected.iter_rows():
        sentence = SENTENCES[reason]
        yield letter(chunk, recipe, line=line, offset=offset, reason=reason, sentence=sentence)


def _days(events: pl.DataFrame) -> dict[tuple[str, date], int]:
    counted = events.group_by("site", pl.col("time").dt.date().alias("on")).len()
    return {(site, on): count for site, on, count in counted.iter_rows()}
