"""Keep the checkpoints of a run's sources, and say how each source is read: what both feeds do alike."""

from __future__ import annotations

from footfall.clock import Clock
from footfall.errors import FormatError
from footfall.store import Store
from footfall.store.state import Checkpoint, TableMeta, read_checkpoint
from footfall.text import counted, printable
from ingest.checkpoint import CheckpointKeeper
from ingest.enrich import EnrichSettings
from ingest.formats import Format
from ingest.formats.detect import Detection
from ingest.prepare import Recipe
from ingest.settings import IngestSettings

SHOWN_CHARACTERS = 160


class Register:
    """The checkpoints of the sources that a run has begun, by source id."""

    def __init__(self, settings: IngestSettings, store: Store, meta: TableMeta, clock: Clock) -> None:
        self._settings = settings
        self._store = store
        self._meta = meta
        self._clock = clock
        self._keepers: dict[str, CheckpointKeeper] = {}

    @property
    def keepers(self) -> list[CheckpointKeeper]:
        """Return the checkpoints, in the order the sources were begun."""
        return list(self._keepers.values())

    async def keeper(self, source_id: str, name: str) -> CheckpointKeeper:
        """Return the checkpoint of a source; copies of one log, as a.log.1 beside a.log.1.gz, have one in common."""
        if source_id not in self._keepers:
            settings = self._settings
            self._keepers[source_id] = CheckpointKeeper(
                self._store,
                self._clock,
                settings.group,
                await self._saved(source_id, name),
                from_start=settings.replay,
                lease_seconds=settings.lease_seconds,
            )

        return self._keepers[source_id]

    async def is_known(self, source_id: str) -> bool:
        """Tell whether this run or one before it has begun the source."""
        return source_id in self._keepers or (await self._saved(source_id, "")).revision > 0

    def forget(self, source_id: str) -> bool:
        """Drop the checkpoint of a source that was left, if all of it is done and saved; return whether it is gone."""
        keeper = self._keepers.get(source_id)
        if keeper is None or (keeper.watermark.is_idle and not keeper.is_owned):
            self._keepers.pop(source_id, None)
            return True

        return False

    def recipe(self, source_name: str, form: Format) -> Recipe:
        """Return what is done to each chunk of a source in the format `form`."""
        settings = self._settings
        enrichment = EnrichSettings(settings.site, self._meta.shards, self._meta.salt, settings.enrichment)
        table = self._store.events_table
        return Recipe(source_name, form, enrichment, settings.filters, table, settings.beacons)

    async def _saved(self, source_id: str, name: str) -> Checkpoint:
        return await read_checkpoint(self._store, self._clock, self._settings.group, source_id, name)


def no_format(source_name: str, detection: Detection) -> FormatError:
    """Return the error that shows the lines that speak against every format."""
    contenders = " and ".join(name for name in (detection.nearest, detection.runner_up) if name)
    nearest = f"the nearest, {contenders}," if contenders else "the nearest"
    return FormatError(
        f"{source_name} is in no known format: {nearest} reads {detection.matched} of its first "
        f"{counted(detection.total, 'line')}.",
        details=[
            f"line {number}: {printable(text, SHOWN_CHARACTERS)}" for number, text in detection.offending
        ],
        hint="footfall formats list   (then name one with --format)",
    )
