"""Count capacity units by DynamoDB's rules (AWSDG, ProvisionedThroughput and CapacityUnitCalculations).

Operations only report what they cost; whether a table has that much to give is nobody's business here.
"""

from __future__ import annotations

from typing import Final

WRITE_UNIT_BYTES: Final = 1024
READ_UNIT_BYTES: Final = 4096


def write_units(*sizes: int) -> int:
    """Return the units of writing one item: a started KB each, of the larger of its old and new size, at least 1."""
    return max(1, -(-max(sizes) // WRITE_UNIT_BYTES))


def read_units(size: int, *, consistent: bool) -> float:
    """Return the units of reading `size` bytes in one request: a started 4 KB each, half if eventually consistent."""
    blocks = max(1, -(-size // READ_UNIT_BYTES))
    return float(blocks) if consistent else blocks / 2


def consumed(mode: str, table_name: str, units: float) -> dict[str, object]:
    """Return the ConsumedCapacity document for ReturnConsumedCapacity TOTAL or INDEXES."""
    document: dict[str, object] = {"TableName": table_name, "CapacityUnits": float(units)}
    if mode == "INDEXES":
        document["Table"] = {"CapacityUnits": float(units)}

    return document


def with_capacity(answer: dict[str, object], mode: str, table_name: str, units: float) -> dict[str, object]:
    """Return `answer`, with a ConsumedCapacity document when `mode` asks for one."""
    if mode == "NONE":
        return answer

    return {**answer, "ConsumedCapacity": consumed(mode, table_name, units)}
