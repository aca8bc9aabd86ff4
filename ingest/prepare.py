"""Turn a chunk into batches: the whole pure middle of ingest, run in a worker thread.

lines → format → filters → enrichment → items layout → batches, frames all the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from footfall.errors import FootfallError
from footfall.layout import LARGEST_ITEM_BYTES, encode, item_bytes
from ingest import filters
from ingest.chunks import Chunk
from ingest.deadletters import DeadLetter
from ingest.enrich import EnrichSettings, enrich
from ingest.filters import Filters
from ingest.formats import REJECT_REASONS, Format, parse_chunk
from ingest.positions import Days
from ingest.refusals import letter
from ingest.tally import Counts, RejectedRun
from ingest.writer.batches import Batch, cut_batches

ITEM_TOO_LARGE: Final = "item-too-large"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is done to every chunk of a source; `source_name` is what the user calls it."""

    source_name: str
    format: Format
    enrichment: EnrichSettings
    filters: Filters
    table: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A chunk that is ready to be written."""

    batches: list[Batch]
    counts: Counts
    letters: list[DeadLetter]
    days: Days
    filtered_by_reason: Mapping[str, int]
    rejected_run: RejectedRun


def prepare(chunk: Chunk, recipe: Recipe) -> Prepared:
    """Return what is to be written of `chunk`; never raises on any bytes."""
    parsed = parse_chunk(chunk, recipe.format)
    kept, filtered_by_reason = filters.apply(parsed.events, recipe.filters)
    events = enrich(kept, chunk.source_id, recipe.enrichment)
    items = encode(events)
    oversized = _REJECTED.clone()
    # The JSON of an item is longer than DynamoDB counts it, and known already: nearly no chunk goes further than this.
    if (items.get_column("item").str.len_bytes() > LARGEST_ITEM_BYTES).any():
        events, oversized = _split_oversized(kept, events)
        items = encode(events)

    rejected = pl.concat([parsed.rejected.select(_REJECTED.columns), oversized])
    counts = Counts(
        lines=chunk.line_count,
        events=len(events),
        rejected=len(rejected),
        skipped=parsed.skipped_lines,
        filtered=sum(filtered_by_reason.values()),
    )
    return Prepared(
        batches=cut_batches(items, recipe.table),
        counts=checked(counts, recipe.source_name),
        letters=list(_letters(chunk, recipe.source_name, rejected)),
        days=_days(events),
        filtered_by_reason=filtered_by_reason,
        rejected_run=RejectedRun.of(
            rejected.get_column("line_number").to_numpy(), chunk.first_line_number, chunk.line_count
        ),
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


_REJECTED: Final = pl.DataFrame(schema={"line_number": pl.Int64, "offset": pl.Int64, "reason": pl.String})


def _split_oversized(parsed: pl.DataFrame, events: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the events that DynamoDB can hold, and the reject rows of those that it cannot."""
    fits = item_bytes(events) <= LARGEST_ITEM_BYTES
    numbers = parsed.select("line_number", "offset")
    too_large = events.filter(~fits).select("offset").join(numbers, on="offset", maintain_order="left")
    return events.filter(fits), too_large.select(
        "line_number", "offset", pl.lit(ITEM_TOO_LARGE).alias("reason")
    )


def _letters(chunk: Chunk, source_name: str, rejected: pl.DataFrame) -> Iterable[DeadLetter]:
    for line, offset, reason in rejected.sort("offset").iter_rows():
        sentence = _SENTENCES[reason]
        yield letter(chunk, source_name, line=line, offset=offset, reason=reason, sentence=sentence)


_SENTENCES: Final = {
    **REJECT_REASONS,
    ITEM_TOO_LARGE: f"The event is larger than the {LARGEST_ITEM_BYTES:,} bytes that DynamoDB stores in an item.",
}


def _days(events: pl.DataFrame) -> dict[tuple[str, date], int]:
    counted = events.group_by("site", pl.col("time").dt.date().alias("on")).len()
    return {(site, on): count for site, on, count in counted.iter_rows()}
