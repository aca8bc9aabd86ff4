"""systemd, cron, IAM and the jobs that deploy/ comes with."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from docs.permissions import permissions
from reports.schedule.cron import cron_of
from reports.schedule.file import load_jobs
from tests.deploy.test_kubernetes import command_line

FOLDER = Path(__file__).parents[2] / "deploy"
UNITS = sorted((FOLDER / "systemd").iterdir())
SERVICES = [path for path in UNITS if path.suffix == ".service"]
PROGRAM = "/opt/footfall/bin/footfall"
MOST_EXPOSED = 20
"""In tenths of what `systemd-analyze security` says; an ordinary service has 96."""

needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not here")


def settings(path: Path) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for line in path.read_text().splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found[name].append(value)

    return found


def analyze(*arguments: str, folder: Path) -> None:
    command = ["systemd-analyze", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units, with a program that is here."""
    for path in UNITS:
        (tmp_path / path.name).write_text(path.read_text().replace(PROGRAM, str(shutil.which("true"))))

    return tmp_path


@needs_systemd
def test_systemd_understands_the_units(units: Path) -> None:
    analyze("verify", "--man=no", *(f"./{path.name}" for path in UNITS), folder=units)


@needs_systemd
@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_services_are_confined(units: Path, path: Path) -> None:
    analyze("security", "--offline=yes", f"--threshold={MOST_EXPOSED}", f"./{path.name}", folder=units)


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_services_run_what_footfall_understands(path: Path) -> None:
    known = settings(path)
    [program, *arguments] = shlex.split(known["ExecStart"][0])
    assert program == PROGRAM
    context = command_line(arguments)
    assert context.params["drain_seconds"] < float(known["TimeoutStopSec"][0])
    assert (known["DynamicUser"], known["ProtectSystem"], known["StateDirectory"]) == (
        ["yes"],
        ["strict"],
        ["footfall"],
    )


def test_the_timer_starts_a_service_that_is_there() -> None:
    [timer] = [path for path in UNITS if path.suffix == ".timer"]
    assert timer.with_suffix(".service") in UNITS
    assert settings(timer)["Persistent"] == ["yes"]


def test_the_crontab_has_a_time_a_user_and_a_command() -> None:
    lines = [line for line in (FOLDER / "crontab").read_text().splitlines() if not line.startswith("#")]
    assignments = [line for line in lines if re.match(r"[A-Z_]+=", line)]
    [line] = [line for line in lines if line not in assignments]
    *fields, user, command = line.split(None, 6)
    assert cron_of(" ".join(fields), "UTC").expression == "*/10 * * * *"
    assert user == "footfall"
    assert "%" not in command, "cron would make it a newline"
    [program, *arguments] = shlex.split(command.partition("&& ")[2])
    assert program == PROGRAM
    assert command_line(arguments).info_name == "due"


def test_the_jobs_are_right() -> None:
    assert [job.name for job in load_jobs(FOLDER / "footfall.toml")] == ["daily", "weekly"]


def test_the_policy_allows_what_schedules_do_and_nothing_else() -> None:
    [row] = [line for line in permissions().splitlines() if "`schedule run`" in line]
    events, state = (
        {f"dynamodb:{name}" for name in re.findall(r"`(\w+)`", cell)} for cell in row.split("|")[2:4]
    )
    policy = json.loads((FOLDER / "iam" / "schedule.json").read_text())
    allowed = {one["Resource"].rpartition("_")[2]: set(one["Action"]) for one in policy["Statement"][:2]}
    assert allowed == {"events": events, "state": state}
    assert set(policy["Statement"][2]["Action"]) == {"s3:AbortMultipartUpload", "s3:PutObject"}
    assert policy["Version"] == "2012-10-17"


def test_files_of_deploy_are_named_in_its_document() -> None:
    text = (FOLDER / "README.md").read_text()
    files = [path for path in FOLDER.rglob("*") if path.is_file() and path.name != "README.md"]
    left_out = {"Dockerfile.dockerignore"} | {path.name for path in UNITS}
    named = [str(path.relative_to(FOLDER)) for path in files if path.name not in left_out]
    assert [name for name in named if f"]({name})" not in text] == []
    assert not [path for path in files if os.access(path, os.X_OK)]
