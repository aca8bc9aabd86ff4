from __future__ import annotations

import tomllib
from math import inf
from pathlib import Path
from typing import Any

import pytest

from footfall.errors import SettingsError
from reports.catalogue import CATALOGUE
from reports.outputs import OutputSettings
from reports.schedule.file import jobs_of, load_jobs
from reports.schedule.job import Job
from reports.schedule.keys import KEYS

USUAL: dict[str, Any] = {
    "name": "daily",
    "cron": "15 2 * * *",
    "period": "yesterday",
    "reports": ["summary"],
    "formats": ["csv"],
    "out": "reports",
}
OWN = """
[[report]]
name = "mine"
question = "Where do visits begin?"
metrics = ["visits"]
by = ["entry_page"]
"""


def job_of(**keys: Any) -> Job:
    [job] = jobs_of({"job": [USUAL | keys]}, "footfall.toml")
    return job


def refused(content: dict[str, Any]) -> tuple[str, str]:
    """The sentence and the hint with which a file is refused."""
    with pytest.raises(SettingsError) as caught:
        jobs_of(content, "footfall.toml")

    return str(caught.value), caught.value.hint or ""


def test_what_is_left_out_is_usual() -> None:
    job = job_of()
    assert job.outputs == OutputSettings(("csv",), "reports", "{report}-{date}.{suffix}")
    assert (job.cron.time_zone, job.site, job.week_starts, job.profile.name) == ("UTC", None, 0, "footfall")
    assert (job.catch_up, job.store, job.dataset, job.max_read_units) == (inf, None, None, inf)


def test_every_key_of_the_table_takes_its_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "definitions.toml").write_text(OWN)
    examples = {key: tomllib.loads(f"value = {row.example}")["value"] for key, row in KEYS.items()}
    job = job_of(**examples)
    assert (job.name, job.cron.line) == ("daily", "15 2 * * * Europe/Berlin")
    assert (job.outputs.limit, job.outputs.csv_raw, job.week_starts, job.catch_up) == (100, True, 6, 1)
    assert (job.profile.name, job.dataset, job.max_read_units) == ("matomo", Path("events"), 25)
    assert (job.own_hosts, job.lookback_days) == (("www.example.org",), 30)


def test_a_job_may_have_reports_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "definitions.toml").write_text(OWN)
    job = job_of(definitions=str(tmp_path / "definitions.toml"), reports=["mine", "summary"])
    assert [report.name for report in job.reports] == ["mine", "summary"]


def test_all_reports_are_the_catalogue() -> None:
    assert len(job_of(reports=["all"]).reports) == len(CATALOGUE)


def test_jobs_have_the_defaults_unless_they_say_otherwise() -> None:
    defaults = {key: value for key, value in USUAL.items() if key not in {"name", "cron"}} | {
        "timezone": "Asia/Tokyo"
    }
    tables = [
        {"name": "a", "cron": "@daily"},
        {"name": "b", "cron": "@daily", "timezone": "UTC", "out": "elsewhere"},
    ]
    one, other = jobs_of({"defaults": defaults, "job": tables}, "footfall.toml")
    assert (one.cron.time_zone, one.out) == ("Asia/Tokyo", "reports")
    assert (other.cron.time_zone, other.out) == ("UTC", "elsewhere")


@pytest.mark.parametrize(
    ("keys", "sentence", "hint"),
    [
        ({"crom": "x"}, "no key 'crom'. Did you mean cron?", "docs/schedules.md"),
        ({"cron": "61 * * * *"}, "'61 * * * *' is no cron expression: bad minute", "15 2 * * *"),
        ({"cron": "0 0 * *"}, "five fields", "15 2 * * *"),
        ({"timezone": "Europe/Atlantis"}, "'Europe/Atlantis' is not a time zone", "Europe/Berlin"),
        ({"period": "last-wek"}, "did you mean last-week?", 'period = "yesterday"'),
        ({"reports": ["summry"]}, "Did you mean summary?", "footfall reports"),
        ({"definitions": "nowhere.toml"}, "nowhere.toml cannot be read", "definitions"),
        ({"reports": []}, "reports is to be a list of texts", "reports ="),
        ({"reports": "summary"}, "reports is to be a list of texts", "reports ="),
        ({"formats": ["xls"]}, "formats 'xls' is none of table, csv", "formats ="),
        ({"out": ""}, "out is to be a line of text", "out ="),
        ({"out": "ftp://example.org/x"}, "Nothing can be written to ftp://", "s3://BUCKET"),
        ({"out": "s3://A"}, "cannot name an S3 bucket", "s3://"),
        ({"files": "{reprot}.{suffix}"}, "there is no {reprot}", "{report}"),
        ({"files": "x.{suffix}", "reports": ["summary", "pages"]}, "2 files would be called x.csv", "{report}"),
        ({"files": "{report}", "formats": ["csv", "json"]}, "2 files would be called summary", "{suffix}"),
        ({"files": "../{report}.{suffix}"}, "leads out of the destination", "{report}"),
        ({"profile": "motomo"}, "did you mean matomo?", "profile ="),
        ({"max_read_units": 0}, "number of read units", "max_read_units ="),
        ({"site": "a b"}, "name of a site", "site ="),
        ({"limit": -1}, "whole number", "limit ="),
        ({"limit": True}, "whole number", "limit ="),
        ({"csv_raw": "yes"}, "true or false", "csv_raw ="),
        ({"week_starts": "mon"}, "did you mean monday?", "week_starts ="),
        ({"catch_up": "some"}, "catch_up 'some' is none of all, last", "catch_up ="),
        ({"catch_up": 0}, "is to be a line of text", "catch_up ="),
        ({"store": "mysql:x"}, "'mysql:x' is not a store", "embedded:PATH"),
        ({"name": "Daily!"}, "lower-case letters", "name ="),
        ({"name": "../x"}, "lower-case letters", "name ="),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_by_file_job_and_key(keys: dict[str, Any], sentence: str, hint: str) -> None:
    said, told = refused({"job": [USUAL | keys]})
    assert said.startswith("footfall.toml, job ")
    assert sentence in said
    assert hint in told


@pytest.mark.parametrize("key", [key for key, row in KEYS.items() if row.is_needed])
def test_what_every_job_has_to_say_is_missed(key: str) -> None:
    said, hint = refused({"job": [{name: value for name, value in USUAL.items() if name != key}]})
    assert f"has no {key}." in said
    assert hint.startswith(f"{key} = ")


def test_two_jobs_of_one_name_are_refused() -> None:
    said, hint = refused({"job": [USUAL, USUAL]})
    assert "2 jobs called 'daily'" in said
    assert "daily-2" in hint


def test_two_jobs_that_would_write_the_same_files_are_refused() -> None:
    other = USUAL | {"name": "weekly", "period": "last-week"}
    said, hint = refused({"job": [USUAL, other]})
    assert "'daily' and 'weekly' may both write reports/summary-2026-01-31.csv" in said
    assert hint.startswith('files = "weekly-{report}')
    for change in ({"out": "weekly"}, {"reports": ["pages"]}, {"formats": ["json"]}, {"site": "example.org"}):
        apart = {"files": "{site}-{report}-{date}.{suffix}"} | change
        assert len(jobs_of({"job": [USUAL | {"files": apart["files"]}, other | apart]}, "x")) == 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({}, "has 0 jobs"),
        ({"jobs": []}, "no key 'jobs'. Did you mean job?"),
        ({"job": {"name": "x"}}, "[[job]] begins each job"),
        ({"job": ["x"]}, "job number 1 is no table"),
        ({"defaults": {"name": "x"}, "job": [USUAL]}, "defaults: there is no key 'name'"),
        ({"defaults": 1, "job": [USUAL]}, "[defaults] is one table"),
    ],
)
def test_a_file_of_another_shape_is_refused(content: dict[str, Any], sentence: str) -> None:
    said, _ = refused(content)
    assert said.startswith("footfall.toml")
    assert sentence in said


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"x\.toml cannot be read: No such file"):
        load_jobs(tmp_path / "x.toml")

    (tmp_path / "x.toml").write_text("[[job]\n")
    with pytest.raises(SettingsError, match=r"x\.toml cannot be read as TOML"):
        load_jobs(tmp_path / "x.toml")

    (tmp_path / "x.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match=r"x\.toml cannot be read as TOML"):
        load_jobs(tmp_path / "x.toml")


def test_control_characters_of_a_file_reach_no_terminal() -> None:
    said, _ = refused({"job": [USUAL | {"name": "\x1b[2J"}]})
    assert "\x1b" not in said
