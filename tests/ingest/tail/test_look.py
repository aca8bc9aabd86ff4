from __future__ import annotations

import os
from pathlib import Path

import pytest

from ingest.tail.look import Look, Lookout
from tests.fakes import FakeClock


def looking(*arguments: Path | str) -> Lookout:
    return Lookout([str(argument) for argument in arguments], FakeClock().monotonic)


def names(look: Look) -> list[list[str]]:
    return [[seen.path.name for seen in files] for files in look.families.values()]


def put(path: Path, data: bytes = b"line\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_the_rotated_files_of_a_log_are_seen_beside_it_the_oldest_first(tmp_path: Path) -> None:
    for name in (
        "a.log.1",
        "a.log.1.gz",
        "a.log.10.gz",
        "a.log.2",
        "a.log-20260101",
        "b.log",
        "b.log.1",
        ".a.log.3",
    ):
        put(tmp_path / name)

    look = looking(put(tmp_path / "a.log")).look()
    assert names(look) == [["a.log-20260101", "a.log.10.gz", "a.log.2", "a.log.1", "a.log.1.gz", "a.log"]]
    [files] = look.families.values()
    assert [seen.path.name for seen in files if seen.is_named] == ["a.log"]


def test_files_that_come_and_go_are_seen_by_the_next_look(tmp_path: Path) -> None:
    lookout = looking(tmp_path / "*.log")
    assert names(lookout.look()) == []
    put(tmp_path / "a.log")
    assert names(lookout.look()) == [["a.log"]]
    (tmp_path / "a.log").rename(tmp_path / "a.log.1")
    assert names(lookout.look()) == [["a.log.1"]]
    (tmp_path / "a.log.1").unlink()
    assert names(lookout.look()) == [[]]


def test_a_log_that_is_not_there_is_waited_for_with_what_it_was_rotated_to(tmp_path: Path) -> None:
    put(tmp_path / "a.log.1")
    look = looking(tmp_path / "a.log").look()
    assert names(look) == [["a.log.1"]]
    assert [str(complaint) for complaint in look.complaints] == [
        f"There is no file {tmp_path / 'a.log'}. It is waited for."
    ]


def test_a_link_leads_to_the_files_of_its_target(tmp_path: Path) -> None:
    put(tmp_path / "real" / "x-20260101.log")
    put(tmp_path / "real" / "x-20260102.log")
    (tmp_path / "a.log").symlink_to(tmp_path / "real" / "x-20260102.log")
    look = looking(tmp_path / "a.log").look()
    assert names(look) == [["x-20260101.log", "a.log"]]
    assert list(look.families) == [(str(tmp_path), "a.log")]


def test_one_file_is_seen_once_by_the_name_that_was_given_first(tmp_path: Path) -> None:
    path = put(tmp_path / "a.log")
    (tmp_path / "link.log").symlink_to(path)
    assert names(looking(path, tmp_path / "link.log", tmp_path).look()) == [["a.log"]]


def test_folders_are_those_of_the_files_and_of_what_links_lead_to(tmp_path: Path) -> None:
    put(tmp_path / "real" / "x.log")
    put(tmp_path / "logs" / "b.log")
    (tmp_path / "a.log").symlink_to(tmp_path / "real" / "x.log")
    lookout = looking(tmp_path / "a.log", tmp_path / "logs")
    lookout.look()
    assert lookout.folders == {str(tmp_path), str(tmp_path / "real"), str(tmp_path / "logs")}


@pytest.mark.parametrize(
    "argument", ["missing.log", "*.nothing", "empty", "nul\0byte", "gone/x.log", "x" * 5000]
)
def test_what_names_nothing_is_said_and_is_no_end(tmp_path: Path, argument: str) -> None:
    (tmp_path / "empty").mkdir()
    path = put(tmp_path / "a.log")
    look = looking(tmp_path / argument, path).look()
    [complaint] = look.complaints
    assert complaint.hint
    assert ["a.log"] in names(look)


def test_what_is_no_regular_file_is_said(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    look = looking(tmp_path / "pipe").look()
    [complaint] = look.complaints
    assert "no regular file" in str(complaint)
    assert complaint.hint == f"footfall ingest {tmp_path / 'pipe'}"


def test_expanding_takes_a_share_of_the_time_only(tmp_path: Path) -> None:
    clock = FakeClock()

    def slow_monotonic() -> float:
        clock.advance(1)
        return clock.monotonic()

    lookout = Lookout([str(tmp_path / "*.log")], slow_monotonic)
    lookout.look()
    put(tmp_path / "a.log")
    looks = 1
    while not names(lookout.look()):
        looks += 1

    assert 8 <= looks <= 10
