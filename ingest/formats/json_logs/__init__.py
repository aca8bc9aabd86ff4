"""Logs of one JSON object a line, each a table from the members of the object to columns.

In reading order: `paths` (where in an object a value stands), `objects` (texts to columns, so that no line spoils
another) with `arrow` (those that are alike), `times`, `converting` (the insides of values), `members` (a row of a
table, and what it makes of the values), `explaining`, `format` (a format), `servers`, `clouds` and `platforms` (the
tables), `maps` (a user's own table).
"""

from __future__ import annotations

from typing import Final

from ingest.formats.json_logs.clouds import CLOUDS_JSON
from ingest.formats.json_logs.platforms import PLATFORMS_JSON
from ingest.formats.json_logs.servers import SERVERS_JSON
from ingest.formats.model import Format

JSON_LOGS: Final[tuple[Format, ...]] = (*SERVERS_JSON, *CLOUDS_JSON, *PLATFORMS_JSON)
