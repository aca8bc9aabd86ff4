"""What stands in the dead-letter file: a record for each refused line, later another for what became of it.

A line is known by (`source_id`, `offset`). Records are only ever appended, so of several about one line the last one
holds: a letter that a crash or a replay repeats is one letter, an outcome settles it or gives it a new reason.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from ingest.beacons import BeaconSettings
from ingest.enrich import AddressPolicy

LARGEST_RAW_BYTES: Final = 1024 * 1024
"""As much as a line may have to be read at all: of longer ones only the beginning was kept in memory."""

Became = Literal["stored", "refused", "filtered"]


@dataclass(frozen=True, slots=True)
class Reading:
    """How a line was read: what, beside the line and the table's meta, decides its event and the key of that.

    `format` is the spec of a format, `header` the directive that was in force at the line, `site` None for the
    virtual host of each line; `since` and `until` are the bounds outside which events were not wanted. The time of an
    event and the id of a beacon stand in the key, so `time_shift_seconds` and `beacons` decide it too. The salt of
    visitor ids is no part of it: it stays in the table.
    """

    format: str
    header: str = ""
    site: str | None = None
    addresses: AddressPolicy = "masked"
    since: datetime | None = None
    until: datetime | None = None
    time_shift_seconds: int = 0
    beacons: BeaconSettings = field(default_factory=BeaconSettings)


class DeadLetter(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line that was refused; those of earlier versions lack what follows `raw_base64`."""

    source: Annotated[str, Meta(description="log, as it was named on the command line")]
    source_id: Annotated[str, Meta(description="identity of the log, as in the keys of its events")]
    line: Annotated[int, Meta(description="number of the line, from 1")]
    offset: Annotated[int, Meta(description="byte of the decompressed log where the line begins")]
    reason: Annotated[str, Meta(description="why it was refused, as a code")]
    sentence: Annotated[str, Meta(description="why, in words")]
    raw_bytes: Annotated[
        int, Meta(description="length of the line; more than is kept if it was cut at 1 MiB")
    ]
    raw: Annotated[str | None, Meta(description="the line, without its line end")] = None
    raw_base64: Annotated[str | None, Meta(description="the line, if it is not UTF-8, instead of `raw`")] = (
        None
    )
    format: Annotated[str | None, Meta(description="format it was read in")] = None
    header: Annotated[str | None, Meta(description="directive in force at the line, as `#Fields: …`")] = None
    site: Annotated[str | None, Meta(description="`--site`; absent for the virtual host of the line")] = None
    addresses: Annotated[AddressPolicy | None, Meta(description="`--addresses`")] = None
    since: Annotated[datetime | None, Meta(description="`--since`, if given")] = None
    until: Annotated[datetime | None, Meta(description="`--until`, if given")] = None
    time_shift: Annotated[int | None, Meta(description="`--time-shift`, if given")] = None
    beacons: Annotated[
        tuple[str, ...] | None, Meta(description="dialects of `--beacons`; absent for all of them")
    ] = None
    beacon_paths: Annotated[
        tuple[tuple[str, str], ...] | None,
        Meta(description="endings and dialects of `--beacon-path`, if given"),
    ] = None
    at: Annotated[datetime | None, Meta(description="when it was refused, UTC")] = None

    def kept(self) -> bytes:
        """Return the line as far as it was kept, without its line end; raises `ValueError` for broken base64."""
        return kept_line(self.raw, self.raw_base64)


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a dead letter that was tried again; `reason` and `sentence` are new ones if it was refused."""

    outcome: Annotated[
        Became, Meta(description="`stored`, `refused` again, or `filtered`: not wanted, or no event")
    ]
    source_id: Annotated[str, Meta(description="identity of the log, as in the letter")]
    offset: Annotated[int, Meta(description="where the line begins, as in the letter")]
    reason: Annotated[str, Meta(description="why it was refused now, as a code")] = ""
    sentence: Annotated[str, Meta(description="why, in words")] = ""
    at: Annotated[datetime | None, Meta(description="when, UTC")] = None


Record = DeadLetter | Outcome


def dead_letter(
    raw: bytes,
    *,
    source: str,
    source_id: str,
    line: int,
    offset: int,
    reason: str,
    sentence: str,
    raw_bytes: int,
    reading: Reading | None = None,
) -> DeadLetter:
    """Return the record of one refused line; `raw` may be only the beginning of its `raw_bytes`."""
    kept = raw[:LARGEST_RAW_BYTES]
    text, encoded = _as_text(kept)
    letter = DeadLetter(
        source=source.encode("utf-8", "backslashreplace").decode(),
        source_id=source_id,
        line=line,
        offset=offset,
        reason=reason,
        sentence=sentence,
        raw_bytes=raw_bytes,
        raw=text,
        raw_base64=encoded,
    )
    return _read_as(letter, reading) if reading else letter


def _read_as(letter: DeadLetter, reading: Reading) -> DeadLetter:
    """Return `letter` with how its line was read; `ingest.deadletters.again` reads it back."""
    return msgspec.structs.replace(
        letter,
        format=reading.format,
        header=reading.header or None,
        site=reading.site,
        addresses=reading.addresses,
        since=reading.since,
        until=reading.until,
        time_shift=reading.time_shift_seconds or None,
        beacons=reading.beacons.dialects,
        beacon_paths=reading.beacons.paths or None,
    )


def _as_text(raw: bytes) -> tuple[str | None, str | None]:
    try:
        return raw.decode(), None
    except UnicodeDecodeError:
        return None, base64.b64encode(raw).decode()


def kept_line(raw: str | None, raw_base64: str | None) -> bytes:
    """Return the bytes that stand in a record in one of two ways; raises `ValueError` for broken base64."""
    return base64.b64decode(raw_base64, validate=True) if raw_base64 is not None else (raw or "").encode()
