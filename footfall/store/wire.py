"""DynamoDB's typed values, for the calls that are not hot.

Source: "Data types", Amazon DynamoDB Developer Guide, low-level API: a value is an object of one member, whose name is
its type; numbers travel as strings.
"""

from __future__ import annotations

from decimal import Decimal

Value = dict[str, str]
Item = dict[str, Value]


def text(value: str) -> Value:
    """Return `value` as a String."""
    return {"S": value}


def number(value: float | Decimal) -> Value:
    """Return `value` as a Number."""
    return {"N": str(value)}
