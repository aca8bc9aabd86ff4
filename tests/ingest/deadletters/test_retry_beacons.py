from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec
import pytest

from footfall.store.engine import Engine, Reply
from ingest.beacons import BeaconSettings
from ingest.deadletters import read_letters
from ingest.deadletters.again import Choice
from ingest.formats import named
from tests.ingest.deadletters.retries import SHIFTED, VHOST, line, refused_log, retry, retry_into
from tests.ingest.runs import embedded_store, ingest, table

pytestmark = pytest.mark.anyio


@pytest.fixture
def dead(tmp_path: Path) -> Path:
    return tmp_path / "dead.ndjson"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def beacons(tmp_path: Path, *, path: bytes = b"/matomo.php") -> Path:
    """Return a log of a visit's requests, among them a beacon with an id of its own and one sent twice."""
    told = b"?idsite=1&rec=1&url=https%%3A%%2F%%2Fwww.example.org%%2F%d"
    log = tmp_path / "beacons.log"
    lines = [line(number).replace(b"/p?%d" % number, path + told % number) for number in range(6)]
    known = b"/collect?v=2&tid=G-1&cid=1.2&en=page_view&dl=https%3A%2F%2Fwww.example.org%2F&_p=17&_s=1"
    lines += [line(7).replace(b"/p?7", known)] * 2 + [line(8)]
    log.write_bytes(b"".join(each + b"\n" for each in lines))
    return log


@pytest.mark.parametrize(
    ("path", "settings"),
    [
        (b"/matomo.php", BeaconSettings()),
        (b"/matomo.php", BeaconSettings(dialects=())),
        (b"/matomo.php", BeaconSettings(dialects=("ga4",))),
        (b"/collect.php", BeaconSettings(paths=(("/collect.php", "matomo"),))),
    ],
)
async def test_a_retry_looks_for_the_beacons_that_were_looked_for_then(
    tmp_path: Path, store: Path, dead: Path, path: bytes, settings: BeaconSettings
) -> None:
    log = beacons(tmp_path, path=path)
    await refused_log(store, log, beacons=settings)
    await retry(store, dead)
    await ingest(tmp_path / "right.db", log, format=VHOST, dead_letters=tmp_path / "d", beacons=settings)
    assert await table(store) == await table(tmp_path / "right.db")


async def test_time_shift_and_beacons_may_be_named_anew(tmp_path: Path, store: Path, dead: Path) -> None:
    log = beacons(tmp_path)
    await refused_log(store, log, beacons=BeaconSettings(dialects=()), enrichment=SHIFTED)
    await retry(store, dead, Choice(format=VHOST, time_shift_seconds=0, beacons=BeaconSettings()))
    await ingest(tmp_path / "right.db", log, format=VHOST, dead_letters=tmp_path / "d")
    assert await table(store) == await table(tmp_path / "right.db")


BULK: Final = (
    b'{"time":"2026-01-17T10:00:00Z","ip":"192.0.2.1","user_agent":"A","path":"/matomo.php","body":{"requests":['
    b'"?idsite=1&rec=1&url=https%3A%2F%2Fwww.example.org%2F1",'
    b'"?idsite=1&rec=1&url=https%3A%2F%2Fwww.example.org%2F2","?idsite=1&rec=1&url=https%3A%2F%2Fwww.example.org%2F3"]}}\n'
)


async def test_a_line_of_several_events_is_one_letter(tmp_path: Path, store: Path, dead: Path) -> None:
    log = tmp_path / "bulk.ndjson"
    log.write_bytes(BULK * 2)
    await refused_log(store, log)
    retried = await retry(store, dead, Choice(format=named("beacons")))
    assert (retried.chosen, retried.stored, retried.left) == (2, 2, 0)
    assert len(await table(store)) == 6
    assert read_letters(dead).waiting.is_empty()


class RefusingEngine:
    """An engine in front of another that says of batches with a word in them that they are not valid."""

    def __init__(self, engine: Engine, word: bytes) -> None:
        self._engine = engine
        self._word = word

    async def call(self, operation: str, body: bytes) -> Reply:
        if operation == "BatchWriteItem" and self._word in body:
            error = {"__type": "com.amazon.coral.validate#ValidationException", "message": "as told"}
            return Reply(400, msgspec.json.encode(error))

        return await self._engine.call(operation, body)

    async def aclose(self) -> None:
        await self._engine.aclose()


@pytest.mark.parametrize("word", [b"ga4", b"/4"])
async def test_a_beacon_that_the_store_refuses_waits_on(
    tmp_path: Path, store: Path, dead: Path, word: bytes
) -> None:
    log = beacons(tmp_path)
    await refused_log(store, log)
    async with embedded_store(store) as (opened, meta):
        engine = RefusingEngine(opened.engine, word)
        retried = await retry_into(replace(opened, engine=engine), meta, dead)

    assert (retried.stored, retried.left) == (7, 0)
    assert len(read_letters(dead).waiting) == retried.refused.total() > 0
