from __future__ import annotations

from typing import Any

import msgspec
import polars as pl
import pytest

from footfall.errors import TableMissing
from footfall.layout import PageReply
from footfall.store.engine import Reply
from footfall.store.pages import Manner, Page, read_pages, request_for
from footfall.store.partitions import KeyRange, Partition, Segment
from footfall.store.read_pace import ReadPace
from tests.fakes import FakeClock, ScriptedEngine, ok, refused, store_on

pytestmark = pytest.mark.anyio


def reply(last: str | None = None, units: float = 128.0) -> Reply:
    document: dict[str, Any] = {"Items": [{}], "Count": 1, "ConsumedCapacity": {"CapacityUnits": units}}
    return ok(document | ({"LastEvaluatedKey": {"pk": {"S": last}}} if last else {}))


def frame_of(page: PageReply) -> pl.DataFrame:
    return pl.DataFrame({"count": [page.count]})


def test_requests_are_dynamodbs() -> None:
    usual = {"TableName": "t", "ReturnConsumedCapacity": "TOTAL"}
    keys = KeyRange("p", "a", "b")

    assert request_for(Segment(1, 4), "t") == ("Scan", usual | {"Segment": 1, "TotalSegments": 4})
    assert request_for(KeyRange("p"), "t")[1]["KeyConditionExpression"] == "pk = :pk"
    assert request_for(keys, "t") == (
        "Query",
        usual
        | {
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
            "ExpressionAttributeValues": {":pk": {"S": "p"}, ":first": {"S": "a"}, ":last": {"S": "b"}},
        },
    )


def test_a_manner_says_what_is_asked_of_each_page() -> None:
    _, document = request_for(Segment(0, 1), "t", Manner("pk, sk", is_consistent=True))
    slow = Manner(pace=ReadPace(10.0, FakeClock()))

    assert (document["ProjectionExpression"], document["ConsistentRead"]) == ("pk, sk", True)
    assert request_for(Segment(0, 1), "t", slow)[1]["Limit"] == 160, "a page of about a second"


async def test_each_page_says_which_partition_it_is_of_and_where_the_next_one_begins() -> None:
    engine = ScriptedEngine([reply("a"), reply("b"), reply()])
    pages: list[Page] = []

    async def take(page: Page) -> None:
        pages.append(page)

    await read_pages(store_on(engine), FakeClock(), [(5, Segment(0, 1))], frame_of, take)
    starts = [msgspec.json.decode(call.body).get("ExclusiveStartKey") for call in engine.calls]

    assert [page.last_key for page in pages] == [b'{"pk":{"S":"a"}}', b'{"pk":{"S":"b"}}', None]
    assert {(page.partition, page.items, page.read_units) for page in pages} == {(5, 1, 128.0)}
    assert starts == [None, {"pk": {"S": "a"}}, {"pk": {"S": "b"}}]


async def test_a_partition_is_gone_on_with_where_it_was_left() -> None:
    engine = ScriptedEngine([reply()])

    async def take(page: Page) -> None:
        assert page.last_key is None

    await read_pages(
        store_on(engine), FakeClock(), [(5, KeyRange("p"))], frame_of, take, started={5: b'{"pk":{"S":"a"}}'}
    )
    assert engine.calls[0].document["ExclusiveStartKey"] == {"pk": {"S": "a"}}


async def test_a_refusal_is_the_error_that_says_why() -> None:
    async def take(page: Page) -> None:
        pytest.fail(str(page))

    with pytest.RaisesGroup(TableMissing):
        engine = ScriptedEngine([refused("ResourceNotFoundException")])
        await read_pages(store_on(engine), FakeClock(), [(0, Segment(0, 1))], frame_of, take)


@pytest.mark.parametrize("readers", [1, 4, 8])
async def test_no_more_units_are_read_than_asked_for_however_many_readers(readers: int) -> None:
    """Each reader reads three pages of 100 units, at 200 a second."""
    clock, sent_at, left = FakeClock(), list[float](), dict.fromkeys(range(readers), 3)

    def answer(_: str, body: bytes) -> Reply:
        segment = msgspec.json.decode(body)["Segment"]
        sent_at.append(clock.monotonic())
        left[segment] -= 1
        return reply("more" if left[segment] else None, units=100.0)

    async def take(page: Page) -> None:
        assert page.items == 1

    pieces: list[tuple[int, Partition]] = [(index, Segment(index, readers)) for index in range(readers)]
    manner = Manner(pace=ReadPace(200.0, clock))
    await read_pages(store_on(ScriptedEngine(answer)), clock, pieces, frame_of, take, manner=manner)

    assert len(sent_at) == 3 * readers
    for place, moment in enumerate(sent_at):
        assert 100 * place <= 200 * (moment + 1.0), "a second ahead at most"

    assert sent_at[-1] <= 3 * readers * 100 / 200 + 1.0, "and not much slower"
