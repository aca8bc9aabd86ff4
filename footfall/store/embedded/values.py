"""Check items and count their bytes by DynamoDB's rules (AWSDG, CapacityUnitCalculations).

A value stays as the wire has it, a dict of one type to one payload, as ``{"S": "x"}``: most values are only looked
at once and stored as the bytes they came in.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import msgspec

from footfall.store.embedded.numbers import canonical, number_size, parse_number
from footfall.store.embedded.problem import Problem, invalid, invalid_parameter, malformed

Value: TypeAlias = dict[str, Any]
Item: TypeAlias = dict[str, Value]

MAX_ITEM_BYTES: Final = 400 * 1024
MAX_DEPTH: Final = 32
_CONTAINER_BYTES: Final = 3
_ELEMENT_BYTES: Final = 1

_ITEM = msgspec.json.Decoder(Item)


def decode_item(raw: msgspec.Raw | bytes) -> Item:
    """Return an item's attributes. Raises `Problem` when it is not a map of maps."""
    try:
        return _ITEM.decode(raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise malformed(
            "Start of structure or map found where not expected: an item is a map of typed values"
        ) from None


def item_size(item: Item) -> int:
    """Return the bytes an item counts, names included. Raises `Problem` for a value DynamoDB would refuse."""
    return names_size(item) + sum(map(value_size, item.values()))


def names_size(item: Mapping[str, object]) -> int:
    """Return the bytes of the names of an item's attributes."""
    names = "".join(item)
    return len(names) if names.isascii() else len(names.encode())


def checked_size(item: Item) -> int:
    """Return `item_size`. Raises `Problem` above 400 KB."""
    size = item_size(item)
    if size > MAX_ITEM_BYTES:
        raise invalid("Item size has exceeded the maximum allowed size")

    return size


def value_size(value: Any, depth: int = 0) -> int:
    """Return the bytes a value counts. Raises `Problem` for a value DynamoDB would refuse."""
    kind, payload = typed(value)
    if depth > MAX_DEPTH:
        raise invalid("Nesting Levels have exceeded supported limits")

    if kind == "L":
        return _list_size(payload, depth)

    if kind == "M":
        return _map_size(payload, depth)

    return _SIZES[kind](payload)


def normalise(value: Value) -> bool:
    """Write the numbers in `value`, in place, as DynamoDB gives them back; tell whether any was written otherwise."""
    ((kind, payload),) = value.items()
    if kind == "N":
        value["N"] = canonical(payload)
        return bool(value["N"] != payload)

    if kind == "NS":
        value["NS"] = [canonical(text) for text in payload]
        return bool(value["NS"] != payload)

    if kind not in {"L", "M"}:
        return False

    return sum(normalise(inner) for inner in (payload if kind == "L" else payload.values())) > 0


def typed(value: Any) -> tuple[str, Any]:
    """Return a value's type and payload. Raises `Problem` unless it has exactly one known type."""
    if value.__class__ is not dict:
        raise malformed("Unexpected value type in payload")

    if len(value) != 1:
        amount = "has more than one datatypes set" if value else "is empty"
        raise invalid(
            f"Supplied AttributeValue {amount}, must contain exactly one of the supported datatypes"
        )

    ((kind, payload),) = value.items()
    if kind not in KINDS:
        raise invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")

    return kind, payload


def decode_binary(payload: Any) -> bytes:
    """Return the bytes of a B payload. Raises `Problem` when it is no base64."""
    try:
        return binascii.a2b_base64(_text(payload), strict_mode=True)
    except (binascii.Error, ValueError):
        raise malformed("Invalid Base64 in a Binary value") from None


def _text(payload: Any) -> str:
    if payload.__class__ is not str:
        raise malformed("A value that is no String was found where a String is expected")

    return str(payload)


def _string_bytes(payload: Any) -> int:
    return len(_text(payload).encode())


def _number_bytes(payload: Any) -> int:
    return number_size(_text(payload))


def _binary_bytes(payload: Any) -> int:
    return len(decode_binary(payload))


def _flag_bytes(payload: Any) -> int:
    if payload.__class__ is not bool:
        raise malformed("A value that is no Boolean was found where a Boolean is expected")

    return 1


def _null_bytes(payload: Any) -> int:
    if payload is not True:
        raise invalid_parameter("Null attribute value types must have the value of true")

    return 1


def _list_size(payload: Any, depth: int) -> int:
    if payload.__class__ is not list:
        raise malformed("A list is expected in a value of type L")

    return _CONTAINER_BYTES + sum(_ELEMENT_BYTES + value_size(element, depth + 1) for element in payload)


def _map_size(payload: Any, depth: int) -> int:
    if payload.__class__ is not dict:
        raise malformed("A map is expected in a value of type M")

    return _CONTAINER_BYTES + sum(
        _ELEMENT_BYTES + len(name.encode()) + value_size(value, depth + 1) for name, value in payload.items()
    )


def _set_bytes(size: Callable[[Any], int], same: Callable[[Any], object], word: str) -> Callable[[Any], int]:
    def measure(payload: Any) -> int:
        if payload.__class__ is not list:
            raise malformed("A list is expected in a value that is a set")

        if not payload:
            raise invalid_parameter(f"An {word} set  may not be empty")

        total = sum(map(size, payload))
        if len(set(map(same, payload))) < len(payload):
            raise _duplicates(payload)

        return total

    return measure


def _duplicates(payload: list[Any]) -> Problem:
    return invalid_parameter(f"Input collection [{', '.join(payload)[:200]}] contains duplicates.")


_SIZES: Final[dict[str, Callable[[Any], int]]] = {
    "S": _string_bytes,
    "N": _number_bytes,
    "B": _binary_bytes,
    "BOOL": _flag_bytes,
    "NULL": _null_bytes,
    "SS": _set_bytes(_string_bytes, str, "string"),
    "NS": _set_bytes(_number_bytes, parse_number, "number"),
    "BS": _set_bytes(_binary_bytes, str, "binary"),
}
KINDS: Final = frozenset({*_SIZES, "L", "M"})
