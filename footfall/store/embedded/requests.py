"""The requests that are understood, as the wire has them.

A parameter that is not here is refused rather than ignored: an answer that leaves out an index, a legacy filter or a
transaction would be wrong without saying so.
"""

from __future__ import annotations

from typing import Any, Literal, TypeVar

import msgspec

from footfall.store.embedded.problem import Problem, invalid, malformed
from footfall.store.embedded.values import Item, Value

CapacityMode = Literal["NONE", "TOTAL", "INDEXES"]
OnFailure = Literal["NONE", "ALL_OLD"]


class Wire(msgspec.Struct, rename="pascal", forbid_unknown_fields=True, kw_only=True):
    """A structure whose members are spelled as AWS does."""


class KeyElement(Wire, kw_only=True):
    """A row of a KeySchema."""

    attribute_name: str
    key_type: Literal["HASH", "RANGE"]


class AttributeDefinition(Wire, kw_only=True):
    """The type of a key attribute."""

    attribute_name: str
    attribute_type: Literal["S", "N", "B"]


class Throughput(Wire, kw_only=True):
    """Provisioned units per second."""

    read_capacity_units: int
    write_capacity_units: int


class CreateTable(Wire, kw_only=True):
    """CreateTable. `tags`, encryption, class and deletion protection have no meaning in a file and are let through."""

    table_name: str
    key_schema: list[KeyElement]
    attribute_definitions: list[AttributeDefinition]
    billing_mode: Literal["PROVISIONED", "PAY_PER_REQUEST"] = "PROVISIONED"
    provisioned_throughput: Throughput | None = None
    on_demand_throughput: Any = None
    tags: Any = None
    table_class: Any = None
    sse_specification: Any = msgspec.field(name="SSESpecification", default=None)
    deletion_protection_enabled: bool = False


class TableRequest(Wire, kw_only=True):
    """DescribeTable, DeleteTable, DescribeTimeToLive."""

    table_name: str


class ListTables(Wire, kw_only=True):
    """ListTables."""

    exclusive_start_table_name: str = ""
    limit: int = 100


class TimeToLive(Wire, kw_only=True):
    """Which attribute says when an item expires."""

    enabled: bool
    attribute_name: str


class UpdateTimeToLive(Wire, kw_only=True):
    """UpdateTimeToLive."""

    table_name: str
    time_to_live_specification: TimeToLive


class PutRequest(Wire, kw_only=True):
    """A put of a batch; the item stays as the bytes it came in."""

    item: msgspec.Raw


class DeleteRequest(Wire, kw_only=True):
    """A delete of a batch."""

    key: Item


class WriteRequest(Wire, kw_only=True):
    """A put or a delete of a batch."""

    put_request: PutRequest | None = None
    delete_request: DeleteRequest | None = None


class BatchWriteItem(Wire, kw_only=True):
    """BatchWriteItem."""

    request_items: dict[str, list[WriteRequest]]
    return_consumed_capacity: CapacityMode = "NONE"
    return_item_collection_metrics: str = "NONE"


class ItemRequest(Wire, kw_only=True):
    """What the operations on items share."""

    table_name: str
    return_consumed_capacity: CapacityMode = "NONE"
    expression_attribute_names: dict[str, str] | None = None


class GetItem(ItemRequest, kw_only=True):
    """GetItem."""

    key: Item
    consistent_read: bool = False
    projection_expression: str | None = None


class ItemWrite(ItemRequest, kw_only=True):
    """What the operations that write one item share."""

    expression_attribute_values: dict[str, Value] | None = None
    condition_expression: str | None = None
    return_values: Literal["NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"] = "NONE"
    return_values_on_condition_check_failure: OnFailure = "NONE"
    return_item_collection_metrics: str = "NONE"


class PutItem(ItemWrite, kw_only=True):
    """PutItem."""

    item: msgspec.Raw


class DeleteItem(ItemWrite, kw_only=True):
    """DeleteItem."""

    key: Item


class UpdateItem(ItemWrite, kw_only=True):
    """UpdateItem."""

    key: Item
    update_expression: str | None = None


class PageRequest(ItemRequest, kw_only=True):
    """What Query and Scan share."""

    expression_attribute_values: dict[str, Value] | None = None
    filter_expression: str | None = None
    projection_expression: str | None = None
    select: Literal["ALL_ATTRIBUTES", "SPECIFIC_ATTRIBUTES", "COUNT"] | None = None
    consistent_read: bool = False
    limit: int | None = None
    exclusive_start_key: Item | None = None


class Scan(PageRequest, kw_only=True):
    """Scan."""

    segment: int | None = None
    total_segments: int | None = None


class Query(PageRequest, kw_only=True):
    """Query."""

    key_condition_expression: str | None = None
    scan_index_forward: bool = True


RequestT = TypeVar("RequestT")


def decode(decoder: msgspec.json.Decoder[RequestT], body: bytes) -> RequestT:
    """Return the request in `body`. Raises `Problem` when it is no JSON or not that request."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _refusal(str(error)) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise malformed("The request body is not valid JSON") from None


def _refusal(reason: str) -> Problem:
    if reason.startswith("Object contains unknown field"):
        return invalid(f"The embedded store does not support this parameter: {reason}")

    if reason.startswith(("Object missing required field", "Invalid enum value")):
        return invalid(f"1 validation error detected: {reason}")

    return malformed(reason)
