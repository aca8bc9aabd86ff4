"""Find and describe tables."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import msgspec

from footfall.store.embedded.keys import KeyPart, KeySchema
from footfall.store.embedded.problem import NOT_FOUND, Problem
from footfall.store.embedded.requests import AttributeDefinition, KeyElement, Throughput, Wire

ARN_PREFIX: Final = "arn:aws:dynamodb:embedded:000000000000:table/"
_COLUMNS: Final = "id, name, created_at, definition, ttl_attribute, item_count, size_bytes"


class Definition(Wire, kw_only=True):
    """What is kept of a CreateTable, as JSON in the file."""

    key_schema: list[KeyElement]
    attribute_definitions: list[AttributeDefinition]
    billing_mode: str
    provisioned_throughput: Throughput | None = None
    deletion_protection_enabled: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A row of the file's table of tables; `rows` names the SQLite table with the items."""

    id: int
    name: str
    created_at: float
    definition: bytes
    ttl_attribute: str | None
    item_count: int
    size_bytes: int

    @property
    def schema(self) -> KeySchema:
        """Return the key attributes."""
        return _schema(self.definition)

    @property
    def rows(self) -> str:
        """Return the name of the SQLite table that holds the items."""
        return f"items_{self.id}"


def find_table(connection: sqlite3.Connection, name: str) -> Table:
    """Return the table called `name`. Raises `Problem` when there is none."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM tables WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise Problem(NOT_FOUND, f"Requested resource not found: Table: {name} not found")

    return Table(*row)


def add_to_totals(connection: sqlite3.Connection, table: Table, items: int, size_bytes: int) -> None:
    """Add to what DescribeTable tells of a table's items and bytes."""
    if items or size_bytes:
        connection.execute(
            "UPDATE tables SET item_count = item_count + ?, size_bytes = size_bytes + ? WHERE id = ?",
            (items, size_bytes, table.id),
        )


def describe(table: Table, status: str = "ACTIVE") -> dict[str, object]:
    """Return a TableDescription."""
    definition = _definition(table.definition)
    throughput = definition.provisioned_throughput or Throughput(
        read_capacity_units=0, write_capacity_units=0
    )
    description: dict[str, object] = {
        "TableName": table.name,
        "TableStatus": status,
        "TableArn": ARN_PREFIX + table.name,
        "TableId": f"00000000-0000-0000-0000-{table.id:012d}",
        "CreationDateTime": table.created_at,
        "KeySchema": definition.key_schema,
        "AttributeDefinitions": definition.attribute_definitions,
        "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, **msgspec.to_builtins(throughput)},
        "ItemCount": table.item_count,
        "TableSizeBytes": table.size_bytes,
        "DeletionProtectionEnabled": definition.deletion_protection_enabled,
    }
    if definition.billing_mode == "PAY_PER_REQUEST":
        description["BillingModeSummary"] = {"BillingMode": definition.billing_mode}

    return description


@lru_cache(maxsize=256)
def _definition(data: bytes) -> Definition:
    return msgspec.json.decode(data, type=Definition)


@lru_cache(maxsize=256)
def _schema(data: bytes) -> KeySchema:
    definition = _definition(data)
    kinds = {
        attribute.attribute_name: attribute.attribute_type for attribute in definition.attribute_definitions
    }
    parts = [KeyPart(key.attribute_name, kinds[key.attribute_name]) for key in definition.key_schema]
    return KeySchema(parts[0], parts[1] if len(parts) > 1 else None)
