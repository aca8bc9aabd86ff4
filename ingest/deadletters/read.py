"""Fold a dead-letter file into its letters: one row each, with what became of it, in bounded memory.

The lines themselves stay in the file: a row says where its record stands, and `letters_at` reads those that are
needed. A line that is no record (torn by a crash, of another program, not UTF-8) is counted and named, never an
error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import msgspec
import polars as pl

from footfall.errors import SourceError
from footfall.keys import OFFSET_DIGITS, SOURCE_ID_DIGITS
from ingest.chunks import Chunk, Readable, read_chunks
from ingest.deadletters.record import Became, DeadLetter, kept_line
from ingest.enrich import AddressPolicy
from ingest.enrich.rewrite import LARGEST_SHIFT
from ingest.formats.model import LINE_CUT

WAITING: Final = "waiting"
SHOWN_LINES: Final = 10
BLOCK_BYTES: Final = 4 * 2**20
LARGEST_RECORD_BYTES: Final = 8 * 2**20
"""A kept line of 1 MiB may be six times as long in JSON."""

_KEY: Final = ("source_id", "offset")
_STATES: Final = pl.Enum([WAITING, "stored", "refused", "filtered"])
_TIME: Final = pl.Datetime("ms", "UTC")
_COLUMNS: Final[dict[str, pl.DataType | type[pl.DataType]]] = {
    "state": _STATES,
    "source": pl.Categorical(),
    "source_id": pl.Categorical(),
    "line": pl.Int64,
    "offset": pl.Int64,
    "reason": pl.Categorical(),
    "format": pl.Categorical(),
    "site": pl.Categorical(),
    "addresses": pl.Categorical(),
    "since": _TIME,
    "until": _TIME,
    "at": _TIME,
    "raw_bytes": pl.Int64,
    "is_cut": pl.Boolean,
    "record_at": pl.Int64,
    "record_bytes": pl.Int64,
}
SCHEMA: Final = pl.Schema(_COLUMNS)
"""The columns of `Letters.frame`: `at` is when the line was refused, `raw_bytes` its length, `is_cut`
whether only its beginning was kept, `record_at` the byte of the file where the letter's record begins."""


@dataclass(frozen=True, slots=True)
class Letters:
    """The letters of a file, in its order, a row of `SCHEMA` each.

    `state` is ``waiting``, ``stored`` or ``filtered``, and `reason` the latest one. `unreadable` is how many lines of
    the file are no record, `unreadable_lines` the numbers of the first of them.
    """

    path: Path
    frame: pl.DataFrame
    unreadable: int = 0
    unreadable_lines: tuple[int, ...] = ()

    @property
    def waiting(self) -> pl.DataFrame:
        """Return the rows of letters that are not stored yet."""
        return self.frame.filter(pl.col("state") == WAITING)


def read_letters(path: Path) -> Letters:
    """Return the letters of a file; raises `SourceError` when there is none or it cannot be read."""
    tables, bad = [pl.DataFrame(schema=SCHEMA)], _Unreadable()
    try:
        with path.open("rb") as file:
            tables.extend(_table(block, bad) for block in _blocks(file))
    except FileNotFoundError:
        raise SourceError(
            f"There is no dead-letter file {path}: no line was refused, or they are kept elsewhere.",
            hint="footfall deadletters list FILE   (what --dead-letters named when the lines were read)",
        ) from None
    except OSError as error:
        raise _cannot_read(path, error) from error

    return Letters(path, _fold(pl.concat(tables, rechunk=True)), bad.count, tuple(bad.first))


def letters_at(path: Path, places: Iterable[tuple[int, int]]) -> Iterator[DeadLetter]:
    """Yield the letters whose records begin at byte and have the length of each of `places`.

    Raises `SourceError` when the file has changed under the reader: records are only ever appended.
    """
    try:
        with path.open("rb") as file:
            for at, size in places:
                file.seek(at)
                yield _LETTER.decode(file.read(size))
    except msgspec.MsgspecError as error:
        raise SourceError(
            f"{path} was changed while it was read.", hint="run the same command again"
        ) from error
    except OSError as error:
        raise _cannot_read(path, error) from error


def places_of(rows: pl.DataFrame) -> Iterator[tuple[int, int]]:
    """Return where the records of `rows` stand, as `letters_at` takes it."""
    return rows.select("record_at", "record_bytes").iter_rows()


Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Size = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Shift = Annotated[
    int, msgspec.Meta(ge=-int(LARGEST_SHIFT.total_seconds()), le=int(LARGEST_SHIFT.total_seconds()))
]


class _Row(msgspec.Struct, frozen=True):
    """A record of either kind, checked for what a line and its key are made from again."""

    source_id: Annotated[str, msgspec.Meta(pattern=f"^[0-9a-f]{{{SOURCE_ID_DIGITS}}}$")]
    offset: Annotated[int, msgspec.Meta(ge=0, lt=10**OFFSET_DIGITS)]
    outcome: Became | None = None
    source: str | None = None
    line: Size | None = None
    reason: str | None = None
    sentence: str | None = None
    format: str | None = None
    site: str | None = None
    addresses: AddressPolicy | None = None
    since: Moment | None = None
    until: Moment | None = None
    time_shift: Shift | None = None
    beacons: tuple[str, ...] | None = None
    beacon_paths: tuple[tuple[str, str], ...] | None = None
    at: Moment | None = None
    raw_bytes: Size | None = None
    raw: str | None = None
    raw_base64: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether a letter has what every letter has, whatever version of footfall kept it."""
        return self.outcome is not None or None not in {
            self.source, self.line, self.reason, self.sentence, self.raw_bytes,
        }  # fmt: skip

    @property
    def is_cut(self) -> bool:
        """Whether only the beginning of the line was kept; raises `ValueError` for broken base64."""
        return len(kept_line(self.raw, self.raw_base64)) < (self.raw_bytes or 0) or self.reason == LINE_CUT


_ROW: Final = msgspec.json.Decoder(_Row)
_LETTER: Final = msgspec.json.Decoder(DeadLetter)


@dataclass(slots=True)
class _Unreadable:
    """Lines of the file that are no records."""

    count: int = 0
    first: list[int] = field(default_factory=list)

    def note(self, line_number: int) -> None:
        self.count += 1
        if len(self.first) < SHOWN_LINES:
            self.first.append(line_number)


def _blocks(file: Readable) -> Iterator[Chunk]:
    """Yield the file in whole lines; of one that is too long for a record only the beginning is held."""
    return read_chunks(file, "", chunk_bytes=BLOCK_BYTES, max_line_bytes=LARGEST_RECORD_BYTES)


def _table(block: Chunk, bad: _Unreadable) -> pl.DataFrame:
    """Return the records of a block, a row of `SCHEMA` each; note what is none."""
    rows, place = [], block.start
    for number, line in enumerate(block.data.split(b"\n"), block.first_line_number):
        if line.strip():
            row = None if block.oversized else _row(line, place)
            rows.append(row) if row else bad.note(number)

        place += len(line) + 1

    return pl.DataFrame(dict(zip(SCHEMA, zip(*rows, strict=True), strict=bool(rows))), schema=SCHEMA)


def _row(line: bytes, place: int) -> tuple[object, ...] | None:
    """Return a record as a row of `SCHEMA`, None for what is no record."""
    try:
        record = _ROW.decode(line)
        is_cut = record.is_cut
    except (msgspec.MsgspecError, ValueError):
        return None

    if not record.is_whole:
        return None

    return (
        record.outcome or WAITING,
        record.source,
        record.source_id,
        record.line,
        record.offset,
        record.reason,
        record.format,
        record.site,
        record.addresses,
        record.since,
        record.until,
        record.at,
        record.raw_bytes,
        is_cut,
        place,
        len(line),
    )


def _fold(records: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each letter: its last record, with the state and the reason of the last record about it."""
    rows = records.select(pl.col(_KEY).to_physical(), (pl.col("state") == WAITING).alias("is_letter"))
    rows = rows.with_row_index("row")
    letters = _last_of_each_key(rows.filter("is_letter"))
    outcomes = _last_of_each_key(rows).filter(~pl.col("is_letter"))
    now = records[outcomes["row"]].select(*_KEY, pl.col("state", "reason").name.suffix("_now"))
    joined = records[letters["row"]].join(now, on=_KEY, how="left", maintain_order="left")
    was_refused = pl.col("state_now") == "refused"
    return joined.select(
        pl.when(~was_refused).then("state_now").otherwise("state").alias("state"),
        pl.exclude("state", "reason", "state_now", "reason_now"),
        pl.when(was_refused).then("reason_now").otherwise("reason").alias("reason"),
    ).select(SCHEMA.names())


def _last_of_each_key(rows: pl.DataFrame) -> pl.DataFrame:
    # `unique` does the same in more than twice the memory.
    ordered = rows.sort(*_KEY, "row")
    is_last = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(-1)) for name in _KEY)
    return ordered.filter(is_last).sort("row")


def _cannot_read(path: Path, error: OSError) -> SourceError:
    return SourceError(
        f"Cannot read the dead-letter file {path}: {error.strerror or error}.",
        hint="footfall deadletters list FILE",
    )
