"""Forget a person: find all that is kept of them, erase it, and look again whether any of it is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Final, get_args

from anyio import to_thread

from footfall.clock import Clock
from footfall.erasure import erase_rows, find_rows
from footfall.person import Person
from footfall.salts import Salts, VisitorPolicy
from footfall.store import Store
from footfall.store.derived import erase_sessions, existing, find_sessions
from footfall.store.erase import erase_events, find_events
from footfall.store.scan import Reading, segment_count
from footfall.store.state import TableMeta, read_meta
from ingest.deadletters.forget import Place, erase_letters, find_letters
from ingest.enrich import EnrichSettings
from ingest.settings import IngestSettings

POLICIES: Final[tuple[VisitorPolicy, ...]] = get_args(VisitorPolicy)


@dataclass(frozen=True, slots=True)
class Wish:
    """Whom to forget, and where: in the store always, and in files of dead letters and folders of Parquet.

    `settings` say how lines were read and visitor ids made.
    """

    person: Person
    settings: IngestSettings
    letter_files: tuple[Path, ...] = ()
    datasets: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a person: events in the table, dead letters by file, rows by Parquet file; what reading took.

    `derived` are items by table, of those that are worked out of events: sessions and visitors, where a store has them.
    """

    events: int
    letters: Mapping[Path, int]
    rows: Mapping[Path, int]
    reading: Reading = field(default_factory=Reading)
    derived: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_nothing(self) -> bool:
        """Whether nothing is kept."""
        return not (self.events or self.letters or self.rows or any(self.derived.values()))


@dataclass(frozen=True, slots=True)
class Forgetting:
    """What was kept before, and what is left; None when nothing was to be erased."""

    before: Kept
    after: Kept | None


async def forget(store: Store, clock: Clock, wish: Wish, *, erases: bool) -> Forgetting:
    """Return what is kept of a person; with `erases`, erase it, and look at everything a second time.

    What is ingested meanwhile may be found the second time. Nothing keeps a log that holds the person's lines from
    being read again.
    """
    meta = await read_meta(store, clock)
    before = await _search(store, clock, wish, meta, erases=erases)
    if not erases:
        return Forgetting(before, None)

    return Forgetting(before, await _search(store, clock, wish, meta, erases=False))


async def _search(store: Store, clock: Clock, wish: Wish, meta: TableMeta, *, erases: bool) -> Kept:
    salts = _salts(wish.settings, meta)
    segments = await segment_count(store, clock, 0)
    found, reading = await find_events(store, clock, wish.person, salts, segments=segments)
    tables = await existing(store, clock)
    derived = await find_sessions(store, clock, wish.person, salts, tables)
    letters = {path: await to_thread.run_sync(_letters, path, wish, meta) for path in wish.letter_files}
    rows: dict[Path, int] = {}
    for folder in wish.datasets:
        rows |= await to_thread.run_sync(find_rows, folder, wish.person, salts)

    if erases:
        await erase_events(store, clock, found)
        await erase_sessions(store, clock, derived)
        for path, places in letters.items():
            await to_thread.run_sync(erase_letters, path, places, clock)

        for path in rows:
            await to_thread.run_sync(erase_rows, path, wish.person, salts)

    counts = {path: len(places) for path, places in letters.items() if places}
    return Kept(len(found), counts, rows, reading, {name: keys.height for name, keys in derived.items()})


def _letters(path: Path, wish: Wish, meta: TableMeta) -> list[Place]:
    return find_letters(path, wish.person, _variants(wish.settings), meta)


def _variants(settings: IngestSettings) -> Sequence[IngestSettings]:
    """Return the settings with every way in which visitor ids may have been made."""
    secrets = dict.fromkeys((None, settings.enrichment.secret))
    options = (
        replace(settings.enrichment, visitor_ids=policy, secret=secret)
        for policy, secret in product(POLICIES, secrets)
    )
    return [replace(settings, enrichment=each) for each in options]


def _salts(settings: IngestSettings, meta: TableMeta) -> list[Salts]:
    return [
        EnrichSettings(settings.site, meta.shards, meta.salt, each.enrichment).salts
        for each in _variants(settings)
    ]
