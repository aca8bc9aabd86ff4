from __future__ import annotations

from math import inf
from typing import Any

import msgspec
import pytest

from footfall.clock import SystemClock
from footfall.store.admin import Capacity, create_tables
from footfall.store.embedded import EmbeddedEngine
from footfall.store.engine import NoReply
from footfall.store.writer.capacity import TableCapacity, ask_capacity, read_capacity
from tests.fakes import Answer, ScriptedEngine, refused, store_on

pytestmark = pytest.mark.anyio


def described(**table: Any) -> bytes:
    return msgspec.json.encode({"Table": {"TableName": "events", **table}})


@pytest.mark.parametrize(
    ("table", "capacity"),
    [
        ({"ProvisionedThroughput": {"WriteCapacityUnits": 50}}, TableCapacity(50)),
        (
            {
                "ProvisionedThroughput": {"WriteCapacityUnits": 0},
                "WarmThroughput": {"WriteUnitsPerSecond": 9000},
            },
            TableCapacity(9000),
        ),
        ({"BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}}, TableCapacity(4000)),
        ({"OnDemandThroughput": {"MaxWriteRequestUnits": 700}}, TableCapacity(4000, 700)),
        ({"OnDemandThroughput": {"MaxWriteRequestUnits": -1}}, TableCapacity(4000)),
    ],
    ids=str,
)
def test_a_run_begins_at_what_the_table_is_known_to_take(
    table: dict[str, Any], capacity: TableCapacity
) -> None:
    assert read_capacity(described(**table)) == capacity


@pytest.mark.parametrize("answer", [refused("AccessDeniedException"), NoReply("reset", maybe_applied=True)])
async def test_who_may_not_ask_begins_as_a_new_table(answer: Answer) -> None:
    engine = ScriptedEngine([answer])
    assert await ask_capacity(store_on(engine), "events") == TableCapacity(4000)
    assert engine.calls[0].document == {"TableName": "events"}


@pytest.mark.parametrize("billing", [Capacity(), Capacity(5, 5)])
async def test_a_file_has_no_limit(billing: Capacity, embedded_engine: EmbeddedEngine) -> None:
    store = store_on(embedded_engine)
    await create_tables(store, SystemClock(), shards=1, capacity=billing)
    assert await ask_capacity(store, store.events_table) == TableCapacity(inf, inf)
