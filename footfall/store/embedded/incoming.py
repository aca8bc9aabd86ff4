"""Take in an item to be stored: check it, measure it, and keep the bytes it came in if they can be kept."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from footfall.store.embedded.keys import KeySchema
from footfall.store.embedded.numbers import MAX_DIGITS, canonical, number_size
from footfall.store.embedded.rows import Put
from footfall.store.embedded.values import (
    MAX_ITEM_BYTES,
    Item,
    Value,
    checked_size,
    decode_item,
    names_size,
    normalise,
)


class Scalar(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A value that is a String or a Number; neither, or both, is a mistake."""

    S: str | None = None
    N: str | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """A checked item: its attributes, its size and its JSON; the keys are checked later, against a table."""

    attributes: Item | dict[str, Scalar]
    size: int
    data: bytes

    def put(self, schema: KeySchema) -> Put:
        """Return the item with its place. Raises `Problem` when its keys are not the table's."""
        keys = {name: _wire(self.attributes[name]) for name in schema.names if name in self.attributes}
        return Put(schema.place(keys), self.size, self.data)


def take_in(raw: msgspec.Raw) -> Incoming:
    """Return the item in `raw`. Raises `Problem` for an item DynamoDB would refuse.

    Most items have nothing but Strings and plain Numbers: those are read into slots and not into dicts, which is twice
    as fast, and stored as they are.
    """
    flat = _decode_flat(raw)
    size = _flat_size(flat)
    if size is not None:
        return Incoming(flat, size, bytes(raw))

    item = decode_item(raw)
    size = checked_size(item)
    return Incoming(item, size, _stored(raw, item))


def made(item: Item) -> Incoming:
    """Return an item that was put together here. Raises `Problem` when DynamoDB would refuse it."""
    size = checked_size(item)
    _normalise_all(item)
    return Incoming(item, size, msgspec.json.encode(item))


def _stored(raw: msgspec.Raw, item: Item) -> bytes:
    return msgspec.json.encode(item) if _normalise_all(item) else bytes(raw)


def _normalise_all(item: Item) -> bool:
    return sum(normalise(value) for value in item.values()) > 0


def _decode_flat(raw: msgspec.Raw) -> dict[str, Scalar]:
    try:
        return _FLAT.decode(raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return {}


def _flat_size(item: dict[str, Scalar]) -> int | None:
    """Return the size of an item; None when it is empty, too large or not flat: then it is for others to judge."""
    size = names_size(item)
    for value in item.values():
        if value.N is None and value.S is not None:
            size += len(value.S) if value.S.isascii() else len(value.S.encode())
        elif value.N is not None and value.S is None and _is_canonical(value.N):
            size += number_size(value.N)
        else:
            return None

    return size if 0 < size <= MAX_ITEM_BYTES else None


def _is_canonical(text: str) -> bool:
    if text.isdigit() and text.isascii() and len(text) <= MAX_DIGITS:
        return text[0] != "0" or text == "0"

    return canonical(text) == text


def _wire(value: Value | Scalar) -> Value:
    if not isinstance(value, Scalar):
        return value

    return {"N": value.N} if value.S is None else {"S": value.S}


_FLAT = msgspec.json.Decoder(dict[str, Scalar])
