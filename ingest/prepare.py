"""Turn a chunk into batches: the whole pure middle of ingest, run in a worker thread.

lines → format → beacons → rewriting → early filters → understand → late filters → conceal → items layout → checks →
batches, frames all the way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Final

import numpy as np
import polars as pl

from footfall.errors import FootfallError
from footfall.layout import encode
from footfall.store.writer.batches import Batch, cut_batches
from footfall.store.writer.checks import STORE_REASONS, find_unstorable
from ingest import filters
from ingest.beacons import BEACON_REASONS, BeaconSettings, read_beacons
from ingest.beacons.model import SENT_AGAIN
from ingest.chunks import Chunk
from ingest.deadletters import DeadLetter
from ingest.enrich import EnrichSettings, conceal, understand
from ingest.enrich.consent import leave_out_objectors
from ingest.enrich.rewrite import rewrite
from ingest.filters import Filters
from ingest.formats import REJECT_REASONS, Format, Parsed, parse_chunk
from ingest.formats.model import Headers
from ingest.positions import Days
from ingest.refusals import letter
from ingest.tally import Counts, RejectedRun

SENTENCES: Final = MappingProxyType({**REJECT_REASONS, **BEACON_REASONS, **STORE_REASONS})
"""Reason code → sentence, for every reason why a line that was read is not stored."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is done to every chunk of a source; `source_name` is what the user calls it."""

    source_name: str
    format: Format
    enrichment: EnrichSettings
    filters: Filters
    table: str
    beacons: BeaconSettings = field(default_factory=BeaconSettings)


@dataclass(frozen=True, slots=True)
class PreparedLines:
    """What some lines became: batches of events, filtered and skipped ones that are only counted, rejected ones.

    `rejected` has line_number, offset and reason (a code of `SENTENCES`), in the order of the lines. `offsets` are
    those of the events, `identified` how many of the events of a date have ids of their own, and `places` (sk,
    offset) tells which lines those stood in; None without any. Those `without_visitor` belong to no visit. The lines of
    `counts` are those that all of this accounts for.
    """

    batches: list[Batch]
    offsets: pl.Series
    counts: Counts
    filtered_by_reason: Mapping[str, int]
    rejected: pl.DataFrame
    days: Days
    identified: Mapping[date, int]
    places: pl.DataFrame | None
    newest_at: datetime | None
    without_visitor: int


@dataclass(frozen=True, slots=True)
class Prepared:
    """A chunk that is ready to be written; see `PreparedLines`."""

    batches: list[Batch]
    counts: Counts
    letters: list[DeadLetter]
    days: Days
    identified: Mapping[date, int]
    places: pl.DataFrame | None
    newest_at: datetime | None
    filtered_by_reason: Mapping[str, int]
    without_visitor: int
    rejected_run: RejectedRun


def prepare(chunk: Chunk, recipe: Recipe, header: str = "", *, interleave: bool = True) -> Prepared:
    """Return what is to be written of `chunk`, at whose beginning the directive `header` is in force; never raises
    on any bytes.

    Without `interleave` the batches keep the order of the log, which a table without limits is written fastest in.
    """
    parsed = parse_chunk(chunk, recipe.format, header)
    done = prepare_parsed(parsed, chunk.source_id, recipe, interleave=interleave)
    numbers = done.rejected.get_column("line_number").to_numpy()
    return Prepared(
        batches=done.batches,
        counts=checked(replace(done.counts, lines=chunk.line_count), recipe.source_name),
        letters=list(_letters(chunk, recipe, header, done.rejected)),
        days=done.days,
        identified=done.identified,
        places=done.places,
        newest_at=done.newest_at,
        filtered_by_reason=done.filtered_by_reason,
        without_visitor=done.without_visitor,
        rejected_run=RejectedRun.of(np.unique(numbers), chunk.first_line_number, chunk.line_count),
    )


def prepare_parsed(
    parsed: Parsed, source_id: str, recipe: Recipe, *, interleave: bool = True
) -> PreparedLines:
    """Return what is to be written of lines that a format has read."""
    read = read_beacons(parsed, recipe.beacons)
    left_out = Counter(read.left_out)
    rewritten = rewrite(read.parsed.events, recipe.enrichment.options.rewriting)
    kept, unwanted = filters.early(rewritten, recipe.filters)
    left_out.update(unwanted)
    understood, unwanted = filters.late(understand(kept, source_id, recipe.enrichment), recipe.filters)
    left_out.update(unwanted)
    understood, unwanted = leave_out_objectors(understood, recipe.enrichment)
    left_out.update(unwanted)
    understood, again = _each_once(understood)
    left_out[SENT_AGAIN] += again
    events = conceal(understood, recipe.enrichment)
    items = encode(events)
    rejected = read.parsed.rejected.select(_REJECTED)
    reasons = find_unstorable(events, items)
    if reasons is not None:
        storable = reasons.is_null()
        unstorable = understood.select("line_number", "offset", reasons.alias("reason")).filter(~storable)
        rejected = pl.concat([rejected, unstorable]).sort("offset", "line_number", maintain_order=True)
        events, items = events.filter(storable), items.filter(storable)

    # Of a line that carries several events, several may be refused: it is one rejected line all the same.
    lines = rejected.unique("line_number", keep="first", maintain_order=True)
    extra = read.extra - (len(rejected) - len(lines))
    rejected = lines
    known = _identified(events)
    counts = Counts(
        lines=len(events) + len(rejected) + parsed.skipped_lines + left_out.total() - extra,
        events=len(events),
        rejected=len(rejected),
        skipped=parsed.skipped_lines,
        filtered=left_out.total(),
        extra=extra,
        identified=len(known),
    )
    return PreparedLines(
        batches=cut_batches(items, recipe.table, interleave=interleave),
        offsets=events.get_column("offset"),
        counts=counts,
        filtered_by_reason=+left_out,
        rejected=rejected,
        days=_days(events),
        identified=_dates(known),
        places=_places(events, items) if len(known) else None,
        newest_at=events.select(pl.col("time").max()).item(),
        without_visitor=events.get_column("visitor").null_count(),
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


def _letters(chunk: Chunk, recipe: Recipe, header: str, rejected: pl.DataFrame) -> Iterable[DeadLetter]:
    if rejected.is_empty():
        return

    headers = Headers.of(chunk.data, header)
    for line, offset, reason in rejected.iter_rows():
        here = headers.at(offset - chunk.start)
        sentence = SENTENCES[reason]
        yield letter(chunk, recipe, here, line=line, offset=offset, reason=reason, sentence=sentence)


def _each_once(events: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Return `events` without those whose own id an earlier one has, and how many those were."""
    if "identity" not in events.columns:
        return events, 0

    is_first = events.get_column("identity").is_first_distinct() | events.get_column("identity").is_null()
    return events.filter(is_first), len(events) - int(is_first.sum())


def _identified(events: pl.DataFrame) -> pl.DataFrame:
    if "identity" not in events.columns:
        return events.clear()

    return events.filter(pl.col("identity").is_not_null())


def _places(events: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """Return sk and offset of the events with ids of their own."""
    placed = items.select("sk", events.get_column("offset"), events.get_column("identity"))
    return placed.filter(pl.col("identity").is_not_null()).drop("identity")


def _dates(events: pl.DataFrame) -> dict[date, int]:
    return dict(events.group_by(pl.col("time").dt.date().alias("on")).len().iter_rows())


def _days(events: pl.DataFrame) -> dict[tuple[str, date], int]:
    counted = events.group_by("site", pl.col("time").dt.date().alias("on")).len()
    return {(site, on): count for site, on, count in counted.iter_rows()}
