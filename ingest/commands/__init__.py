"""The commands of the way in.

`options` (what they have in common, with `filter_options`, `rewrite_options`, `beacon_options`, `enrich_options`
and `privacy_options`), `ingest`, `tail`, `deadletters` with `retry`, `status`, `verify`, `forget`, `formats` with
`explain`, `salts`, `summary` (how a run went).
"""

from ingest.commands.deadletters import deadletters_group
from ingest.commands.forget import forget_command
from ingest.commands.formats import formats_group
from ingest.commands.ingest import ingest_command
from ingest.commands.salts import salts_group
from ingest.commands.status import status_command
from ingest.commands.tail import tail_command
from ingest.commands.verify import verify_command

__all__ = [
    "deadletters_group",
    "forget_command",
    "formats_group",
    "ingest_command",
    "salts_group",
    "status_command",
    "tail_command",
    "verify_command",
]
