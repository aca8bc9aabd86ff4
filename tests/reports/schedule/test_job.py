from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from reports.run import Questions
from reports.schedule.job import compact
from reports.scope import Scope
from tests.reports.schedule.conftest import MakeJob

AT = datetime(2026, 3, 1, 1, 15, tzinfo=UTC)
"""02:15 in Berlin."""

LATE = datetime(2026, 2, 28, 23, 30, tzinfo=UTC)
"""Half past midnight of March 1 in Berlin, and still February in UTC."""

GOALS = """
[[goal]]
name = "signup"
url = "/welcome"

[[funnel]]
name = "signing-up"
step = [{ name = "Form", url = "/signup" }, { name = "Done", url = "/welcome" }]
"""


def test_questions_follow_from_when_a_run_is_due(make_job: MakeJob) -> None:
    job = make_job(site="example.org", own_hosts=["WWW.example.org"])
    asked: Questions = job.questions(AT)
    assert asked.scope == Scope("example.org", date(2026, 2, 28), date(2026, 2, 28), "Europe/Berlin")
    assert asked.view.time_zone == "Europe/Berlin"
    assert asked.view.rule.name == "footfall"
    assert asked.request.yes is False
    assert asked.view.own_hosts == ("www.example.org",)
    assert [report.name for report in asked.reports] == ["summary"]


def test_a_job_says_itself_whether_it_may_scan_a_large_table(make_job: MakeJob) -> None:
    assert make_job(yes=True).questions(AT).request.yes


def test_goals_and_funnels_of_the_definitions_are_asked_about(make_job: MakeJob, tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(GOALS)
    view = make_job(definitions=str(tmp_path / "site.toml"), reports=["goals"]).questions(AT).view
    assert [goal.name for goal in view.goals] == ["signup"]
    assert [funnel.name for funnel in view.funnels] == ["signing-up"]


def test_the_day_is_that_of_the_time_zone(make_job: MakeJob) -> None:
    assert make_job().days(LATE) == (date(2026, 2, 28), date(2026, 2, 28))
    assert make_job(timezone="UTC").days(LATE) == (date(2026, 2, 27), date(2026, 2, 27))


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ("{report}-{date}.{suffix}", "summary-2026-02-28.csv"),
        ("{site}/{report}-{from}-{to}.{suffix}", "all-sites/summary-2026-02-28-2026-02-28.csv"),
        ("{report}-{run}.{suffix}", "summary-20260301T011500Z.csv"),
    ],
)
def test_names_of_files_follow_from_when_a_run_is_due(make_job: MakeJob, files: str, name: str) -> None:
    job = make_job(files=files)
    assert job.files_at(AT) == (name,)
    assert job.first_file_at(AT) == name


def test_all_days_are_named_by_the_day_of_the_run(make_job: MakeJob) -> None:
    job = make_job(period="all", files="{report}-{date}-{from}-{to}.{suffix}")
    assert job.files_at(AT) == ("summary-2026-03-01-start-end.csv",)


def test_a_manifest_is_named_by_the_moment(make_job: MakeJob) -> None:
    assert make_job().manifest_at(AT) == "daily-20260301T011500Z.manifest.json"
    assert compact(AT.astimezone()) == "20260301T011500Z"
