from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from footfall.errors import AccessDenied, SettingsError, TableMissing
from footfall.store.state import touch_days
from reports.materialize import Wish, materialize
from reports.report import View
from reports.scope import Scope
from reports.visits import PROFILES
from tests.fakes import FakeClock
from tests.reports.conftest import MakeEvents
from tests.reports.materialize.made import dump, items_of, made_anew, make
from tests.reports.store import CLOCK, fill, opened

pytestmark = pytest.mark.anyio

CREATE = Wish(creates=True)
EVENTS: list[dict[str, Any]] = [
    {"at": "2026-03-01T10:00:00+00:00", "visitor": "a", "path": "/"},
    {"at": "2026-03-01T10:05:00+00:00", "visitor": "a", "path": "/b"},
    {"at": "2026-03-01T23:50:00+00:00", "visitor": "b", "path": "/"},
    {"at": "2026-03-02T00:10:00+00:00", "visitor": "b", "path": "/late"},
    {
        "at": "2026-03-03T09:00:00+00:00",
        "visitor": "a",
        "path": "/",
        "medium": "search",
        "source": "example.net",
    },
    {"at": "2026-03-05T09:00:00+00:00", "visitor": "c", "path": "/", "country": "DE", "status": 404},
]


def sessions_in(tables: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Key and page views of each session."""
    return [
        f"{item['pk']['S']} {item['sk']['S'][:19]} {item['pv']['N']}"
        for item in tables["sessions"]
        if not item["pk"]["S"].startswith("#")
    ]


async def test_a_visit_over_midnight_is_one_session_of_the_day_it_began(
    tmp_path: Path, make_events: MakeEvents
) -> None:
    tables = await made_anew(tmp_path / "s.db", [make_events(*EVENTS)])
    assert sessions_in(tables) == [
        "example.org#a 2026-03-01T10:00:00 2",
        "example.org#a 2026-03-03T09:00:00 1",
        "example.org#b 2026-03-01T23:50:00 2",
    ]


async def test_a_visitor_is_what_their_sessions_come_to(tmp_path: Path, make_events: MakeEvents) -> None:
    tables = await made_anew(tmp_path / "s.db", [make_events(*EVENTS)])
    first, *others = tables["visitors"]
    assert [first["pk"]["S"], first["vi"]["N"], first["pv"]["N"]] == ["example.org#a", "2", "3"]
    assert (first["lm"]["S"], "fm" in first) == ("search", False)
    assert [item["pk"]["S"] for item in others] == ["example.org#b"]


async def test_a_second_run_reads_and_writes_nothing(tmp_path: Path, make_events: MakeEvents) -> None:
    path = tmp_path / "s.db"
    tables = await made_anew(path, [make_events(*EVENTS)])
    again = await make(path, writes=0)
    assert (again.days, again.write_units, again.fresh) == (0, 0, 8)
    assert await dump(path) == tables


async def test_making_the_same_again_leaves_every_byte(tmp_path: Path, make_events: MakeEvents) -> None:
    path = tmp_path / "s.db"
    tables = await made_anew(path, [make_events(*EVENTS)])
    async with opened(path) as store:
        days = {("example.org", date(2026, 3, on)): 0 for on in (1, 2, 3, 5)}
        await touch_days(store, CLOCK, days)

    again = await make(path)
    assert (again.days, again.deleted) == (4, 0)
    assert await dump(path) == tables


async def test_a_late_event_that_moves_a_session_leaves_no_trace_of_the_old_one(
    tmp_path: Path, make_events: MakeEvents
) -> None:
    path, late = (
        tmp_path / "s.db",
        {"at": "2026-03-01T09:55:00+00:00", "visitor": "a", "path": "/0", "offset": 9_999},
    )
    await made_anew(path, [make_events(*EVENTS)])
    await fill(path, make_events(late).collect())
    again = await make(path)
    assert again.days == 2
    assert again.deleted >= 1
    expected = await made_anew(tmp_path / "new.db", [make_events(*EVENTS, late)])
    assert await dump(path) == expected


async def test_visitors_without_sessions_go(tmp_path: Path, make_events: MakeEvents) -> None:
    """A replay with another salt gives the same events other visitors."""
    path = tmp_path / "s.db"
    await made_anew(path, [make_events(*EVENTS)])
    renamed = [event | {"visitor": f"new-{event['visitor']}"} for event in EVENTS]
    await fill(path, make_events(*renamed).collect())
    await make(path)
    assert await dump(path) == await made_anew(tmp_path / "new.db", [make_events(*renamed)])


@pytest.mark.parametrize("first", [0, 1, 2])
async def test_a_run_that_is_killed_anywhere_is_mended_by_the_next(
    tmp_path: Path, make_events: MakeEvents, first: int
) -> None:
    late = {"at": "2026-03-01T09:55:00+00:00", "visitor": "a", "path": "/0", "offset": 9_999}
    expected = await made_anew(tmp_path / "new.db", [make_events(*EVENTS, late)])
    path = tmp_path / "s.db"
    await made_anew(path, [make_events(*EVENTS)])
    await fill(path, make_events(late).collect())
    for writes in range(first, 400, 3):
        try:
            await make(path, writes=writes)
        except (AccessDenied, BaseExceptionGroup):
            continue

        break

    assert writes > 4
    assert await dump(path) == expected


async def test_another_profile_is_refused_unless_it_is_to_replace(
    tmp_path: Path, make_events: MakeEvents
) -> None:
    path, matomo = tmp_path / "s.db", View(rule=PROFILES["matomo"])
    tables = await made_anew(path, [make_events(*EVENTS)])
    with pytest.raises(SettingsError, match="profile 'footfall', not 'matomo'") as refused:
        await make(path, replace(CREATE, view=matomo))

    assert refused.value.hint is not None
    assert await dump(path) == tables
    await make(path, replace(CREATE, view=matomo, replaces=True))
    assert await dump(path) == await made_anew(
        tmp_path / "new.db", [make_events(*EVENTS)], replace(CREATE, view=matomo)
    )


async def test_another_time_zone_is_another_definition(tmp_path: Path, make_events: MakeEvents) -> None:
    path = tmp_path / "s.db"
    await made_anew(path, [make_events(*EVENTS)])
    with pytest.raises(SettingsError):
        await make(path, replace(CREATE, view=View("Europe/Berlin")))


async def test_days_begin_in_the_time_zone_of_the_definition(tmp_path: Path, make_events: MakeEvents) -> None:
    wish = replace(CREATE, view=View("Asia/Tokyo"))
    tables = await made_anew(tmp_path / "s.db", [make_events(*EVENTS)], wish)
    days = {item["pk"]["S"]: item["dy"]["S"] for item in tables["sessions"] if "dy" in item}
    assert days["example.org#b"] == "2026-03-02"
    assert len(sessions_in(tables)) == 3


async def test_missing_tables_are_named_with_what_makes_them(tmp_path: Path, make_events: MakeEvents) -> None:
    path = tmp_path / "s.db"
    await fill(path, make_events(*EVENTS).collect())
    with pytest.raises(TableMissing, match="sessions does not exist yet") as missing:
        await make(path, Wish())

    assert "--create" in str(missing.value.hint)


async def test_explaining_writes_nothing(tmp_path: Path, make_events: MakeEvents) -> None:
    path = tmp_path / "s.db"
    await fill(path, make_events(*EVENTS).collect())
    outcome = await make(path, Wish(explains=True), writes=0)
    assert outcome.is_estimate
    assert outcome.items["sessions"] == 3
    assert outcome.write_units >= sum(outcome.items.values())


async def test_what_is_made_in_part_and_later_all_is_the_same(
    tmp_path: Path, make_events: MakeEvents
) -> None:
    path = tmp_path / "s.db"
    await fill(path, make_events(*EVENTS).collect())
    await make(path, Wish(("visits",), Scope(last_on=date(2026, 3, 1)), creates=True))
    await make(path, Wish(("rollups",), Scope(first_on=date(2026, 3, 2)), creates=True))
    await make(path, CREATE)
    assert await dump(path) == await made_anew(tmp_path / "new.db", [make_events(*EVENTS)])


async def test_visitors_that_were_made_once_stay_in_step_with_sessions(
    tmp_path: Path, make_events: MakeEvents
) -> None:
    path = tmp_path / "s.db"
    await made_anew(path, [make_events(*EVENTS)])
    more = {"at": "2026-03-05T12:00:00+00:00", "visitor": "d", "offset": 9_999}
    await fill(path, make_events(more).collect())
    await make(path, Wish(("visits",)))
    async with opened(path) as store:
        assert len(await items_of(store, "visitors")) == 3


async def test_days_whose_events_have_begun_to_expire_are_left_as_they_are(
    tmp_path: Path, make_events: MakeEvents
) -> None:
    path, expired = tmp_path / "s.db", 1_772_344_800
    soon = [event | {"expires_at": expired} for event in EVENTS]
    tables = await made_anew_before(path, make_events, soon)
    late = {"at": "2026-03-01T09:55:00+00:00", "visitor": "a", "offset": 9_999}
    await fill(path, make_events(late).collect())
    outcome = await make(path)
    assert outcome.closed > 0
    assert await dump(path) == tables


async def made_anew_before(path: Path, make_events: MakeEvents, events: list[dict[str, Any]]) -> Any:
    """Make tables of events at a time when none of them has expired."""
    await fill(path, make_events(*events).collect())
    async with opened(path) as store:
        await materialize(store, FakeClock(datetime(2026, 3, 1, tzinfo=UTC)), CREATE)

    return await dump(path)
