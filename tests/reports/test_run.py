from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import anyio
import polars as pl
import pytest

from footfall.errors import SchemaMismatch, SettingsError
from footfall.store.client import command
from footfall.store.wire import text
from reports.answer import Answer
from reports.catalogue import View, find_reports
from reports.extraction import Request
from reports.extraction.dataset import Dataset
from reports.extraction.manifest import MARKER
from reports.run import Questions, answer
from reports.scope import Scope
from tests.reports.conftest import MakeEvents
from tests.reports.store import CLOCK, fill, opened


def ask_store(path: Path, questions: Questions) -> dict[str, Answer]:
    async def run() -> tuple[Answer, ...]:
        async with opened(path) as store:
            return await answer(store, CLOCK, questions)

    return {one.report.name: one for one in anyio.run(run)}


def test_the_real_log_from_the_table(tmp_path: Path, real_events: pl.LazyFrame) -> None:
    anyio.run(fill, tmp_path / "x.db", real_events.collect())
    answers = ask_store(tmp_path / "x.db", Questions(find_reports(["all"])))

    statuses = {row["status"]: row["requests"] for row in answers["statuses"].frame.to_dicts()}
    assert statuses == {200: 9126, 304: 445, 404: 213, 301: 164, 206: 45, 500: 3, 416: 2, 403: 2}
    assert answers["summary"].frame["bytes"].item() == 2_747_282_740
    assert answers["summary"].frame["visitors"].item() == 1_267
    assert answers["days"].frame["requests"].to_list() == [1632, 2893, 2896, 2579]
    assert answers["hosts"].provenance.reading.items == 10_000


def test_reports_about_a_day_in_a_zone_agree_with_the_day_in_the_report(
    tmp_path: Path, real_events: pl.LazyFrame
) -> None:
    anyio.run(fill, tmp_path / "x.db", real_events.collect())
    view, on = View("America/Los_Angeles"), date(2015, 5, 18)
    whole = ask_store(tmp_path / "x.db", Questions(find_reports(["days"]), view=view))
    scope = Scope("example.org", on, on, view.time_zone)
    part = ask_store(tmp_path / "x.db", Questions(find_reports(["days"]), scope=scope, view=view))

    assert part["days"].provenance.reading.method == "query"
    assert part["days"].frame.to_dicts() == whole["days"].frame.filter(pl.col("date") == on).to_dicts()


def test_an_empty_store_answers_everything(tmp_path: Path, make_events: MakeEvents) -> None:
    anyio.run(fill, tmp_path / "x.db", make_events().collect())
    answers = ask_store(tmp_path / "x.db", Questions(find_reports(["all"])))

    filled = {name: one.frame.height for name, one in answers.items() if one.frame.height}
    assert filled == {"summary": 1, "comparison": answers["comparison"].frame.height}
    assert set(answers["comparison"].frame["value"].drop_nulls()) == {0.0}


def test_a_kept_dataset_is_complete_and_says_where_it_is_from(
    tmp_path: Path, make_events: MakeEvents
) -> None:
    anyio.run(fill, tmp_path / "x.db", make_events({}, {}).collect())
    ask_store(tmp_path / "x.db", Questions(find_reports(["days"]), request=Request(folder=tmp_path / "kept")))

    about = json.loads((tmp_path / "kept" / MARKER).read_text())
    assert about["complete"] is True
    assert about["reading"]["items"] == 2
    assert Dataset(tmp_path / "kept").scan().collect().height == 2


def test_segments_are_as_many_as_asked_for(tmp_path: Path, make_events: MakeEvents) -> None:
    anyio.run(fill, tmp_path / "x.db", make_events({}).collect())
    answers = ask_store(tmp_path / "x.db", Questions(find_reports(["days"]), request=Request(segments=7)))

    assert answers["days"].provenance.reading.partitions == 7


def test_a_taken_dataset_folder_is_refused_before_the_table_is_read(
    tmp_path: Path, make_events: MakeEvents
) -> None:
    anyio.run(fill, tmp_path / "x.db", make_events({}).collect())

    with pytest.raises(SettingsError, match="holds other files"):
        ask_store(tmp_path / "x.db", Questions(find_reports(["days"]), request=Request(folder=tmp_path)))


def test_another_layout_is_not_guessed_at(tmp_path: Path, make_events: MakeEvents) -> None:
    async def relabel() -> None:
        await fill(tmp_path / "x.db", make_events({}).collect())
        async with opened(tmp_path / "x.db") as store:
            document = {
                "TableName": store.state_table,
                "Key": {"pk": text("meta"), "sk": text("table")},
                "UpdateExpression": "SET layout = :other",
                "ExpressionAttributeValues": {":other": text("papyrus")},
            }
            await command(store, CLOCK, "UpdateItem", document, table=store.state_table)

    anyio.run(relabel)
    with pytest.raises(SchemaMismatch, match="papyrus"):
        ask_store(tmp_path / "x.db", Questions(find_reports(["days"])))
