"""What is answered holds: a model of the answers against what the engine behind really has."""

from __future__ import annotations

import random
from collections.abc import Iterator

import anyio
import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from footfall.store.engine import NoReply, Reply
from tests.store.conformance.harness import delete, item, key, put
from tests.store.simulator.direct import Rehearsal

pytestmark = pytest.mark.anyio

HOSTILE = (
    "write_units=300,40@20,2000@40&partition_write_units=120&burst_seconds=2&latency_ms=10&jitter_ms=20&slow_ms=900"
    "&faults=unprocessed:0.1,provisioned:0.03,throttling:0.03,request_limit:0.02,internal_before:0.03,"
    "internal_after:0.05,unavailable:0.02,bad_gateway:0.03,reset_before:0.03,reset_after:0.05,timeout:0.03,slow:0.05"
)

Key = tuple[str, str]


class Model:
    """What must be in the table: the versions that each key may have, one unless a reply was lost or an error."""

    def __init__(self) -> None:
        self.versions: dict[Key, set[str | None]] = {}
        self.acknowledged_units = 0

    def maybe(self, wanted: dict[Key, str | None]) -> None:
        for place, version in wanted.items():
            self.versions[place] = {*self.versions.get(place, {None}), version}

    def stored(self, wanted: dict[Key, str | None]) -> None:
        self.versions.update({place: {version} for place, version in wanted.items()})


def writes_of(random_: random.Random, number: int) -> dict[Key, str | None]:
    """Draw a batch: keys that repeat between batches, so that versions follow each other; None deletes."""
    places = {
        (f"p{random_.randrange(6)}", str(random_.randrange(200))) for _ in range(random_.randint(1, 25))
    }
    return {place: None if random_.random() < 0.1 else f"v{number}" for place in sorted(places)}


async def send(rehearsal: Rehearsal, wanted: dict[Key, str | None]) -> Reply | NoReply:
    requests = [
        delete(key(*place)) if version is None else put(item(*place, v={"S": version}))
        for place, version in wanted.items()
    ]
    try:
        return await rehearsal.subject.try_batch(*requests, ReturnConsumedCapacity="TOTAL")
    except NoReply as lost:
        return lost


def learn(model: Model, wanted: dict[Key, str | None], answer: Reply | NoReply) -> None:
    """Put into the model what an answer promises."""
    if isinstance(answer, NoReply):
        if answer.maybe_applied:
            model.maybe(wanted)
        return

    if answer.status >= 500:
        model.maybe(wanted)

    if answer.ok:
        left = set(_left(answer))
        done = {place: version for place, version in wanted.items() if place not in left}
        assert left < set(wanted)
        assert msgspec.json.decode(answer.body)["ConsumedCapacity"][0]["CapacityUnits"] == len(done)
        model.stored(done)


def _left(answer: Reply) -> Iterator[Key]:
    for write in msgspec.json.decode(answer.body)["UnprocessedItems"].get("events", []):
        stored = write["PutRequest"]["Item"] if "PutRequest" in write else write["DeleteRequest"]["Key"]
        yield stored["pk"]["S"], stored["sk"]["S"]


async def run(parameters: str, seed: int, batches: int) -> tuple[list[object], Model, Rehearsal]:
    rehearsal, model, random_ = await Rehearsal(parameters).opened(), Model(), random.Random(seed)
    answers: list[object] = []
    for number in range(batches):
        wanted = writes_of(random_, number)
        answer = await send(rehearsal, wanted)
        learn(model, wanted, answer)
        answers.append(answer if isinstance(answer, Reply) else (str(answer), answer.maybe_applied))
        rehearsal.clock.advance(random_.random() * 0.2)

    return answers, model, rehearsal


@pytest.mark.parametrize("seed", range(3))
async def test_what_is_answered_is_what_is_stored(seed: int) -> None:
    _, model, rehearsal = await run(f"{HOSTILE}&seed={seed}", seed, 400)
    stored = {(one["pk"]["S"], one["sk"]["S"]): one["v"]["S"] for one in await rehearsal.truth.all()}
    wrong = {
        place: (stored.get(place), versions)
        for place, versions in model.versions.items()
        if stored.get(place) not in versions
    }
    assert wrong == {}
    assert set(stored) <= set(model.versions)
    assert sum(len(versions) == 1 for versions in model.versions.values()) > 100


async def test_two_runs_with_one_seed_are_the_same_and_with_another_are_not() -> None:
    first, second, other = [(await run(f"{HOSTILE}&seed={seed}", 1, 200))[0] for seed in (5, 5, 6)]
    assert first == second != other


@hypothesis_settings(max_examples=40)
@given(
    table=st.integers(1, 60),
    partition=st.integers(1, 60),
    burst=st.integers(1, 5),
    pauses=st.lists(st.floats(0, 3), min_size=1, max_size=12),
)
def test_no_window_stores_more_than_the_limits_allow(
    table: int, partition: int, burst: int, pauses: list[float]
) -> None:
    async def stored_by_second() -> list[tuple[float, int]]:
        parameters = f"write_units={table}&partition_write_units={partition}&burst_seconds={burst}"
        rehearsal = await Rehearsal(parameters).opened()
        found = []
        for number, pause in enumerate(pauses):
            rehearsal.clock.advance(pause)
            found.append((rehearsal.clock.monotonic(), await rehearsal.stored_of(25, first=25 * number)))

        return found

    found = anyio.run(stored_by_second)
    for first, (start, _) in enumerate(found):
        for last, (end, _) in enumerate(found[first:], first):
            stored = sum(count for _, count in found[first : last + 1])
            assert stored <= table * burst + table * (end - start) + 1e-3
            assert stored <= partition + partition * (end - start) + 1e-3


async def test_many_callers_at_once_share_one_ceiling() -> None:
    rehearsal = await Rehearsal(
        "write_units=100&partition_write_units=9999&burst_seconds=1&latency_ms=8"
    ).opened()
    stored = 0

    async def write(writer: int) -> None:
        nonlocal stored
        for number in range(40):
            count = await rehearsal.stored_of(25, f"p{writer}", first=25 * number)
            stored += count

    async with anyio.create_task_group() as tasks:
        for writer in range(16):
            tasks.start_soon(write, writer)

    assert rehearsal.clock.monotonic() == pytest.approx(40 * 0.008)
    # A second's worth at the start, and what 39.5 times the latency has added since then.
    assert stored == len(await rehearsal.truth.all()) == 100 + int(100 * 39.5 * 0.008)
