"""What an extraction is asked for, as the options of every command that reads the table say it."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Final

from footfall.store.prices import READ_DOLLARS_PER_MILLION
from reports.scope import Scope

ASK_ABOVE_UNITS: Final = 131_072.0
"""1 GB read eventually consistent, 1.6 cents on demand: from there on a Scan is asked about."""


@dataclass(frozen=True, slots=True)
class Request:
    """Which events to read, and how.

    `segments` cuts a Scan into so many pieces, None leaves that to the table's size. `folder` keeps the events there,
    in whole UTC days, and reads only those that changed. `max_read_units` are units per second, `read_price` dollars
    for a million of them. A Scan of a DynamoDB table that takes more than `ask_above_units` needs `yes`.
    """

    scope: Scope = field(default_factory=Scope)
    segments: int | None = None
    folder: Path | None = None
    max_read_units: float = inf
    read_price: float = READ_DOLLARS_PER_MILLION
    ask_above_units: float = ASK_ABOVE_UNITS
    yes: bool = False
