"""The IAM actions of each command, seen by running it: what the code asks of DynamoDB cannot differ from the table."""

from __future__ import annotations

import io
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final

import click
import msgspec

import cli
from docs.generated import table
from footfall.clock import SystemClock
from footfall.store import Store
from footfall.store.address import StoreSettings, open_store
from footfall.store.commands import App
from footfall.store.derived import DERIVED
from footfall.store.engine import Engine, Reply
from ingest.formats import FORMATS


def permissions() -> str:
    """Return which operations each command asks of which table, as it is seen to do with an embedded store."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: f"{folder}/{name}" for name in ("log", "other", "letters", "kept", "jobs", "out")}
        Path(paths["jobs"]).write_text(_JOBS.format_map(paths))
        Path(paths["log"]).write_text(FORMATS["combined"].example + "\n")
        many = 5_000 * '- - - [17/Jan/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 5\n'
        Path(paths["other"]).write_text('- - - [16/Jan/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 5\n' + many)
        for names, lines in _RUNS.items():
            watch = _Watch()
            for line in lines:
                _run_watched(line.format_map(paths), f"embedded:{folder}/store.db", watch)

            rows.append((names, watch.actions("events"), watch.actions("state"), watch.actions(*DERIVED)))

    head = ("command", "on the events table", "on the state table", "on derived tables")
    return table(head, rows)


_DAYS: Final = ("2026-01-15", "2026-01-17", "2027-06-01")
"""When scheduled jobs are new, when they are due, and when runs are so old that they are forgotten."""

_JOBS: Final = """
[defaults]
reports = ["summary"]
formats = ["csv"]
out = "{out}"

[[job]]
name = "all"
cron = "@daily"
period = "all"
files = "all-{{report}}-{{run}}.{{suffix}}"

[[job]]
name = "daily"
cron = "@daily"
period = "yesterday"
"""

_RUNS: Final = {
    "`table create`": ["table create", "table create"],
    "`table describe`": ["table describe"],
    "`ingest`, `tail`": ["ingest {log} --format common_vhost --dead-letters {letters}", "ingest {other}"],
    "`deadletters retry`": ["deadletters retry {letters} --format combined --site example.org"],
    "`status`": ["status", "status --group default"],
    "`verify`": ["verify --dead-letters {letters}"],
    "`report`, `sql`, `extract`": [
        "report summary",
        "report summary --to 2026-01-16",
        "extract --out {kept}",
    ],
    "`materialize`": ["materialize --create", "materialize --visit-profile owa --replace"],
    "`report --from-rollups`": ["report days --from-rollups --visit-profile owa"],
    "`sessions`": ["sessions 0123456789abcdef --site example.org"],
    "`schedule run`, `schedule due`": [f"{day} schedule due --jobs {{jobs}}" for day in _DAYS],
    "`schedule list`": ["schedule list --jobs {jobs}"],
    "`forget`": ["forget --ip 192.0.2.7 --dead-letters {letters} --yes"],
}


class _Day(SystemClock):
    """A clock that always shows the noon of one day."""

    def __init__(self, day: str) -> None:
        super().__init__()
        self._now = datetime.fromisoformat(f"{day}T12:00:00+00:00")

    def now(self) -> datetime:
        """Return that noon."""
        return self._now


@dataclass(slots=True)
class _Watch:
    """An engine that writes down what it passes on to another."""

    seen: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    engine: Engine | None = None

    async def call(self, operation: str, body: bytes) -> Reply:
        """Note the operation and its tables, and pass it on."""
        assert self.engine is not None
        named = msgspec.json.decode(body)
        for name in [named["TableName"]] if "TableName" in named else named["RequestItems"]:
            self.seen[name].add(operation)

        return await self.engine.call(operation, body)

    async def aclose(self) -> None:
        """Leave it to the store, which opened the engine."""

    @asynccontextmanager
    async def open(self, settings: StoreSettings) -> AsyncIterator[Store]:
        """Open the store with this engine before its own."""
        async with open_store(settings, SystemClock()) as opened:
            self.engine = opened.engine
            yield replace(opened, engine=self)

    def actions(self, *names: str) -> str:
        """Return what was asked of these tables."""
        asked: set[str] = set().union(*(self.seen[name] for name in names))
        return ", ".join(f"`{operation}`" for operation in sorted(asked))


def _run_watched(line: str, store: str, watch: _Watch) -> None:
    command: click.Command = cli.root
    words = line.split()
    clock = _Day(words.pop(0)) if words[0] in _DAYS else SystemClock()
    while isinstance(command, click.Group):
        command = command.commands[words.pop(0)]

    app = App(clock=clock, open_store=watch.open)
    with redirect_stdout(io.TextIOWrapper(io.BytesIO())), redirect_stderr(io.StringIO()):
        code = command.main([*words, "--store", store], obj=app, standalone_mode=False)

    assert not code, f"{line}: exit code {code}"
