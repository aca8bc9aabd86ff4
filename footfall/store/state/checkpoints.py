"""How far a worker group has come in each source, and which run is reading it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from footfall.clock import Clock
from footfall.errors import SourceTaken
from footfall.keys import SEPARATOR
from footfall.store import Store
from footfall.store.state import items
from footfall.store.state.accounts import Accounts
from footfall.store.state.owner import Owner
from footfall.store.wire import number, text

SAVE_TOKEN_BYTES: Final = 8
_SOURCE: Final = f"source{SEPARATOR}"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a run saw of a source last, for people.

    `newest_at` is the time of the newest stored event below the position. `size_bytes` is that of the decompressed
    source, None when it is not known: for what is compressed, and for streams. `events_per_second` is since the run
    began.
    """

    newest_at: datetime | None = None
    size_bytes: int | None = None
    looked_at: datetime | None = None
    events_per_second: float = 0.0


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a worker group has come in one source; everything below `position` is stored or in the dead letters.

    `position` is a decompressed byte offset and `fingerprint` what stands before it (`footfall.keys.fingerprint`,
    empty when that is not known); the counts are of lines below it, and so are `accounts`, of events but those
    `identified` by an id of their own. `extra` are events beyond one a line. `header` is the directive in force at
    the position, empty where the format has none. `owner` is the run that reads the source, None when none does.
    `revision` is that of the stored item, 0 when there is none yet.
    """

    source_id: str
    name: str
    position: int = 0
    fingerprint: str = ""
    lines: int = 0
    events: int = 0
    rejected: int = 0
    skipped: int = 0
    filtered: int = 0
    extra: int = 0
    identified: int = 0
    header: str = ""
    revision: int = 0
    accounts: Accounts = field(default_factory=Accounts)
    seen: Seen = field(default_factory=Seen)
    owner: Owner | None = None

    def says_what(self, other: Checkpoint) -> bool:
        """Tell whether `other` has come as far with the same result, whoever reads the source and has looked at it."""
        return self._done() == other._done()

    def _done(self) -> Checkpoint:
        return replace(self, revision=0, seen=Seen(), owner=None)


@dataclass(frozen=True, slots=True)
class Held:
    """A checkpoint as the table holds it; `saved_at` is by the clock of the machine that wrote it."""

    group: str
    checkpoint: Checkpoint
    saved_at: datetime


async def read_checkpoint(store: Store, clock: Clock, group: str, source_id: str, name: str) -> Checkpoint:
    """Return how far `group` has come in a source; a fresh checkpoint at 0 when it has not begun."""
    item = await items.get(store, clock, _SOURCE + group, source_id)
    if item is None:
        return Checkpoint(source_id=source_id, name=name)

    return replace(_checkpoint(item), name=name)


async def read_held(store: Store, clock: Clock, group: str | None = None) -> list[Held]:
    """Return the checkpoints of `group`, or of all groups at the price of a scan, by group, name and source."""
    found = items.scan(store, clock, _SOURCE) if group is None else items.query(store, clock, _SOURCE + group)
    held = [_held(item) async for item in found]
    return sorted(held, key=lambda one: (one.group, one.checkpoint.name, one.checkpoint.source_id))


async def save_checkpoint(
    store: Store, clock: Clock, group: str, checkpoint: Checkpoint, saved_by: str | None = None
) -> Checkpoint:
    """Store `checkpoint` if nobody else has since it was read; return it with its new revision.

    `saved_by` is the token of the run, a fresh `new_token` when there is none: a save that was carried out although
    its reply was lost, or nobody waited for it, is recognised by it. Raises `SourceTaken` when another run has
    written the checkpoint.
    """
    saved_by = saved_by or new_token(clock)
    saved = replace(checkpoint, revision=checkpoint.revision + 1)
    unchanged = "attribute_not_exists(pk)" if checkpoint.revision == 0 else "revision = :seen"
    values = None if checkpoint.revision == 0 else {":seen": number(checkpoint.revision)}
    if await items.put(store, clock, _item(group, saved, clock.now(), saved_by), unchanged, values):
        return saved

    stored = await items.get(store, clock, _SOURCE + group, checkpoint.source_id)
    if stored and stored.get("saved_by") == text(saved_by):
        return await _after_own_save(store, clock, group, saved, _checkpoint(stored), saved_by)

    raise taken(group, checkpoint.name, _checkpoint(stored) if stored else None)


async def _after_own_save(
    store: Store, clock: Clock, group: str, saved: Checkpoint, stored: Checkpoint, saved_by: str
) -> Checkpoint:
    """Go on from a save of this run that it does not know to have been carried out."""
    if replace(stored, revision=saved.revision, name=saved.name) == saved:
        return replace(saved, revision=stored.revision)

    return await save_checkpoint(store, clock, group, replace(saved, revision=stored.revision), saved_by)


def taken(group: str, name: str, stored: Checkpoint | None) -> SourceTaken:
    """Return the error that says who has a source, or has had it in between."""
    return SourceTaken(
        f"Another run is reading {name} for group {group!r}: {_whereabouts(stored)}.",
        hint="wait for the other run, or give this one its own --group; footfall status shows who reads what",
    )


def _whereabouts(stored: Checkpoint | None) -> str:
    if stored is None:
        return "its checkpoint is gone"

    at = f"at byte {stored.position:,}"
    return f"{owner_since(stored.owner)}, {at}" if stored.owner else f"it is {at}"


def owner_since(owner: Owner) -> str:
    """Return who reads a source and since when, as ``web-1 pid 4711 since 2026-03-01 12:00:00 UTC``."""
    return f"{owner.name} since {owner.since_at:%Y-%m-%d %H:%M:%S} UTC"


def new_token(clock: Clock) -> str:
    """Return what the saves of one run are marked with: two runs in step are still two runs."""
    return clock.token(SAVE_TOKEN_BYTES).hex()


_COUNTS: Final = ("position", "lines", "events", "rejected", "skipped", "filtered", "revision")
_LATER_COUNTS: Final = ("extra", "identified")


def _item(group: str, checkpoint: Checkpoint, now: datetime, saved_by: str) -> dict[str, Any]:
    seen = checkpoint.seen
    optional = {
        "owner": checkpoint.owner.wire() if checkpoint.owner else None,
        "size_bytes": None if seen.size_bytes is None else number(seen.size_bytes),
        "newest_at": text(seen.newest_at.isoformat()) if seen.newest_at else None,
        "looked_at": text(seen.looked_at.isoformat()) if seen.looked_at else None,
    }
    return {
        "pk": text(_SOURCE + group),
        "sk": text(checkpoint.source_id),
        "name": text(checkpoint.name),
        "fingerprint": text(checkpoint.fingerprint),
        "saved_at": text(now.isoformat(timespec="milliseconds")),
        "saved_by": text(saved_by),
        "days": checkpoint.accounts.wire(),
        "events_per_second": number(seen.events_per_second),
        "header": text(checkpoint.header),
        **{name: number(getattr(checkpoint, name)) for name in (*_COUNTS, *_LATER_COUNTS)},
        **{name: value for name, value in optional.items() if value is not None},
    }


def _checkpoint(item: Mapping[str, Any]) -> Checkpoint:
    """Return the checkpoint of an item; what a footfall before accounts and owners did not write has its default."""
    return Checkpoint(
        source_id=item["sk"]["S"],
        name=item["name"]["S"],
        fingerprint=item["fingerprint"]["S"],
        accounts=Accounts.of_wire(item.get("days")),
        owner=Owner.of_wire(item.get("owner")),
        seen=Seen(
            newest_at=_moment(item.get("newest_at")),
            size_bytes=int(item["size_bytes"]["N"]) if "size_bytes" in item else None,
            looked_at=_moment(item.get("looked_at")),
            events_per_second=float(item.get("events_per_second", {"N": "0"})["N"]),
        ),
        header=item.get("header", {"S": ""})["S"],
        **{name: int(item[name]["N"]) for name in _COUNTS},
        **{name: int(item.get(name, {"N": "0"})["N"]) for name in _LATER_COUNTS},
    )


def _held(item: Mapping[str, Any]) -> Held:
    group = item["pk"]["S"].removeprefix(_SOURCE)
    return Held(group, _checkpoint(item), datetime.fromisoformat(item["saved_at"]["S"]))


def _moment(attribute: Mapping[str, str] | None) -> datetime | None:
    return datetime.fromisoformat(attribute["S"]) if attribute else None
