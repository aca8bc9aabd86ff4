"""The diary of a reading into a kept dataset, so that a run that was killed is gone on with in mid-segment.

::

    DIR/.reading/journal.json      what is read, how far each partition is read, and how many parts that fills
    DIR/.reading/part-0.parquet    events that were read, of any day

A part is written first and counts only when the journal says so, in the same step as the positions that it was read up
to: after a kill the journal names exactly the pages whose events are in the parts it counts. What lies there beside
them is overwritten.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Final

import msgspec
import polars as pl

from footfall.keys import SEPARATOR
from footfall.store.partitions import KeyRange, Partition, Segment
from reports.extraction.dataset import open_parts, write_part, writing_to
from reports.extraction.manifest import KeptDay, columns_id, replace_file
from reports.extraction.plan import Plan
from reports.scope import Scope

STAGING: Final = ".reading"
_JOURNAL: Final = "journal.json"


class Journal(msgspec.Struct, frozen=True):
    """A reading of whole days, and how far it is.

    It is of the days of a scope (`site` to `time_zone`) but `fresh` ones; `days` are those of them that the ledger
    names, with the revisions they will have. Partitions are `segments` of a Scan or `keys` of Queries. `positions`
    has the last key (raw JSON) of partitions that are begun, `done` are those that are read; `parts` are written.
    """

    site: str | None
    first_on: date | None
    last_on: date | None
    time_zone: str
    fresh: tuple[KeptDay, ...]
    days: tuple[KeptDay, ...]
    segments: int = 0
    keys: tuple[str, ...] = ()
    parts: int = 0
    positions: dict[int, msgspec.Raw] = {}
    done: frozenset[int] = frozenset()
    columns: str = ""

    @property
    def scope(self) -> Scope:
        """Return the scope whose days are read."""
        return Scope(self.site, self.first_on, self.last_on, self.time_zone)

    @property
    def method(self) -> str:
        """Return how it reads."""
        return "scan" if self.segments else "query"

    @property
    def partitions(self) -> tuple[Partition, ...]:
        """Return all partitions, those that are done too."""
        if self.segments:
            return tuple(Segment(index, self.segments) for index in range(self.segments))

        return tuple(KeyRange(pk) for pk in self.keys)

    @property
    def left(self) -> list[tuple[int, Partition]]:
        """Return the partitions that are not done, with their places."""
        return [(place, one) for place, one in enumerate(self.partitions) if place not in self.done]

    @property
    def started(self) -> dict[int, bytes]:
        """Return the last keys of partitions that are begun."""
        return {place: bytes(key) for place, key in self.positions.items()}

    def is_for(self, scope: Scope) -> bool:
        """Tell whether all that it reads is in `scope`: what nobody asks for any more is not gone on with."""
        if scope.site not in {None, self.site}:
            return False

        begins = scope.start_at is None or (
            self.scope.start_at is not None and scope.start_at <= self.scope.start_at
        )
        ends = scope.end_at is None or (self.scope.end_at is not None and self.scope.end_at <= scope.end_at)
        return begins and ends

    def predicate(self) -> pl.Expr:
        """Return the expression that is true for the events of the days it reads."""
        on = pl.col("time").dt.date()
        first_at, end_at = self.scope.start_at, self.scope.end_at
        is_read = [pl.lit(value=True)]
        if self.site is not None:
            is_read.append(pl.col("site") == self.site)

        if first_at is not None:
            is_read.append(on >= first_at.date())

        if end_at is not None:
            # Compared as moments: the day in which the range ends is read whole, one that begins then is not.
            is_read.append(on.cast(pl.Datetime("ms")) < end_at.replace(tzinfo=None))

        if self.fresh:
            names = [f"{day.site}{SEPARATOR}{day.on.isoformat()}" for day in self.fresh]
            name = pl.concat_str("site", on.dt.to_string("iso"), separator=SEPARATOR)
            is_read.append(~name.is_in(names))

        return pl.all_horizontal(is_read)

    def moved(self, positions: Mapping[int, bytes | None], *, parts: int) -> Journal:
        """Return it with partitions read up to new last keys, None where they are done, and so many parts."""
        begun = self.positions | {p: msgspec.Raw(key) for p, key in positions.items() if key is not None}
        done = self.done | {place for place, key in positions.items() if key is None}
        left = {place: key for place, key in begun.items() if place not in done}
        return msgspec.structs.replace(self, positions=left, done=done, parts=parts)


def begun(plan: Plan, scope: Scope, fresh: tuple[KeptDay, ...], days: tuple[KeptDay, ...]) -> Journal:
    """Return the journal of a reading that has not read anything yet."""
    keys = tuple(one.pk for one in plan.partitions if isinstance(one, KeyRange))
    segments = len(plan.partitions) if plan.method == "scan" else 0
    return Journal(
        scope.site,
        scope.first_on,
        scope.last_on,
        scope.time_zone,
        fresh,
        days,
        segments,
        keys,
        columns=columns_id(),
    )


class Staging:
    """The folder in which a reading is kept until all of it is there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / STAGING
        self.journal: Journal | None = read_journal(folder)

    def begin(self, journal: Journal) -> None:
        """Start over, with `journal`."""
        self.clear()
        with writing_to(self._folder.parent):
            self._folder.mkdir()
            self._save(journal)

    def commit(self, events: pl.DataFrame | None, positions: Mapping[int, bytes | None]) -> None:
        """Keep `events` together with how far they were read: both or, after a kill, neither."""
        assert self.journal is not None
        parts = self.journal.parts
        with writing_to(self._folder.parent):
            if events is not None:
                write_part(events.sort("time"), self._folder, str(parts))
                parts += 1

            self._save(self.journal.moved(positions, parts=parts))

    def scan(self) -> pl.LazyFrame:
        """Return the events of all parts that count."""
        count = self.journal.parts if self.journal else 0
        return open_parts([self._folder / f"part-{part}.parquet" for part in range(count)])

    def replace(self, events: pl.DataFrame, path: Path) -> None:
        """Write the file `path` in one step: who reads it meanwhile finds the old events or the new."""
        path.parent.mkdir(parents=True, exist_ok=True)
        write_part(events, self._folder, "new")
        (self._folder / "part-new.parquet").replace(path)

    def clear(self) -> None:
        """Remove everything; the journal first, because parts without it are nothing."""
        with suppress(FileNotFoundError):
            (self._folder / _JOURNAL).unlink()
            shutil.rmtree(self._folder)

        shutil.rmtree(self._folder, ignore_errors=True)
        self.journal = None

    def _save(self, journal: Journal) -> None:
        replace_file(self._folder / _JOURNAL, msgspec.json.encode(journal))
        self.journal = journal


def read_journal(folder: Path) -> Journal | None:
    """Return the journal of a reading into the dataset in `folder` that was stopped, None when there is none.

    What another version of footfall began is not gone on with: its parts have other columns.
    """
    try:
        journal = _DECODER.decode((folder / STAGING / _JOURNAL).read_bytes())
    except (FileNotFoundError, msgspec.MsgspecError):
        return None

    return journal if journal.columns == columns_id() else None


_DECODER: Final = msgspec.json.Decoder(Journal)
