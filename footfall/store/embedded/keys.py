"""Turn key attributes into what the file is ordered by.

A row's place is (bucket, partition key, sort key). The bucket is a stable 32-bit hash of the partition key: Scan
walks through it and its segments are ranges of it, as DynamoDB's are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Final, TypeAlias

from footfall.store.embedded.numbers import parse_number, sortable
from footfall.store.embedded.problem import invalid, invalid_parameter
from footfall.store.embedded.values import Item, Value, decode_binary, typed

KeyBytes: TypeAlias = str | bytes
"""A key attribute whose order in SQLite is its order in DynamoDB: text for S, bytes for B, `sortable` for N."""

Place: TypeAlias = tuple[int, KeyBytes, KeyBytes]
"""Bucket, partition key, sort key; the sort key is empty in a table without one."""

BUCKETS: Final = 2**32
MAX_PARTITION_KEY_BYTES: Final = 2048
MAX_SORT_KEY_BYTES: Final = 1024
MISMATCH: Final = "The provided key element does not match the schema"


@dataclass(frozen=True, slots=True)
class KeyPart:
    """A key attribute: its name and type (S, N or B)."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class KeySchema:
    """The key attributes of a table."""

    partition: KeyPart
    sort: KeyPart | None

    @property
    def names(self) -> list[str]:
        """Return the names of the key attributes, the partition key's first."""
        return [self.partition.name] if self.sort is None else [self.partition.name, self.sort.name]

    def place(self, item: Item) -> Place:
        """Return where an item to be stored goes. Raises `Problem` when its keys are missing, mistyped or too long."""
        partition = _partition_bytes(_required(item, self.partition))
        sort = "" if self.sort is None else _sort_bytes(_required(item, self.sort), self.sort)
        _refuse_empty(partition, self.partition)
        return bucket(partition), partition, sort

    def exact_place(self, key: Item) -> Place:
        """Return where the item with this key lies. Raises `Problem` when `key` is not exactly the table's key."""
        if sorted(key) != sorted(self.names) or any(
            part.kind not in key[part.name] for part in self._parts()
        ):
            raise invalid(MISMATCH)

        return self.place(key)

    def key_of(self, item: Item) -> Item:
        """Return an item's key attributes."""
        return {name: item[name] for name in self.names}

    def _parts(self) -> list[KeyPart]:
        return [self.partition] if self.sort is None else [self.partition, self.sort]


@lru_cache(maxsize=65_536)
def bucket(partition: KeyBytes) -> int:
    """Return the bucket of a partition key, in [0, BUCKETS). Part of the file format."""
    data = partition.encode() if isinstance(partition, str) else partition
    return int.from_bytes(blake2b(data, digest_size=4, person=b"footfall-bucket").digest(), "big")


def segment_range(segment: int, total: int) -> tuple[int, int]:
    """Return the buckets [low, high) of a segment; the segments of one `total` cover every bucket once."""
    return -(-segment * BUCKETS // total), -(-(segment + 1) * BUCKETS // total)


def key_bytes(value: Value) -> KeyBytes:
    """Return a key attribute in its sortable form. Raises `Problem` for types that cannot be a key."""
    text = value.get("S")
    if text.__class__ is str and len(value) == 1:
        return text

    kind, payload = typed(value)
    if kind == "N":
        return sortable(parse_number(payload))

    if kind == "B":
        return decode_binary(payload)

    raise invalid(MISMATCH)


def _required(item: Item, part: KeyPart) -> Value:
    value = item.get(part.name)
    if value is None:
        raise invalid_parameter(f"Missing the key {part.name} in the item")

    if part.kind not in value:
        actual = typed(value)[0]
        raise invalid_parameter(f"Type mismatch for key {part.name} expected: {part.kind} actual: {actual}")

    return value


def _partition_bytes(value: Value) -> KeyBytes:
    key = key_bytes(value)
    if _length(key) > MAX_PARTITION_KEY_BYTES:
        raise invalid_parameter("Size of hashkey has exceeded the maximum size limit of2048 bytes")

    return key


def _sort_bytes(value: Value, part: KeyPart) -> KeyBytes:
    key = key_bytes(value)
    if _length(key) > MAX_SORT_KEY_BYTES:
        raise invalid_parameter("Aggregated size of all range keys has exceeded the size limit of 1024 bytes")

    _refuse_empty(key, part)
    return key


def _length(key: KeyBytes) -> int:
    return len(key) if isinstance(key, bytes) or key.isascii() else len(key.encode())


def _refuse_empty(key: KeyBytes, part: KeyPart) -> None:
    if key:
        return

    what = "string" if part.kind == "S" else "binary"
    raise invalid(
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
        f"empty {what} value. Key: {part.name}"
    )
