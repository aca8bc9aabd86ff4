from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from footfall.store.state.runs import JobRun, RunState
from reports.schedule.plan import plan_job, retry_at, settled_before
from tests.reports.schedule.conftest import MakeJob

NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
SETTLED = NOW - timedelta(days=3)
DUE = [datetime(2026, 3, day, 1, 15, tzinfo=UTC) for day in (3, 4, 5)]


def ran(at: datetime, state: RunState, attempts: int = 1) -> JobRun:
    return JobRun("daily", at, state, attempts, "web-1 pid 1", at, at)


def test_what_was_missed_is_due_in_order(make_job: MakeJob) -> None:
    plan = plan_job(make_job(), SETTLED, {}, NOW)
    assert list(plan.todo) == DUE
    assert (plan.replaced, plan.dropped) == (0, 0)
    assert make_job().cron.next_after(plan.settled_at) == DUE[0]


def test_nothing_is_due_twice(make_job: MakeJob) -> None:
    plan = plan_job(make_job(), SETTLED, {at: ran(at, "done") for at in DUE}, NOW)
    assert plan.todo == ()
    assert plan.settled_at == NOW
    assert plan_job(make_job(), NOW, {}, NOW).todo == ()


@pytest.mark.parametrize("state", ["running", "failed", "stopped"])
def test_what_was_begun_and_not_done_is_due(make_job: MakeJob, state: RunState) -> None:
    runs = {DUE[0]: ran(DUE[0], "done"), DUE[1]: ran(DUE[1], state), DUE[2]: ran(DUE[2], "done")}
    assert list(plan_job(make_job(), SETTLED, runs, NOW).todo) == [DUE[1]]


@pytest.mark.parametrize(("catch_up", "made"), [("all", 3), ("last", 1), (2, 2), (9, 3)])
def test_a_job_makes_up_as_many_as_it_says(make_job: MakeJob, catch_up: object, made: int) -> None:
    plan = plan_job(make_job(catch_up=catch_up), SETTLED, {}, NOW)
    assert list(plan.todo) == DUE[-made:]
    assert plan.dropped == 3 - made


def test_what_was_due_before_the_horizon_is_not_made_up(make_job: MakeJob) -> None:
    plan = plan_job(make_job(), NOW - timedelta(days=500), {}, NOW, timedelta(days=2))
    assert list(plan.todo) == DUE[1:]


def test_a_run_whose_files_a_later_one_replaces_is_not_made(make_job: MakeJob) -> None:
    job = make_job(cron="0 * * * *", period="month-to-date")
    plan = plan_job(job, NOW - timedelta(days=2), {}, NOW)
    assert [f"{at:%d %H}" for at in plan.todo] == ["03 22", "04 22", "05 12"]
    assert plan.replaced == 48 - 3


def test_a_failed_run_is_not_made_over_the_files_of_a_later_one(make_job: MakeJob) -> None:
    job = make_job(period="all", files="{report}.{suffix}")
    runs = {DUE[0]: ran(DUE[0], "failed"), DUE[1]: ran(DUE[1], "done"), DUE[2]: ran(DUE[2], "done")}
    plan = plan_job(job, SETTLED, runs, NOW)
    assert (plan.todo, plan.replaced) == ((), 1)


def test_what_is_settled_ends_before_the_first_that_is_not() -> None:
    assert settled_before([], NOW) == NOW
    assert settled_before(DUE, NOW) == DUE[0] - timedelta(seconds=1)


@pytest.mark.parametrize(("attempts", "minutes"), [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (500, 60)])
def test_a_failed_run_waits_longer_after_each_try(attempts: int, minutes: int) -> None:
    assert retry_at(ran(NOW, "failed", attempts)) == NOW + timedelta(minutes=minutes)


def test_only_a_failed_run_waits() -> None:
    assert retry_at(None) is None
    assert retry_at(ran(NOW, "stopped")) is None
    assert retry_at(ran(NOW, "running")) is None
