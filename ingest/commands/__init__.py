"""The commands of the way in.

`options` (what they have in common), `ingest`, `formats`, `summary` (how a run went).
"""

from ingest.commands.formats import formats_group
from ingest.commands.ingest import ingest_command

__all__ = ["formats_group", "ingest_command"]
