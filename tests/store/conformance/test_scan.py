"""The rules of Scan (API_Scan; AWSDG, bp-query-scan)."""

from __future__ import annotations

import json
import math

import pytest

from tests.store.conformance.harness import Subject, item, key, pairs, put, sized

pytestmark = pytest.mark.anyio


def spread(count: int) -> list[dict[str, dict[str, str]]]:
    return [item(f"p{number % 17}", f"s{number:05}") for number in range(count)]


async def test_an_empty_table_is_one_empty_page(subject: Subject) -> None:
    page = await subject.on_table("Scan")

    assert page["Items"] == []
    assert (page["Count"], page["ScannedCount"]) == (0, 0)
    assert "LastEvaluatedKey" not in page


async def test_a_scan_finds_every_item_once(subject: Subject) -> None:
    await subject.fill(spread(100))

    assert pairs(await subject.all()) == pairs(spread(100))


@pytest.mark.parametrize("total", [1, 2, 3, 8, 100])
async def test_segments_are_disjoint_and_cover(subject: Subject, total: int) -> None:
    await subject.fill(spread(100))

    found = [await subject.all(Segment=segment, TotalSegments=total) for segment in range(total)]
    assert pairs([stored for segment in found for stored in segment]) == pairs(spread(100))


async def test_a_partition_key_lies_in_one_segment(subject: Subject) -> None:
    await subject.fill(spread(100))

    homes: dict[str, set[int]] = {}
    for segment in range(4):
        for stored in await subject.all(Segment=segment, TotalSegments=4):
            homes.setdefault(stored["pk"]["S"], set()).add(segment)

    assert {len(segments) for segments in homes.values()} == {1}


async def test_a_thousand_segments_are_allowed(subject: Subject) -> None:
    await subject.fill(spread(25))

    found = [await subject.all(Segment=segment, TotalSegments=1000) for segment in range(1000)]
    assert sum(map(len, found)) == 25


@pytest.mark.parametrize(
    "segments",
    [
        {"Segment": 2, "TotalSegments": 2},
        {"Segment": 0},
        {"TotalSegments": 2},
        {"Segment": -1, "TotalSegments": 2},
        {"Segment": 0, "TotalSegments": 1_000_001},
    ],
    ids=["not below the total", "no total", "no segment", "negative", "too many"],
)
async def test_impossible_segments_are_refused(subject: Subject, segments: dict[str, int]) -> None:
    assert (await subject.refused("Scan", **segments)).error_code == "ValidationException"


@pytest.mark.parametrize("limit", [1, 7, 100])
async def test_paging_by_limit_finds_every_item_once(subject: Subject, limit: int) -> None:
    await subject.fill(spread(50))

    pages = [page async for page in subject.pages("Scan", Limit=limit)]
    assert all(len(page["Items"]) <= limit for page in pages)
    assert pairs([stored for page in pages for stored in page["Items"]]) == pairs(spread(50))


async def test_a_page_that_stopped_at_its_limit_has_a_key_to_go_on_from(subject: Subject) -> None:
    await subject.fill(spread(5))

    assert "LastEvaluatedKey" in await subject.on_table("Scan", Limit=5)


async def test_a_limit_of_zero_is_refused(subject: Subject) -> None:
    assert (await subject.refused("Scan", Limit=0)).error_code == "ValidationException"


async def test_a_page_ends_at_1_mb_and_is_resumable(subject: Subject) -> None:
    stored = [sized(100_000, f"p{number:02}") for number in range(25)]
    await subject.fill(stored, at_once=5)

    pages = [page async for page in subject.pages("Scan")]
    # DynamoDB Local counts the item that reaches the limit in, moto takes a MB for 1,000,000 bytes.
    assert [len(page["Items"]) for page in pages] in ([10, 10, 5], [11, 11, 3])
    assert pairs([found for page in pages for found in page["Items"]]) == pairs(stored)


async def test_the_key_to_go_on_from_need_not_exist(subject: Subject) -> None:
    await subject.fill([item("p", f"{number:02}") for number in range(10)])

    page = await subject.on_table("Scan", ExclusiveStartKey=key("p", "045"))
    assert [found["sk"]["S"] for found in page["Items"]] == ["05", "06", "07", "08", "09"]


@pytest.mark.parametrize(
    "start",
    [{"pk": {"S": "p"}}, item("p", "s", x={"S": "x"}), {"pk": {"S": "p"}, "sk": {"N": "1"}}],
    ids=["half a key", "more than a key", "another type"],
)
async def test_a_start_that_is_no_key_is_refused(subject: Subject, start: dict[str, dict[str, str]]) -> None:
    assert (await subject.refused("Scan", ExclusiveStartKey=start)).error_code == "ValidationException"


async def test_a_count_has_no_items(subject: Subject) -> None:
    await subject.fill(spread(30))

    page = await subject.on_table("Scan", Select="COUNT")
    assert (page["Count"], page["ScannedCount"]) == (30, 30)
    assert "Items" not in page


async def test_a_filter_drops_items_after_they_are_read(subject: Subject) -> None:
    await subject.fill([item("p", f"{number:02}", n={"N": str(number)}) for number in range(20)])

    page = await subject.on_table(
        "Scan", FilterExpression="n >= :low", ExpressionAttributeValues={":low": {"N": "15.0"}}
    )
    assert (page["Count"], page["ScannedCount"]) == (5, 20)
    assert [found["n"]["N"] for found in page["Items"]] == ["15", "16", "17", "18", "19"]


async def test_a_projection_keeps_what_it_names(subject: Subject) -> None:
    await subject.batch(
        put(item("p", a={"S": "1"}, b={"S": "2"}, m={"M": {"x": {"S": "3"}, "y": {"S": "4"}}}))
    )

    page = await subject.on_table(
        "Scan", ProjectionExpression="pk, #a, m.x", ExpressionAttributeNames={"#a": "a"}
    )
    assert page["Items"] == [{"pk": {"S": "p"}, "a": {"S": "1"}, "m": {"M": {"x": {"S": "3"}}}}]


async def test_a_page_of_1_mb_costs_half_a_unit_for_each_4_kb(subject: Subject) -> None:
    await subject.fill([sized(100_000, f"p{number:02}") for number in range(25)], at_once=5)

    page = await subject.on_table("Scan", ReturnConsumedCapacity="TOTAL")
    assert page["ConsumedCapacity"]["CapacityUnits"] == math.ceil(100_000 * page["Count"] / 4096) / 2


async def test_consistent_reads_cost_twice_as_much(subject: Subject) -> None:
    await subject.fill([sized(5_000, f"p{number}") for number in range(4)])

    # 20,000 bytes are summed before they are rounded up to 4 KB: 5 units, not 4 times 2.
    assert await subject.units("Scan", ConsistentRead=True) == 5.0
    assert await subject.units("Scan") == 2.5


async def test_filters_counts_and_projections_cost_what_is_read(subject: Subject) -> None:
    await subject.fill([sized(5_000, f"p{number}") for number in range(4)])

    assert await subject.units("Scan", FilterExpression="attribute_not_exists(pk)") == 2.5
    assert await subject.units("Scan", Select="COUNT") == 2.5
    assert await subject.units("Scan", ProjectionExpression="pk") == 2.5


async def test_a_missing_table_is_not_found(subject: Subject) -> None:
    reply = await subject.engine.call("Scan", json.dumps({"TableName": "footfall_test_none"}).encode())

    assert reply.error_code == "ResourceNotFoundException"
