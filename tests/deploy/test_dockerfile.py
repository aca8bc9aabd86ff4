from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.deploy.dockerfile import Instruction, instructions, stages

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "deploy" / "Dockerfile").read_text()
STAGES = stages(TEXT)
KNOWN = {"ARG", "FROM", "WORKDIR", "RUN", "COPY", "ENV", "USER", "STOPSIGNAL", "ENTRYPOINT", "CMD"}


def of(name: str, stage: list[Instruction]) -> list[str]:
    return [one.value for one in stage if one.name == name]


def copied() -> list[str]:
    """What is copied out of the repository."""
    words = [value.split()[:-1] for stage in STAGES for value in of("COPY", stage) if "--from=" not in value]
    return [word for line in words for word in line]


def test_every_instruction_is_one() -> None:
    assert {one.name for one in instructions(TEXT)} <= KNOWN
    assert len(STAGES) == 2


def test_the_base_is_a_version_and_slim() -> None:
    [python] = [one.value.partition("=")[2] for one in instructions(TEXT) if one.name == "ARG"]
    assert re.fullmatch(r"3\.\d+\.\d+-slim-\w+", python), "a tag that stays what it is"
    assert [of("FROM", stage)[0].split()[0] for stage in STAGES] == ["python:${PYTHON}"] * 2


def test_the_base_has_a_python_that_footfall_runs_on() -> None:
    about = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    minor = re.search(r"PYTHON=(3\.\d+)", TEXT)
    assert minor
    assert f"Programming Language :: Python :: {minor[1]}" in about["classifiers"]


def test_the_user_is_a_number_and_not_root() -> None:
    [user] = of("USER", STAGES[-1])
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", user)


def test_process_1_is_footfall_itself_and_is_sent_sigterm() -> None:
    last = {one.name: one for one in STAGES[-1]}
    assert last["ENTRYPOINT"].words == ["/opt/footfall/bin/footfall"]
    assert last["CMD"].words == ["--help"]
    assert last["STOPSIGNAL"].value == "SIGTERM"


def test_no_shell_is_needed() -> None:
    assert all(one.words for stage in STAGES for one in stage if one.name in {"RUN", "ENTRYPOINT", "CMD"})


def test_the_last_stage_installs_nothing_and_takes_only_the_environment() -> None:
    assert of("RUN", STAGES[-1]) == []
    assert of("COPY", STAGES[-1]) == ["--from=build /opt/footfall /opt/footfall"]


def test_versions_are_those_of_the_constraints() -> None:
    [install] = [one.words for one in STAGES[0] if one.name == "RUN" and "install" in one.value]
    assert install[install.index("--constraint") + 1] == "constraints.txt"
    assert install[-1] == "."


def test_what_is_copied_exists_and_is_all_that_the_package_is_made_of() -> None:
    assert [name for name in copied() if not (ROOT / name).exists()] == []
    about = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = about["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {
        *wheel["only-include"],
        *wheel["force-include"],
        about["project"]["readme"],
        *about["project"]["license-files"],
    }
    assert needed | {"pyproject.toml", "constraints.txt"} == set(copied())


def test_only_what_is_copied_is_sent_to_the_builder() -> None:
    lines = (ROOT / "deploy" / "Dockerfile.dockerignore").read_text().splitlines()
    assert next(line for line in lines if not line.startswith("#")) == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == set(copied())


@pytest.mark.parametrize("name", ["PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"])
def test_the_environment_suits_a_read_only_container(name: str) -> None:
    assert any(f"{name}=1" in value for value in of("ENV", STAGES[-1]))
