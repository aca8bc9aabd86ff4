"""Logs of one JSON object a line, each a table from the members of the object to columns."""

from __future__ import annotations

from typing import Final

from ingest.formats.model import Format

JSON_LOGS: Final[tuple[Format, ...]] = ()
