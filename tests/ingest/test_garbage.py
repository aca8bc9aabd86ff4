"""A log with one per cent of garbage of every sort, through a whole run into a store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import anyio
import msgspec
import pytest

from fuzz.mutations import ATTACKS, CONTROL, FOREIGN, NESTS, TURNED
from fuzz.seeds import records
from ingest.deadletters import DeadLetter
from ingest.formats import FORMATS
from ingest.run import Outcome
from tests.ingest.runs import Table, combined_lines, ingest, table

GOOD = 10_000
LONG = 10 * 2**20
START = b"192.0.2.7 - - [01/Mar/2026:00:00:00 +0000] "


def _request(target: bytes, agent: bytes = b"scan") -> bytes:
    return START + b'"GET ' + target + b' HTTP/1.1" 404 0 "-" "' + agent + b'"'


def _binary() -> Iterator[bytes]:
    chance = Random(1)
    for size in (1, 10, 100, 1000, 5000):
        yield chance.randbytes(size).replace(b"\n", b"")


def _cut() -> Iterator[bytes]:
    line = combined_lines(1)[0].rstrip()
    for length in range(1, len(line), 9):
        yield line[:length]


def _other_formats() -> Iterator[bytes]:
    for name in FORMATS:
        if name not in {
            "combined", "icecast", "ingress_nginx", "nginx_main", "ovh", "squid_combined", "traefik_clf"
        }:  # fmt: skip
            yield records(name)[0]


def _scans() -> Iterator[bytes]:
    yield START + b'"\\x16\\x03\\x01\\x02\\x00" 400 0 "-" "-"'
    yield START + b'"-" 408 0 "-" "-"'
    for attack in (*ATTACKS, *NESTS):
        yield _request(b"/" + attack.replace(b" ", b"+").replace(b'"', b'\\"'))
        yield _request(b"/", agent=attack.replace(b'"', b'\\"'))


def _odd_bytes() -> Iterator[bytes]:
    for piece in (*FOREIGN, *CONTROL, *(text.encode() for text in TURNED)):
        yield piece
        yield _request(b"/" + piece.replace(b"\r", b""), agent=piece)


def _giants() -> Iterator[bytes]:
    yield b"x" * LONG
    yield _request(b"/" + b"a" * LONG)


SORTS = {
    "binary": _binary,
    "cut": _cut,
    "other formats": _other_formats,
    "scans": _scans,
    "odd bytes": _odd_bytes,
    "giants": _giants,
}


def spoilt_log(path: Path) -> int:
    """Write good lines with garbage among them; return how many lines of that."""
    garbage = [line for sort in SORTS.values() for line in sort()]
    Random(2).shuffle(garbage)
    lines = combined_lines(GOOD)
    every = GOOD // len(garbage)
    for number, line in enumerate(garbage):
        lines.insert(number * every + number + 7, line + b"\n")

    path.write_bytes(b"".join(lines))
    return len(garbage)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Table, list[DeadLetter], int]:
    """One run over a spoilt log: how it went, the table, the dead letters, and how many lines were garbage."""
    folder = tmp_path_factory.mktemp("garbage")
    log, store = folder / "access.log", folder / "store.db"
    count = spoilt_log(log)

    async def run() -> tuple[Outcome, Table]:
        return await ingest(store, log), await table(store)

    outcome, stored = anyio.run(run)
    letters = [
        msgspec.json.decode(line, type=DeadLetter)
        for line in (folder / "dead.ndjson").read_bytes().splitlines()
    ]
    return outcome, stored, letters, count


Done = tuple[Outcome, Table, list[DeadLetter], int]


def test_no_good_line_is_lost_and_none_is_stored_twice(done: Done) -> None:
    _, stored, _, _ = done
    paths = [
        item["p"]["S"] for item in stored.values() if item.get("p", {}).get("S", "").startswith("/page/")
    ]
    good = [path for path in paths if path.removeprefix("/page/").isdecimal()]
    assert sorted(set(good)) == sorted(f"/page/{number}" for number in range(GOOD))
    # A cut line may have kept its path, never more of them than lines were cut.
    assert 0 <= len(good) - GOOD <= len(list(_cut()))


def test_every_bad_line_is_a_dead_letter_or_an_event(done: Done) -> None:
    outcome, stored, letters, garbage = done
    counts = outcome.tally.counts
    assert counts.lines == GOOD + garbage
    assert counts.rejected == len(letters) == len({letter.offset for letter in letters})
    assert counts.events == len(stored)
    assert counts.lines == counts.events + counts.rejected + counts.skipped
    assert counts.skipped < 10


def test_giants_are_refused_for_their_length_and_the_beginning_is_kept(done: Done) -> None:
    giants = [letter for letter in done[2] if letter.raw_bytes >= LONG]
    assert [letter.reason for letter in giants] == ["line-too-long"] * 2
    assert all(len(letter.kept()) == 2**20 for letter in giants)


def test_what_scanners_ask_for_is_an_event(done: Done) -> None:
    asked = [item for item in done[1].values() if item.get("st", {}).get("N") == "404"]
    assert len(asked) >= 2 * len(ATTACKS)


def test_lines_of_other_formats_and_binary_ones_are_refused(done: Done) -> None:
    refused = {letter.kept() for letter in done[2]}
    assert records("alb")[0] in refused
    assert records("caddy")[0] in refused
    assert {line for line in _binary() if len(line) > 9} <= refused


def test_the_garbage_is_about_a_per_cent(done: Done) -> None:
    assert 0.005 < done[3] / GOOD < 0.03
