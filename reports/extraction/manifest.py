"""What a kept dataset says of itself: which store it is of, and which revision of each day it holds.

A day of the dataset is fresh while the day ledger of the store still has the revision that was read *before* the day
was: whatever was written since makes it stale, never fresh. Revision 0 is never fresh.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from footfall.event import SCHEMA
from footfall.store import Store
from footfall.store.state import Day, TableMeta
from reports.scope import Scope

MARKER: Final = ".footfall.json"
"""Begins with a dot, so that Spark and Hive pass over it."""

VERSION: Final = 1
NEVER_FRESH: Final = 0
SETTLING: Final = timedelta(seconds=60)
"""Eventually consistent reads may miss what was written this long ago; in practice it is less than a second."""


class KeptDay(msgspec.Struct, frozen=True, order=True):
    """A UTC day of a site, and the revision that the dataset has of it."""

    site: str
    on: date
    revision: int


class Manifest(msgspec.Struct, frozen=True):
    """The contents of `MARKER`.

    `complete` is False while days are being replaced; `store_id` and `columns` are fingerprints, `location` is for
    people, `reading` what the last reading took.
    """

    version: int = 0
    complete: bool = True
    store_id: str = ""
    location: str = ""
    columns: str = ""
    days: tuple[KeptDay, ...] = ()
    reading: dict[str, Any] = {}

    def usable_days(self) -> tuple[KeptDay, ...]:
        """Return the days, none where another version of footfall kept other columns of them."""
        return self.days if (self.version, self.columns) == (VERSION, columns_id()) else ()

    def holds(self, scope: Scope) -> tuple[KeptDay, ...]:
        """Return the days that are in `scope`, in part at least."""
        return tuple(day for day in self.usable_days() if is_in(scope, day.site, day.on))


@dataclass(frozen=True, slots=True)
class Freshness:
    """Which days of a scope the dataset has as the store has them, and which the ledger has other revisions of.

    `has_unnamed` tells whether it has days that the ledger does not name, which only a Scan finds again.
    """

    fresh: tuple[KeptDay, ...]
    stale: tuple[Day, ...]
    has_unnamed: bool


def freshness(manifest: Manifest, ledger: Iterable[Day], scope: Scope) -> Freshness:
    """Compare the days of `scope` that a dataset has with the day ledger."""
    kept = {(day.site, day.on): day for day in manifest.holds(scope)}
    named = {(day.site, day.on): day for day in ledger if is_in(scope, day.site, day.on)}
    fresh = tuple(day for key, day in kept.items() if key in named and named[key].revision == day.revision)
    known = {(day.site, day.on) for day in fresh}
    stale = tuple(day for key, day in named.items() if key not in known)
    return Freshness(fresh, stale, bool(kept.keys() - named.keys()))


def day_to_keep(day: Day, asked_at: datetime, *, is_consistent: bool) -> KeptDay:
    """Return what to note of a day whose ledger was read at `asked_at`, before it was read.

    A day that was written to just before then may have been read without that, unless reads are consistent.
    """
    is_settled = is_consistent or day.touched_at is None or asked_at - day.touched_at > SETTLING
    return KeptDay(day.site, day.on, day.revision if is_settled else NEVER_FRESH)


def is_in(scope: Scope, site: str, on: date) -> bool:
    """Tell whether a part of the UTC day `on` of `site` is in `scope`."""
    return scope.site in {None, site} and scope.holds_day(on)


def read_manifest(folder: Path) -> Manifest:
    """Return what is said in `folder`; an empty manifest where nothing is, or nothing that can be read."""
    try:
        return _DECODER.decode((folder / MARKER).read_bytes())
    except (FileNotFoundError, msgspec.MsgspecError):
        return Manifest()


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write it in one step."""
    replace_file(folder / MARKER, msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")


def mark_incomplete(folder: Path) -> None:
    """Say that days in the folder are about to be replaced."""
    manifest = read_manifest(folder)
    if manifest.complete:
        write_manifest(folder, msgspec.structs.replace(manifest, complete=False))


def replace_file(path: Path, content: bytes) -> None:
    """Write a file in one step: a kill leaves the old one or the new."""
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(content)
    part.replace(path)


def store_id(store: Store, meta: TableMeta) -> str:
    """Return what tells this store from others, also from one that was made again under the same name.

    The salt is drawn when a store is made; it cannot be worked out of its hash.
    """
    return hashlib.blake2b(
        meta.salt + store.events_table.encode(), digest_size=8, person=b"dataset"
    ).hexdigest()


def columns_id() -> str:
    """Return a fingerprint of the event's columns and their types."""
    text = ",".join(f"{name}:{dtype}" for name, dtype in SCHEMA.items())
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


_DECODER: Final = msgspec.json.Decoder(Manifest)
