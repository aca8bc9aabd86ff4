"""What a request is about: its table, and the partition key it names, if it names one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from footfall.store.embedded.grammar import Placeholders
from footfall.store.embedded.key_conditions import parse_key_condition
from footfall.store.embedded.keys import KeyBytes, KeyPart, KeySchema, key_bytes
from footfall.store.embedded.problem import Problem
from footfall.store.simulator.writes import ITEMS, Members

WRITES: Final = frozenset({"BatchWriteItem", "PutItem", "UpdateItem", "DeleteItem"})
READS: Final = frozenset({"GetItem", "Query", "Scan"})


def side(operation: str) -> str:
    """Return the word for an operation's direction in the reasons of throttling."""
    return "Write" if operation in WRITES else "Read"


def is_about(members: Members, table: str) -> bool:
    """Tell whether a request reads or writes `table`."""
    if ITEMS in members:
        return table in msgspec.json.decode(members[ITEMS], type=dict[str, msgspec.Raw])

    return "TableName" in members and msgspec.json.decode(members["TableName"]) == table


def partition_key(operation: str, members: Members, schema: KeySchema) -> KeyBytes | None:
    """Return the partition key that a request names; None for a Scan, and for what the table will refuse."""
    find = _FINDERS.get(operation)
    try:
        return None if find is None else find(members, schema)
    except (Problem, msgspec.MsgspecError, LookupError, TypeError):
        return None


def schema_of(description: dict[str, Any]) -> KeySchema:
    """Return the keys in a TableDescription."""
    kinds = {one["AttributeName"]: one["AttributeType"] for one in description["AttributeDefinitions"]}
    parts = [KeyPart(one["AttributeName"], kinds[one["AttributeName"]]) for one in description["KeySchema"]]
    return KeySchema(parts[0], parts[1] if len(parts) > 1 else None)


def _of_item(members: Members, schema: KeySchema) -> KeyBytes:
    found = members["Item"] if "Item" in members else members["Key"]
    return key_bytes(msgspec.json.decode(found)[schema.partition.name])


def _of_query(members: Members, schema: KeySchema) -> KeyBytes | None:
    names, values, text = (
        msgspec.json.decode(members.get(name, b"null"))
        for name in ("ExpressionAttributeNames", "ExpressionAttributeValues", "KeyConditionExpression")
    )
    rows = parse_key_condition(text, schema, Placeholders(names, values))
    for bound in rows.bounds:
        if bound.columns == ("pk",):
            (key,) = bound.values
            assert not isinstance(key, int)
            return key

    return None


_FINDERS: Final[dict[str, Callable[[Members, KeySchema], KeyBytes | None]]] = {
    "GetItem": _of_item,
    "PutItem": _of_item,
    "UpdateItem": _of_item,
    "DeleteItem": _of_item,
    "Query": _of_query,
}
