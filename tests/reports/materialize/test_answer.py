from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from footfall.errors import SettingsError
from reports.catalogue import CATALOGUE, Report
from reports.materialize import Wish
from reports.materialize.answer import answer_from_rollups, readable
from reports.report import View
from reports.run import Questions, collect
from reports.scope import Scope
from reports.visits import PROFILES
from tests.fakes import FakeClock
from tests.reports.conftest import MakeEvents
from tests.reports.materialize.made import make
from tests.reports.store import fill, opened

pytestmark = pytest.mark.anyio

AGENTS = (("Firefox", "115.0", "Linux", "desktop", "DE"), ("Chrome", "126.0", "Android", "phone", None))


def answered() -> Iterator[str]:
    for report in CATALOGUE.values():
        try:
            readable(report)
        except SettingsError:
            continue

        yield report.name


def week() -> list[dict[str, Any]]:
    """Events of 20 visitors over a week, one of whose visits goes on over midnight."""
    rows = []
    for place in range(300):
        who, day, hour = place % 20, 1 + place % 7, place % 24
        browser, version, system, device, country = AGENTS[who % 2]
        rows.append(
            {
                "at": f"2026-03-{day:02}T{hour:02}:{place % 60:02}:00+00:00",
                "visitor": f"v{who}",
                "path": f"/{place % 5}",
                "status": (200, 200, 404, 304)[place % 4],
                "browser": browser,
                "browser_version": version,
                "os": system,
                "device": device,
                "country": country,
                "medium": ("search", "referral", None)[place % 3],
                "source": ("example.net", "example.com", None)[place % 3],
                "bot": "Crawler" if who == 19 else None,
                "bot_class": "crawler" if who == 19 else None,
            }
        )

    over = {"visitor": "v1", "browser": "Firefox"}
    return [
        *rows,
        over | {"at": "2026-03-03T23:50:00+00:00", "path": "/0"},
        over | {"at": "2026-03-04T00:05:00+00:00", "path": "/0"},
    ]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def path(tmp_path_factory: pytest.TempPathFactory, make_events: MakeEvents) -> Path:
    """A store with rollups of a week."""
    path = tmp_path_factory.mktemp("rollups") / "s.db"
    await fill(path, make_events(*week()).collect())
    await make(path, Wish(("rollups",), creates=True))
    return path


async def rows_of(path: Path, report: Report, scope: Scope, view: View | None = None) -> list[dict[str, Any]]:
    async with opened(path) as store:
        [answer] = await answer_from_rollups(store, FakeClock(), Questions((report,), scope, view or View()))

    assert set(answer.frame.columns) <= set(report.column_names)
    return answer.frame.to_dicts()


@pytest.mark.parametrize("name", list(answered()))
async def test_rollups_answer_as_the_events_do(path: Path, make_events: MakeEvents, name: str) -> None:
    """Sketches of so few visitors are exact, so all of it is equal."""
    report = CATALOGUE[name]
    [frame] = collect(make_events(*week()), Questions((report,)))
    found = await rows_of(path, report, Scope())
    kept = [column for column in frame.columns if not found or column in found[0]]
    assert len(kept) >= len(frame.columns) / 2
    assert sorted(map(repr, found)) == sorted(map(repr, frame.select(kept).to_dicts()))


def test_much_of_the_catalogue_is_answered() -> None:
    assert {
        "days", "visits", "weeks", "months", "channels", "sources", "page-use", "entry-pages", "exit-pages",
        "countries", "browsers", "systems", "devices", "statuses", "bots",
    } <= set(answered())  # fmt: skip


async def test_a_range_has_its_days_only(path: Path) -> None:
    rows = await rows_of(path, CATALOGUE["days"], Scope(None, date(2026, 3, 2), date(2026, 3, 3)))
    assert [row["date"] for row in rows] == [date(2026, 3, 2), date(2026, 3, 3)]


async def test_what_a_visit_did_after_midnight_counts_on_the_day_it_began(path: Path) -> None:
    only = Scope(None, date(2026, 3, 4), date(2026, 3, 4))
    rows = await rows_of(path, CATALOGUE["page-use"], only)
    days = await rows_of(path, CATALOGUE["days"], only)
    assert sum(row["page_views"] for row in rows) == days[0]["page_views"] - 1


async def test_a_site_that_is_not_there_has_no_rows(path: Path) -> None:
    assert await rows_of(path, CATALOGUE["days"], Scope("other.example")) == []


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("pages", "more than metrics by dimensions"),
        ("new-and-returning", "none has visits by is_returning"),
        ("hour-by-weekday", "none has visits by"),
        ("slow-pages", "none has events by"),
    ],
)
def test_what_rollups_do_not_answer_is_refused_with_the_reason(name: str, why: str) -> None:
    with pytest.raises(SettingsError, match=f"{name}: .*{why}"):
        readable(CATALOGUE[name])


def test_metrics_that_do_not_add_up_are_left_out_and_named() -> None:
    found = readable(CATALOGUE["channels"]).report
    assert "new_visit_share" not in found.column_names
    assert "Not kept in rollups: new_visit_share." in found.remark


async def test_another_profile_than_that_of_the_rollups_is_refused(path: Path) -> None:
    with pytest.raises(SettingsError, match="made by profile 'footfall'"):
        await rows_of(path, CATALOGUE["days"], Scope(), View(rule=PROFILES["owa"]))


async def test_a_store_without_rollups_says_how_to_make_them(tmp_path: Path, make_events: MakeEvents) -> None:
    await fill(tmp_path / "s.db", make_events({}).collect())
    with pytest.raises(SettingsError, match="no rollups yet") as refused:
        await rows_of(tmp_path / "s.db", CATALOGUE["days"], Scope())

    assert "footfall materialize rollups --create" in str(refused.value.hint)
