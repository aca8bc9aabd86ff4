"""`footfall forget` where a store keeps sessions and visitors, too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import anyio
import pytest

import cli
from footfall.store.derived import read_index
from tests.ingest.runs import ingest
from tests.reports.materialize.made import dump, items_of
from tests.reports.store import CLOCK, opened

ME: Final = "192.0.2.7"
LINE: Final = (
    '{ip} - - [0{day}/Mar/2026:12:00:{second:02d} +0000] "GET /{second} HTTP/1.1" 200 5 "-" "{agent}"\n'
)
PEOPLE: Final = (
    (ME, "Mozilla A"),
    ("192.0.2.70", "Mozilla A"),
    (ME, "Mozilla B"),
    ("198.51.100.1", "Mozilla A"),
)

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    log = tmp_path / "access.log"
    log.write_text(
        "".join(
            LINE.format(ip=PEOPLE[n % 4][0], agent=PEOPLE[n % 4][1], second=n, day=1 + n // 20)
            for n in range(40)
        )
    )
    anyio.run(lambda: ingest(tmp_path / "store.db", log, site="example.org"))

    def run(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        code = cli.run([*arguments, "--store", "embedded:store.db"])
        return code, capsys.readouterr()[0]

    return run


def visitors(path: Path) -> tuple[set[str], set[str], int]:
    """Who has sessions, who is a visitor, and how many items indexes have."""
    tables = anyio.run(lambda: dump(path))
    sessions = {item["pk"]["S"] for item in tables["sessions"]}
    own = {pk for pk in sessions if not pk.startswith("#")}
    return own, {item["pk"]["S"] for item in tables["visitors"]}, len(sessions) - len(own)


def indexed(path: Path) -> set[str]:
    """Whom the indexes of all days name."""

    async def read() -> set[str]:
        async with opened(path) as store:
            keys = {item["pk"]["S"] for item in await items_of(store, "sessions")}
            frames = [await read_index(store, CLOCK, pk) for pk in keys if pk.startswith("#")]

        return {pk for frame in frames for pk in frame["pk"]}

    return anyio.run(read)


def test_sessions_and_visitors_of_a_person_go_and_others_stay(tmp_path: Path, run: Run) -> None:
    assert run("materialize", "--create")[0] == 0
    assert [len(who) for who in visitors(tmp_path / "store.db")[:2]] == [4, 4]
    code, out = run("forget", "--ip", ME, "--yes")
    assert code == 0
    assert "4 of table sessions, 2 of table visitors." in out.splitlines()[0]
    assert "nothing is left" in out
    own, known, _ = visitors(tmp_path / "store.db")
    assert own == known
    assert len(own) == 2


def test_no_index_names_who_is_forgotten(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "store.db"
    run("materialize", "--create")
    before = visitors(path)[0]
    assert indexed(path) == before
    run("forget", "--ip", ME, "--yes")
    assert indexed(path) == visitors(path)[0]
    assert len(before - indexed(path)) == 2


def test_after_it_the_tables_are_those_of_a_store_that_never_knew_them(tmp_path: Path, run: Run) -> None:
    run("materialize", "--create")
    run("forget", "--ip", ME, "--yes")
    before = visitors(tmp_path / "store.db")
    run("materialize")
    assert visitors(tmp_path / "store.db") == before


def test_a_dry_run_says_what_each_table_has_and_leaves_it(tmp_path: Path, run: Run) -> None:
    run("materialize", "--create")
    before = visitors(tmp_path / "store.db")
    who = sorted(before[0])[0].partition("#")[2]
    _, out = run("forget", "--visitor", who, "--dry-run")
    assert out.endswith("2 of table sessions, 1 of table visitors.\n")
    assert visitors(tmp_path / "store.db") == before
