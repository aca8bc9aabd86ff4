"""What an operation works with: a transaction and the moment it happens in."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Session:
    """One transaction of the file, at `now` (aware UTC)."""

    connection: sqlite3.Connection
    now: datetime
