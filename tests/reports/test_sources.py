"""Scan, Query, export and kept dataset are the same events, row for row, and the same answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import anyio
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import cli
from footfall.store.objects import ObjectSettings
from reports.answer import Answer
from reports.catalogue import ALL, find_reports
from reports.export import extracted_from_exports, opened_places
from reports.extraction import Request, extracted
from reports.extraction.dataset import Dataset
from reports.extraction.reading import Reading
from reports.lake import Extract, extracted_from_dataset
from reports.run import Questions, answer_from
from reports.scope import Scope
from tests.reports.export.exports import FULL_AT, Change, items_of, key_of, write_full, write_incremental
from tests.reports.store import CLOCK, opened

SITE = "example.com"
EVERYTHING = Scope()
SCOPES = {
    "everything": EVERYTHING,
    "a day in another time zone": Scope(SITE, date(2026, 1, 13), date(2026, 1, 13), "America/New_York"),
    # On the twelfth there are beacons with ids of their own, which are not stored under their time.
    "two days that begin within one": Scope(SITE, date(2026, 1, 12), date(2026, 1, 13), "America/New_York"),
}


@dataclass(frozen=True)
class Stored:
    """The sample logs in a store, its exports, and a dataset of it."""

    store: Path
    full: Path
    before: Path
    after: Path
    dataset: Path


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    folder = tmp_path_factory.mktemp("sources")
    store, dataset = folder / "x.db", folder / "dataset"
    logs = str(cli.sample_logs())
    dead = str(folder / "dead.ndjson")
    cli.run(["ingest", logs, "--site", SITE, "--store", f"embedded:{store}", "--dead-letters", dead])
    assert cli.run(["extract", "--out", str(dataset), "--store", f"embedded:{store}"]) == 0

    async def items() -> list[dict[str, object]]:
        async with opened(store) as open_store:
            return await items_of(open_store)

    found = anyio.run(items)
    changed = found[::3]
    # Every third item is new or was another one before, and one was there that is not any more.
    others = [item | {"p": {"S": "/before"}} for item in changed[::2]]
    lost = found[0] | {"sk": {"S": "2026-01-13T00:00:00.000Z#" + "0" * 29}}
    rest = [item for number, item in enumerate(found) if number % 3]
    changes = [Change(1_000 + number, key_of(item), item) for number, item in enumerate(changed)]
    return Stored(
        store,
        write_full(folder / "full", found),
        write_full(folder / "changing", [*rest, *others, lost]),
        write_incremental(
            folder / "changing",
            [*changes, Change(5, key_of(lost), None, lost)],
            until=FULL_AT + timedelta(hours=1),
        ),
        dataset,
    )


class Sources:
    """Each way to the same events."""

    def __init__(self, stored: Stored, tmp_path: Path) -> None:
        self.stored, self.tmp_path = stored, tmp_path

    def ways(self) -> dict[str, Extract]:
        stored = self.stored
        return {
            "scan": self._store(segments=3),
            "as it is cheapest": self._store(),
            "kept": self._store(folder=self.tmp_path / "kept"),
            "kept before": self._store(folder=self.tmp_path / "kept"),
            "full export": self._exports(stored.full),
            "incremental export": self._exports(stored.before, stored.after),
            "export, kept": self._exports(stored.before, stored.after, folder=self.tmp_path / "export"),
            "dataset": lambda request: extracted_from_dataset(
                str(stored.dataset), CLOCK, request, ObjectSettings()
            ),
            "dataset of an export": lambda request: extracted_from_dataset(
                str(self.tmp_path / "export"), CLOCK, request, ObjectSettings()
            ),
        }

    def _store(self, segments: int | None = None, folder: Path | None = None) -> Extract:
        return lambda request: _of_store(
            self.stored.store, replace(request, segments=segments, folder=folder)
        )

    def _exports(self, *places: Path, folder: Path | None = None) -> Extract:
        return lambda request: _of_exports(places, replace(request, folder=folder))


@asynccontextmanager
async def _of_store(store: Path, request: Request) -> AsyncIterator[tuple[Dataset, Reading]]:
    async with opened(store) as open_store, extracted(open_store, CLOCK, request) as found:
        yield found


@asynccontextmanager
async def _of_exports(places: Sequence[Path], request: Request) -> AsyncIterator[tuple[Dataset, Reading]]:
    async with (
        opened_places([str(place) for place in places], ObjectSettings()) as found,
        extracted_from_exports(found, CLOCK, request) as read,
    ):
        yield read


@pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES)
def test_all_ways_give_the_same_rows(stored: Stored, tmp_path: Path, scope: Scope) -> None:
    async def read(extract: Extract) -> tuple[pl.DataFrame, Reading]:
        async with extract(Request(scope)) as (dataset, reading):
            return dataset.scan().sort("source_id", "offset", "time", "event_id").collect(), reading

    found = {name: anyio.run(read, extract) for name, extract in Sources(stored, tmp_path).ways().items()}
    expected, _ = found["scan"]
    assert expected.height > 100
    for name, (rows, _) in found.items():
        assert_frame_equal(rows, expected), name

    methods = {name: reading.method for name, (_, reading) in found.items()}
    assert methods["as it is cheapest"] == ("scan" if scope.is_everything else "query")
    assert methods["kept before"] == "nothing"
    assert (methods["full export"], methods["dataset"]) == ("export", "dataset")


def test_all_ways_give_the_same_answers(stored: Stored, tmp_path: Path) -> None:
    questions = Questions(find_reports([ALL]), SCOPES["a day in another time zone"])

    def ask(extract: Extract) -> tuple[Answer, ...]:
        return anyio.run(answer_from, extract, "somewhere", CLOCK, questions)

    ways = Sources(stored, tmp_path).ways()
    expected = ask(ways["scan"])
    assert len(expected) > 5
    for name in ("as it is cheapest", "incremental export", "dataset"):
        for one, same in zip(ask(ways[name]), expected, strict=True):
            assert_frame_equal(one.frame, same.frame)


@pytest.mark.parametrize("source", ["store", "export", "dataset"])
def test_the_command_line_prints_the_same_from_everywhere(
    stored: Stored, source: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    options = {
        "store": ["--store", f"embedded:{stored.store}"],
        "export": ["--from-export", str(stored.before), "--from-export", str(stored.after)],
        "dataset": ["--from-dataset", str(stored.dataset)],
    }
    asked = ["report", "statuses", "--format", "csv", "--site", SITE]
    assert cli.run([*asked, *options["store"]]) == 0
    expected = capfdbinary.readouterr().out
    assert cli.run([*asked, *options[source]]) == 0
    assert capfdbinary.readouterr().out == expected
    assert expected.count(b"\n") > 3
