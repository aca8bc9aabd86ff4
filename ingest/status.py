"""Say how far each source has been read, who reads it and how far behind that is: checkpoints in, lines of text out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from rich.cells import cell_len, set_cell_size

from footfall.store.state import Held, Owner
from footfall.text import printable

UNKNOWN: Final = "-"
WIDTH: Final = 80
NARROWEST_NAME: Final = 12

_GAP: Final = "  "
_STEPS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
_TITLES: Final = ("source", "position", "size", "behind", "lag")


@dataclass(frozen=True, slots=True)
class Standing:
    """A checkpoint at a moment, `now`, by the clock of the machine that asks; other machines' clocks may differ."""

    held: Held
    now: datetime

    @property
    def lag_bytes(self) -> int | None:
        """Return the bytes behind the position when the source was last looked at, None when its size is unknown.

        That of compressed files and streams is: nobody knows how long they are before they are read.
        """
        size_bytes = self.held.checkpoint.seen.size_bytes
        return None if size_bytes is None else max(0, size_bytes - self.held.checkpoint.position)

    @property
    def lag_seconds(self) -> float | None:
        """Return 0 when the source was read to its end, else the seconds since its newest stored event.

        Without such an event, or if that bears a time that is still to come, since it was last looked at. None when
        nobody knows whether there is more: the size is unknown and no run reads the source.
        """
        checkpoint = self.held.checkpoint
        if self.lag_bytes == 0:
            return 0.0

        if self.lag_bytes is None and checkpoint.owner is None:
            return None

        newest_at = checkpoint.seen.newest_at
        since_at = newest_at if newest_at and newest_at <= self.now else checkpoint.seen.looked_at
        return None if since_at is None else self._seconds_since(since_at)

    @property
    def heartbeat_seconds(self) -> float:
        """Return the seconds since the checkpoint was last written."""
        return self._seconds_since(self.held.saved_at)

    def _seconds_since(self, moment: datetime) -> float:
        return max(0.0, round((self.now - moment).total_seconds(), 3))

    def document(self) -> dict[str, Any]:
        """Return everything as a JSON object."""
        checkpoint, seen = self.held.checkpoint, self.held.checkpoint.seen
        return {
            "name": checkpoint.name,
            "source_id": checkpoint.source_id,
            "group": self.held.group,
            "position": checkpoint.position,
            "size_bytes": seen.size_bytes,
            "lag_bytes": self.lag_bytes,
            "lag_seconds": self.lag_seconds,
            "lines": checkpoint.lines,
            "events": checkpoint.events,
            "rejected": checkpoint.rejected,
            "skipped": checkpoint.skipped,
            "filtered": checkpoint.filtered,
            "events_per_second": seen.events_per_second,
            "newest_event_at": _iso(seen.newest_at),
            "looked_at": _iso(seen.looked_at),
            "saved_at": _iso(self.held.saved_at),
            "heartbeat_seconds": self.heartbeat_seconds,
            "owner": _owner_document(checkpoint.owner),
        }


def status_lines(standings: Sequence[Standing], width: int = WIDTH) -> Iterator[str]:
    """Yield a table of three lines for each source, none longer than `width`."""
    rows = [_TITLES, *(_cells(one) for one in standings)]
    widths = [max(len(row[column]) for row in rows) for column in range(1, len(_TITLES))]
    room = max(NARROWEST_NAME, width - sum(widths) - len(_GAP) * len(widths))
    for row, one in zip(rows, [None, *standings], strict=True):
        name = set_cell_size(_ending(printable(row[0]), room), room)
        yield _GAP.join([name, *(cell.rjust(size) for cell, size in zip(row[1:], widths, strict=True))])
        if one is not None:
            yield from (_beginning(_GAP + printable(line), width) for line in _details(one))


def _ending(text: str, room: int) -> str:
    """Return the end of `text` that fits: paths differ there, and columns of the terminal are not characters."""
    if cell_len(text) <= room:
        return text

    return "…" + "".join(reversed(set_cell_size("".join(reversed(text)), room - 1)))


def _beginning(text: str, room: int) -> str:
    return text if cell_len(text) <= room else set_cell_size(text, room - 1) + "…"


def _cells(one: Standing) -> tuple[str, ...]:
    checkpoint = one.held.checkpoint
    return (
        checkpoint.name,
        f"{checkpoint.position:,}",
        _count(checkpoint.seen.size_bytes),
        _count(one.lag_bytes),
        duration(one.lag_seconds),
    )


def _details(one: Standing) -> Iterable[str]:
    checkpoint = one.held.checkpoint
    rate = f"{checkpoint.seen.events_per_second:,.0f} events/s"
    yield (f"{checkpoint.events:,} events, {checkpoint.rejected:,} rejected, {rate}, group {one.held.group}")
    yield f"id {checkpoint.source_id}, {_ownership(one)}"


def _ownership(one: Standing) -> str:
    checkpoint = one.held.checkpoint
    if checkpoint.owner is None:
        return f"owner {UNKNOWN}, saved {duration(one.heartbeat_seconds)} ago"

    silent = f"heard of {duration(one.heartbeat_seconds)} ago"
    if one.heartbeat_seconds > checkpoint.owner.lease_seconds:
        silent += ", lease run out"

    return f"owner {checkpoint.owner.name}, {silent}"


def duration(seconds: float | None) -> str:
    """Return a length of time in its largest whole unit, as ``35 s``, ``2 min``, ``5 h``, ``3 d``."""
    if seconds is None:
        return UNKNOWN

    size, unit = next((step for step in _STEPS if seconds >= step[0]), _STEPS[-1])
    return f"{int(seconds // size):,} {unit}"


def _count(number: int | None) -> str:
    return UNKNOWN if number is None else f"{number:,}"


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _owner_document(owner: Owner | None) -> dict[str, Any] | None:
    if owner is None:
        return None

    return {
        "name": owner.name,
        "host": owner.process.host,
        "pid": owner.process.pid,
        "since_at": _iso(owner.since_at),
        "lease_seconds": owner.lease_seconds,
    }
