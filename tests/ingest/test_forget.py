"""`footfall forget` over whole stores: a person is gone from everything, and nobody else is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

import anyio
import polars as pl
import pytest

import cli
from ingest.deadletters import read_letters
from tests.ingest.runs import ingest, table

ME: Final = "192.0.2.7"
LINE: Final = '{ip} - - [01/Mar/2026:12:00:{second:02d} +0000] "GET /{second} HTTP/1.1" 200 5 "-" "{agent}"\n'
PEOPLE: Final = ((ME, "A"), ("192.0.2.70", "A"), (ME, "B"), ("198.51.100.1", "A"))

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a store of 40 events, 20 of them mine, and two dead letters, one of them mine."""
    monkeypatch.chdir(tmp_path)
    lines = [LINE.format(ip=PEOPLE[n % 4][0], agent=PEOPLE[n % 4][1], second=n) for n in range(40)]
    log = tmp_path / "access.log"
    log.write_text("".join([*lines, f"rubbish of {ME}\n", "rubbish of 192.0.2.70\n"]))
    dead = tmp_path / "footfall-dead-letters.ndjson"
    anyio.run(lambda: ingest(tmp_path / "store.db", log, site="example.org", dead_letters=dead))
    return tmp_path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.run([*arguments, "--store", "embedded:store.db"])
        return code, *capsys.readouterr()

    return run


def stored(folder: Path) -> list[str]:
    items = anyio.run(lambda: table(folder / "store.db")).values()
    return sorted(item["p"]["S"] for item in items)


def test_all_of_an_address_is_erased_and_nothing_else(folder: Path, run: Run) -> None:
    code, out, _ = run("forget", "--ip", ME, "--yes")
    assert code == 0
    assert out.splitlines() == [
        "Erased: 20 events, 1 dead letter, 0 rows of 0 Parquet files.",
        "Proof: a second look at 20 items, and at every file again: nothing is left.",
    ]
    assert stored(folder) == sorted(f"/{n}" for n in range(40) if PEOPLE[n % 4][0] != ME)
    text = (folder / "footfall-dead-letters.ndjson").read_text()
    assert ME not in text.replace("192.0.2.70", "")
    assert "rubbish of 192.0.2.70" in text


def test_a_visitor_is_erased_by_the_id_that_reports_show(folder: Path, run: Run) -> None:
    items = anyio.run(lambda: table(folder / "store.db")).values()
    [mine] = {item["v"]["S"] for item in items if item["p"]["S"] == "/2"}
    code, out, _ = run("forget", "--visitor", mine, "--yes")
    assert (code, out.splitlines()[0]) == (0, "Erased: 10 events, 0 dead letters, 0 rows of 0 Parquet files.")
    assert stored(folder) == sorted(f"/{n}" for n in range(40) if n % 4 != 2)


def test_what_was_erased_is_no_gap_for_verify(folder: Path, run: Run) -> None:
    assert run("forget", "--ip", ME, "--yes")[0] == 0
    code, out, _ = run("verify")
    assert code == 0
    assert "40 events accounted for, 40 stored: all there" in out
    assert "2 lines rejected, all of them kept" in out


def test_an_erased_letter_waits_no_more_and_the_others_do(folder: Path, run: Run) -> None:
    run("forget", "--ip", ME, "--yes")
    letters = read_letters(folder / "footfall-dead-letters.ndjson")
    assert letters.frame["state"].to_list() == ["filtered", "waiting"]
    assert letters.unreadable == 0


def test_rows_of_datasets_go_and_the_rest_of_them_stays(folder: Path, run: Run) -> None:
    assert run("report", "summary", "--dataset", "data")[0] == 0
    code, out, _ = run("forget", "--ip", ME, "--dataset", "data", "--yes")
    assert code == 0
    assert "20 rows of 1 Parquet file" in out
    kept = pl.read_parquet("data/**/*.parquet", hive_partitioning=False)
    assert sorted(kept["path"]) == stored(folder)
    assert run("forget", "--ip", ME, "--dataset", "data", "--dry-run")[1] == (
        "Kept: 0 events, 0 dead letters, 0 rows of 0 Parquet files.\n"
    )


def test_the_days_of_a_person_are_read_again_into_a_dataset_that_was_not_named(
    folder: Path, run: Run
) -> None:
    assert run("report", "summary", "--dataset", "data")[0] == 0
    assert run("forget", "--ip", ME, "--yes")[0] == 0
    code, _, said = run("report", "summary", "--dataset", "data")
    assert code == 0
    assert "read 20 items" in said
    kept = pl.read_parquet("data/**/*.parquet", hive_partitioning=False)
    assert sorted(kept["path"]) == stored(folder)


def test_a_dry_run_erases_nothing(folder: Path, run: Run) -> None:
    before = (folder / "footfall-dead-letters.ndjson").read_bytes()
    code, out, _ = run("forget", "--ip", ME, "--dry-run", "--summary", "json")
    assert code == 0
    document = json.loads(out)
    assert document["before"]["events"] == 20
    assert document["after"] is None
    assert len(stored(folder)) == 40
    assert (folder / "footfall-dead-letters.ndjson").read_bytes() == before


def test_nothing_is_erased_before_somebody_has_said_yes(folder: Path, run: Run) -> None:
    code, _, err = run("forget", "--ip", ME)
    assert code != 0
    assert "Traceback" not in err
    assert len(stored(folder)) == 40


@pytest.mark.parametrize(
    "arguments", [(), ("--ip", "192.0.2"), ("--cookie", "nobody=1"), ("--ip", "\x1b[31m")]
)
def test_a_wish_that_names_nobody_is_refused_with_what_to_type(
    folder: Path, run: Run, arguments: tuple[str, ...]
) -> None:
    code, _, err = run("forget", *arguments, "--yes")
    assert code == 2
    assert "\x1b" not in err
    assert "Error" in err
    assert len(stored(folder)) == 40


def test_the_letters_of_an_address_are_erased_where_a_letter_can_be_read_as_its_event(
    folder: Path, run: Run
) -> None:
    items = anyio.run(lambda: table(folder / "store.db")).values()
    [mine] = {item["v"]["S"] for item in items if item["p"]["S"] == "/0"}
    dead = folder / "footfall-dead-letters.ndjson"
    first = json.loads(dead.read_text().splitlines()[0])
    line = LINE.format(ip=ME, agent="A", second=59).strip()
    letter = first | {"raw": line, "raw_bytes": len(line), "offset": 99_999, "line": 99}
    dead.write_text(dead.read_text() + json.dumps(letter) + "\n")
    code, out, _ = run("forget", "--visitor", mine, "--yes")
    assert code == 0
    assert "1 dead letter" in out
    assert line not in dead.read_text()


def test_a_torn_record_with_the_address_is_blanked(folder: Path, run: Run) -> None:
    dead = folder / "footfall-dead-letters.ndjson"
    size = len(dead.read_bytes())
    dead.write_text(f'{{"source": "x", "raw": "torn {ME}\n' + dead.read_text())
    code, _, _ = run("forget", "--ip", ME, "--yes")
    assert code == 0
    assert f"torn {ME}" not in dead.read_text()
    assert len(dead.read_bytes()) > size
    assert len(read_letters(dead).frame) == 2
