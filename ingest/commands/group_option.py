"""The option of commands that look at checkpoints and ingest nothing, apart so that these need not load what does."""

from __future__ import annotations

from typing import Final

from footfall.store.commands import option

ONLY_GROUP: Final = option("--group", usual="all groups", help="Only the checkpoints of this worker group.")
