"""CreateTable, DescribeTable, DeleteTable, ListTables and time to live."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from footfall.store.embedded import requests
from footfall.store.embedded.problem import IN_USE, Problem, invalid, invalid_parameter
from footfall.store.embedded.rows import CREATE
from footfall.store.embedded.session import Session
from footfall.store.embedded.tables import Definition, Table, describe, find_table

MAX_LISTED: Final = 100
WARM_UNITS: Final = 1_000_000
"""What a file says it can take per second: it has no limit, and DynamoDB tells one of every table."""

_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}")


def create_table(session: Session, request: requests.CreateTable) -> bytes:
    """Make an empty table, active at once; return its description."""
    _refuse_name(request.table_name)
    _refuse_keys(request)
    _refuse_billing(request)
    connection = session.connection
    if connection.execute("SELECT 1 FROM tables WHERE name = ?", (request.table_name,)).fetchone():
        raise Problem(IN_USE, f"Table already exists: {request.table_name}")

    connection.execute(
        "INSERT INTO tables (name, created_at, definition) VALUES (?, ?, ?)",
        (request.table_name, session.now.timestamp(), msgspec.json.encode(_definition(request))),
    )
    table = find_table(connection, request.table_name)
    connection.execute(CREATE.format(rows=table.rows))
    return msgspec.json.encode({"TableDescription": _described(table)})


def describe_table(session: Session, request: requests.TableRequest) -> bytes:
    """Return a table's description; counts and bytes are exact, where DynamoDB's are up to six hours old."""
    return msgspec.json.encode({"Table": _described(find_table(session.connection, request.table_name))})


def delete_table(session: Session, request: requests.TableRequest) -> bytes:
    """Delete a table with its items; return its last description."""
    table = find_table(session.connection, request.table_name)
    last = describe(table, "DELETING")
    if last["DeletionProtectionEnabled"]:
        raise invalid(
            "Resource cannot be deleted as it is currently protected against deletion. "
            "Disable deletion protection first."
        )

    session.connection.execute(f"DROP TABLE {table.rows}")
    session.connection.execute("DELETE FROM tables WHERE id = ?", (table.id,))
    return msgspec.json.encode({"TableDescription": last})


def list_tables(session: Session, request: requests.ListTables) -> bytes:
    """Return up to `limit` table names in order, and where to go on when there are more."""
    if not 1 <= request.limit <= MAX_LISTED:
        raise invalid(
            f"1 validation error detected: Value '{request.limit}' at 'limit' failed to satisfy constraint: "
            "Member must have value between 1 and 100"
        )

    rows = session.connection.execute(
        "SELECT name FROM tables WHERE name > ? ORDER BY name LIMIT ?",
        (request.exclusive_start_table_name, request.limit + 1),
    ).fetchall()
    names = [name for (name,) in rows[: request.limit]]
    answer: dict[str, object] = {"TableNames": names}
    if len(rows) > request.limit:
        answer["LastEvaluatedTableName"] = names[-1]

    return msgspec.json.encode(answer)


def update_time_to_live(session: Session, request: requests.UpdateTimeToLive) -> bytes:
    """Remember which attribute says when an item expires; nothing is deleted by it in a file."""
    table = find_table(session.connection, request.table_name)
    wanted = request.time_to_live_specification
    if wanted.enabled == (table.ttl_attribute is not None):
        raise invalid(f"TimeToLive is already {'enabled' if wanted.enabled else 'disabled'}")

    session.connection.execute(
        "UPDATE tables SET ttl_attribute = ? WHERE id = ?",
        (wanted.attribute_name if wanted.enabled else None, table.id),
    )
    return msgspec.json.encode({"TimeToLiveSpecification": wanted})


def describe_time_to_live(session: Session, request: requests.TableRequest) -> bytes:
    """Return the time-to-live setting of a table."""
    attribute = find_table(session.connection, request.table_name).ttl_attribute
    description = {"TimeToLiveStatus": "DISABLED"}
    if attribute is not None:
        description = {"TimeToLiveStatus": "ENABLED", "AttributeName": attribute}

    return msgspec.json.encode({"TimeToLiveDescription": description})


def _described(table: Table) -> dict[str, object]:
    warm = {"ReadUnitsPerSecond": WARM_UNITS, "WriteUnitsPerSecond": WARM_UNITS, "Status": "ACTIVE"}
    return {**describe(table), "WarmThroughput": warm}


def _definition(request: requests.CreateTable) -> Definition:
    return Definition(
        key_schema=request.key_schema,
        attribute_definitions=request.attribute_definitions,
        billing_mode=request.billing_mode,
        provisioned_throughput=request.provisioned_throughput,
        deletion_protection_enabled=request.deletion_protection_enabled,
    )


def _refuse_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise invalid(
            f"1 validation error detected: Value '{name[:255]}' at 'tableName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+, length 3 to 255"
        )


def _refuse_keys(request: requests.CreateTable) -> None:
    kinds = [key.key_type for key in request.key_schema]
    names = [key.attribute_name for key in request.key_schema]
    if kinds not in (["HASH"], ["HASH", "RANGE"]):
        raise invalid(
            "Invalid KeySchema: The first KeySchemaElement is not a HASH key type, or there is more than one"
        )

    if len(set(names)) < len(names):
        raise invalid("Invalid KeySchema: Some index key attribute have no definition, or one is used twice")

    defined = [attribute.attribute_name for attribute in request.attribute_definitions]
    if not set(names) <= set(defined):
        raise invalid_parameter(
            "Some index key attributes are not defined in AttributeDefinitions. "
            f"Keys: [{', '.join(names)}], AttributeDefinitions: [{', '.join(defined)}]"
        )

    if len(defined) != len(names):
        raise invalid_parameter(
            "Number of attributes in KeySchema does not exactly match number of attributes defined in "
            "AttributeDefinitions"
        )


def _refuse_billing(request: requests.CreateTable) -> None:
    units = request.provisioned_throughput
    if request.billing_mode == "PAY_PER_REQUEST" and units is not None:
        raise invalid_parameter(
            "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"
        )

    if request.billing_mode == "PROVISIONED" and (
        units is None or min(units.read_capacity_units, units.write_capacity_units) < 1
    ):
        raise invalid_parameter(
            "ReadCapacityUnits and WriteCapacityUnits must both be specified, at least 1, "
            "when BillingMode is PROVISIONED"
        )
