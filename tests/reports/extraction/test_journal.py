from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec
import pytest

from footfall.erasure import erase_rows, find_rows
from footfall.errors import SettingsError
from footfall.person import Person
from footfall.store.partitions import KeyRange, Segment
from reports.extraction.journal import STAGING, Journal, Staging, begun, read_journal
from reports.extraction.manifest import KeptDay
from reports.extraction.plan import Plan
from reports.scope import Scope
from tests.reports.conftest import MakeEvents

FIRST, LAST = date(2026, 3, 1), date(2026, 3, 3)
SCAN = Plan("scan", tuple(Segment(index, 3) for index in range(3)), 1.0)
QUERY = Plan("query", (KeyRange("x#2026-03-01#0"), KeyRange("x#2026-03-01#1")), 1.0)


def journal_of(plan: Plan = SCAN, scope: Scope | None = None, *fresh: KeptDay) -> Journal:
    return begun(plan, scope or Scope(), fresh, ())


def paths(staging: Staging) -> list[str]:
    return sorted(staging.scan().collect()["path"])


@pytest.mark.parametrize("plan", [SCAN, QUERY], ids=["scan", "query"])
def test_a_journal_knows_its_partitions_again(tmp_path: Path, plan: Plan) -> None:
    staging = Staging(tmp_path)
    staging.begin(journal_of(plan))
    staging.commit(None, {0: None, 1: b'{"pk":{"S":"a"}}'})
    journal = read_journal(tmp_path)

    assert journal is not None
    assert (journal.method, journal.partitions) == (plan.method, plan.partitions)
    assert [place for place, _ in journal.left] == list(range(1, len(plan.partitions)))
    assert journal.started == {1: b'{"pk":{"S":"a"}}'}


def test_events_count_once_their_positions_are_written(tmp_path: Path, make_events: MakeEvents) -> None:
    staging = Staging(tmp_path)
    staging.begin(journal_of())
    staging.commit(make_events({"path": "/a"}).collect(), {0: b"1"})
    (tmp_path / STAGING / "part-1.parquet").write_bytes(b"what a kill left")
    again = Staging(tmp_path)
    assert paths(again) == ["/a"]

    again.commit(make_events({"path": "/b"}).collect(), {0: None})
    assert paths(Staging(tmp_path)) == ["/a", "/b"]


def test_positions_of_events_that_could_not_be_written_do_not_count(
    tmp_path: Path, make_events: MakeEvents
) -> None:
    staging = Staging(tmp_path)
    staging.begin(journal_of())
    (tmp_path / STAGING / "part-0.parquet").mkdir()
    with pytest.raises(SettingsError, match="Cannot keep a dataset"):
        staging.commit(make_events({}).collect(), {0: None})

    journal = read_journal(tmp_path)
    assert journal is not None
    assert (journal.parts, journal.done) == (0, frozenset())


def test_a_person_is_erased_from_a_reading_that_was_stopped_too(
    tmp_path: Path, make_events: MakeEvents
) -> None:
    staging, me = Staging(tmp_path), Person(visitors=("me",))
    staging.begin(journal_of())
    staging.commit(make_events({"visitor": "me", "path": "/a"}, {"path": "/b"}).collect(), {0: None})
    [(part, count)] = find_rows(tmp_path, me, ()).items()
    erase_rows(part, me, ())

    assert count == 1
    assert paths(Staging(tmp_path)) == ["/b"]


def test_beginning_again_forgets_what_was_read(tmp_path: Path, make_events: MakeEvents) -> None:
    staging = Staging(tmp_path)
    staging.begin(journal_of())
    staging.commit(make_events({}).collect(), {0: None})
    staging.begin(journal_of(QUERY))

    assert paths(Staging(tmp_path)) == []
    staging.clear()
    assert not (tmp_path / STAGING).exists()
    assert read_journal(tmp_path) is None


def test_what_another_version_began_is_not_gone_on_with(tmp_path: Path) -> None:
    staging = Staging(tmp_path)
    staging.begin(msgspec.structs.replace(journal_of(), columns="other"))

    assert Staging(tmp_path).journal is None


@pytest.mark.parametrize(
    ("begun_for", "asked_for", "expected"),
    [
        (Scope(), Scope(), True),
        (Scope("x", FIRST, LAST), Scope("x", FIRST, LAST), True),
        (Scope("x", FIRST, LAST), Scope(), True),
        (Scope("x", FIRST, FIRST), Scope("x", FIRST, LAST), True),
        (Scope("x", FIRST, LAST), Scope("y", FIRST, LAST), False),
        (Scope(None, FIRST, LAST), Scope("x", FIRST, LAST), False),
        (Scope("x", FIRST, LAST), Scope("x", LAST, LAST), False),
        (Scope("x", FIRST, LAST), Scope("x", FIRST, FIRST), False),
        (Scope(), Scope("x"), False),
        (Scope(), Scope(None, FIRST), False),
        (Scope(), Scope(None, None, LAST), False),
    ],
)
def test_only_what_is_still_asked_for_is_gone_on_with(
    begun_for: Scope, asked_for: Scope, expected: bool
) -> None:
    assert journal_of(SCAN, begun_for).is_for(asked_for) is expected


def test_a_scan_keeps_whole_utc_days_of_the_scope_but_fresh_ones(make_events: MakeEvents) -> None:
    scope = Scope("example.org", date(2026, 3, 2), date(2026, 3, 3), "Europe/Berlin")
    journal = journal_of(SCAN, scope, KeptDay("example.org", date(2026, 3, 2), 1))
    times = [f"2026-03-0{day}T{hour}:00:00+00:00" for day in (1, 2, 3, 4) for hour in ("00", "23")]
    times.append("2026-02-28T23:59:59+00:00")
    events = make_events(*({"at": at} for at in times), {"site": "other", "at": times[0]})
    found = events.filter(journal.predicate()).collect()["time"]

    assert sorted({moment.date().isoformat() for moment in found}) == ["2026-03-01", "2026-03-03"]
    assert found.len() == 4
