"""Read refused lines again, as frames: the pure half of a retry.

A line goes through what every line goes through, with the source id, line number and offset it had, so its event gets
the key that it would have got then. That makes a retry repeatable at any point.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import polars as pl

from footfall.keys import has_identity, is_site, offset_of
from footfall.store.state import TableMeta
from footfall.store.writer.batches import Batch
from ingest.beacons import BeaconSettings
from ingest.deadletters.read import Letters
from ingest.deadletters.record import DeadLetter, Outcome, Reading
from ingest.enrich import AddressPolicy, EnrichSettings
from ingest.formats import Format, is_format, named
from ingest.lines import BYTE_ORDER_MARK
from ingest.positions import Days
from ingest.prepare import SENTENCES, Recipe, prepare_parsed
from ingest.settings import IngestSettings

SLICE_BYTES: Final = 4 * 2**20
"""How much of the file is read again at once: what is stored is noted in the file after each slice."""

CUT: Final = "cut"
NO_FORMAT: Final = "no-format"
NO_SITE: Final = "no-site"
DEFAULT_POLICY: Final[AddressPolicy] = "masked"
"""How the addresses of letters are kept that earlier versions wrote, which did not say."""

UNREADABLE: Final[Mapping[str, str]] = {
    CUT: "only the beginning of the line was kept, so it cannot be read again",
    NO_FORMAT: "the letter names no format that this footfall knows: name one with --format",
    NO_SITE: "the letter names no possible site: name one with --site",
}
"""Why a letter is not tried: code → sentence."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which letters to read again, all where empty; and how, where that is not None, rather than as they were read."""

    reasons: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    format: Format | None = None
    site: str | None = None
    addresses: AddressPolicy | None = None
    time_shift_seconds: int | None = None
    beacons: BeaconSettings | None = None


@dataclass(frozen=True, slots=True)
class Again:
    """Lines of one source that were read again: `batches` to write, after which `offsets` are stored, and `settled`.

    `reasons` is why each line, by offset, was refused until now. A line may carry several events, whose offsets count
    on from its own, and events with ids of their own, whose offsets `places` has by sort key.
    """

    source_id: str
    reasons: Mapping[int, str]
    batches: list[Batch]
    days: Days
    offsets: list[int]
    settled: list[Outcome]
    places: Mapping[str, int] = field(default_factory=dict)

    def line_of(self, sk: str) -> int:
        """Return the offset of the line that the event with this sort key stood in."""
        return _line_at(sorted(self.reasons), self.places[sk] if has_identity(sk) else offset_of(sk))


def chosen(letters: Letters, choice: Choice) -> pl.DataFrame:
    """Return the rows of the waiting letters that `choice` names."""
    rows = letters.waiting
    for column, names in (("reason", choice.reasons), ("source", choice.sources)):
        if names:
            rows = rows.filter(pl.col(column).cast(pl.String).is_in(names))

    return rows


def readable(rows: pl.DataFrame, choice: Choice) -> tuple[pl.DataFrame, Counter[str]]:
    """Return the rows of letters that can be read again, and how many cannot by code of `UNREADABLE`."""
    left_out: Counter[str] = Counter()
    for code, is_good in _conditions(rows, choice):
        kept = rows.filter(is_good)
        left_out[code] = len(rows) - len(kept)
        rows = kept

    return rows, +left_out


def slices(rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield `rows` in their order, in slices that hold about `SLICE_BYTES` of records."""
    number = (pl.col("record_bytes").cum_sum() // SLICE_BYTES).alias("slice")
    yield from rows.with_columns(number).partition_by("slice", maintain_order=True, include_key=False)


def read_again(
    letters: Iterable[DeadLetter], choice: Choice, settings: IngestSettings, meta: TableMeta, table: str
) -> list[Again]:
    """Return what becomes of `letters`, by source and how they were read; never raises on any line.

    What the letters do not say of how to read them, `settings` does.
    """
    groups: dict[tuple[str, Reading], list[DeadLetter]] = {}
    for letter in letters:
        groups.setdefault((letter.source_id, reading_of_letter(letter, choice)), []).append(letter)

    return [
        _again(source_id, group, reading.header, recipe_of(reading, group[0].source, settings, meta, table))
        for (source_id, reading), group in groups.items()
    ]


def _conditions(rows: pl.DataFrame, choice: Choice) -> Iterator[tuple[str, pl.Expr]]:
    yield CUT, ~pl.col("is_cut")
    if choice.format is None:
        specs = rows["format"].cast(pl.String).unique().drop_nulls()
        known = [spec for spec in specs if is_format(spec)]
        yield NO_FORMAT, pl.col("format").cast(pl.String).is_in(known).fill_null(value=False)

    if choice.site is None:
        sites = rows["site"].cast(pl.String).unique().drop_nulls()
        bad = [site for site in sites if not is_site(site)]
        yield NO_SITE, ~pl.col("site").cast(pl.String).is_in(bad).fill_null(value=False)


def reading_of_letter(letter: DeadLetter, choice: Choice) -> Reading:
    """Return how a line is to be read: as the letter says, or as `choice` says rather."""
    return Reading(
        format=choice.format.spec if choice.format else letter.format or "",
        header=letter.header or "",
        site=choice.site or letter.site,
        addresses=choice.addresses or letter.addresses or DEFAULT_POLICY,
        since=letter.since,
        until=letter.until,
        time_shift_seconds=(
            choice.time_shift_seconds if choice.time_shift_seconds is not None else letter.time_shift or 0
        ),
        beacons=choice.beacons or BeaconSettings(letter.beacons, letter.beacon_paths or ()),
    )


def recipe_of(
    reading: Reading, source_name: str, settings: IngestSettings, meta: TableMeta, table: str
) -> Recipe:
    """Return what is done to lines that are read so; raises `FormatError` when there is no such format."""
    rewriting = replace(settings.enrichment.rewriting, time_shift_seconds=reading.time_shift_seconds)
    options = replace(settings.enrichment, addresses=reading.addresses, rewriting=rewriting)
    return Recipe(
        source_name=source_name,
        format=named(reading.format),
        enrichment=EnrichSettings(reading.site, meta.shards, meta.salt, options),
        filters=replace(settings.filters, since=reading.since, until=reading.until),
        table=table,
        beacons=reading.beacons,
    )


def _again(source_id: str, letters: list[DeadLetter], header: str, recipe: Recipe) -> Again:
    done = prepare_parsed(recipe.format.parse(lines_of(letters), header), source_id, recipe)
    begins = sorted(letter.offset for letter in letters)
    rejected = done.rejected.select("offset", "reason").iter_rows()
    reasons = {_line_at(begins, offset): reason for offset, reason in rejected}
    lines = dict.fromkeys(_line_at(begins, offset) for offset in done.offsets)
    stored = [offset for offset in lines if offset not in reasons]
    unwanted = set(begins) - reasons.keys() - set(stored)
    refused = [
        Outcome("refused", source_id, offset, reason, SENTENCES[reason]) for offset, reason in reasons.items()
    ]
    filtered = [Outcome("filtered", source_id, offset) for offset in sorted(unwanted)]
    before = {letter.offset: letter.reason for letter in letters}
    places = {} if done.places is None else dict(done.places.select("sk", "offset").iter_rows())
    return Again(source_id, before, done.batches, done.days, stored, refused + filtered, places)


def _line_at(begins: Sequence[int], offset: int) -> int:
    """Return the last of `begins`, which are sorted, that is not behind `offset`."""
    return begins[bisect_right(begins, offset) - 1]


def lines_of(letters: list[DeadLetter]) -> pl.DataFrame:
    """Return letters as the frame of lines that `ingest.lines.split_lines` makes of a chunk."""
    columns = {
        "line_number": pl.Series([letter.line for letter in letters], dtype=pl.Int64),
        "offset": pl.Series([letter.offset for letter in letters], dtype=pl.Int64),
        "text": pl.Series([_text(letter) for letter in letters], dtype=pl.String),
    }
    return pl.DataFrame(columns)


def _text(letter: DeadLetter) -> str:
    raw = letter.kept()
    if letter.offset == 0:
        raw = raw.removeprefix(BYTE_ORDER_MARK)

    return raw.decode(errors="backslashreplace")
