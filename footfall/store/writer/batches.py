"""Cut a frame of items into BatchWriteItem requests.

Limits (API_BatchWriteItem): at most 25 puts, at most 16 MB on the wire, and no two puts of one key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import polars as pl

LARGEST_BATCH_ITEMS: Final = 25
LARGEST_BATCH_BYTES: Final = 16 * 1024 * 1024
_ENVELOPE_BYTES: Final = 1024
"""Room for what stands around the puts: at most 255 bytes of table name and some fixed text."""

_PUT_OPEN: Final = '{"PutRequest":{"Item":'
_PUT_CLOSE: Final = "}}"


@dataclass(frozen=True, slots=True)
class Batch:
    """One BatchWriteItem: its body and how many puts it holds."""

    body: bytes
    puts: int


@dataclass(frozen=True, slots=True)
class Put:
    """A put on its own, taken out of a batch because that went wrong: its keys and the JSON it came in.

    A key that is missing, or no String, is empty here; that is for the store to refuse.
    """

    pk: str
    sk: str
    raw: bytes

    @property
    def key(self) -> tuple[str, str]:
        """Return what tells it from all other puts under way."""
        return self.pk, self.sk


@dataclass(frozen=True, slots=True)
class Refused:
    """A put that cannot be stored: its keys, why as a code of `STORE_REASONS`, and in a sentence."""

    pk: str
    sk: str
    reason: str
    sentence: str


def puts_of(batch: Batch, table: str) -> tuple[Put, ...]:
    """Return the puts of a batch for `table`, in its order."""
    return tuple(put_of(raw) for raw in _REQUEST.decode(batch.body).items[table])


def put_of(raw: msgspec.Raw) -> Put:
    """Return a put from its JSON. Raises `msgspec.MsgspecError` when it is none."""
    keys = _PUT.decode(raw).request.item
    return Put(_text(keys.pk), _text(keys.sk), bytes(raw))


def batch_of(puts: Sequence[Put], table: str) -> Batch:
    """Return the batch that sends `puts`, at most 25, byte for byte as they came."""
    return Batch(request_body(table, b",".join(put.raw for put in puts).decode()), len(puts))


def cut_batches(items: pl.DataFrame, table: str, *, interleave: bool = True) -> list[Batch]:
    """Return the batches that put `items` (`pk`, `sk`, `item`; no key twice) into `table`.

    The partitions are interleaved, each in its own order, unless the table has no limits: see `interleaved`.
    """
    puts = (interleaved(items) if interleave else items).select(
        pl.concat_str(pl.lit(_PUT_OPEN), pl.col("item"), pl.lit(_PUT_CLOSE)).alias("put")
    )
    largest = puts.select(pl.col("put").str.len_bytes().max()).item() or 0
    if (largest + 1) * LARGEST_BATCH_ITEMS + _ENVELOPE_BYTES <= LARGEST_BATCH_BYTES:
        lengths = [LARGEST_BATCH_ITEMS] * -(-len(puts) // LARGEST_BATCH_ITEMS)
    else:
        lengths = list(lengths_by_bytes(puts.get_column("put").str.len_bytes().to_list()))

    return list(_join(puts.get_column("put"), lengths, table))


def request_body(table: str, joined_puts: str) -> bytes:
    """Return the body of a BatchWriteItem around puts that are joined by commas."""
    return f'{{"RequestItems":{{"{table}":[{joined_puts}]}},"ReturnConsumedCapacity":"TOTAL"}}'.encode()


def interleaved(items: pl.DataFrame) -> pl.DataFrame:
    """Return `items` with each partition spread evenly over all of them: U1.1 U2.1 U3.1 U1.2 ….

    A log may be sorted by anything, and visitors come in bursts; writes go on at the table's full rate only while they
    meet all of its partitions ("Distributing write activity efficiently during data upload", Amazon DynamoDB Developer
    Guide). Item n of the N of a partition goes to the place (n + 1/2) / N, so that a large one is spread, too, and not
    left over at the end.
    """
    place = (pl.int_range(pl.len()) + 0.5) / pl.len()
    return items.sort(place.over("pk"), maintain_order=True)


def lengths_by_bytes(sizes: list[int]) -> Iterator[int]:
    """Yield how many puts each batch takes, when puts are so large that 25 may not fit into one request."""
    count = taken = 0
    for size in sizes:
        if count == LARGEST_BATCH_ITEMS or (
            count and taken + size + 1 > LARGEST_BATCH_BYTES - _ENVELOPE_BYTES
        ):
            yield count
            count = taken = 0

        count += 1
        taken += size + 1

    if count:
        yield count


def _join(puts: pl.Series, lengths: list[int], table: str) -> Iterator[Batch]:
    number = pl.Series("batch", range(len(lengths)), dtype=pl.UInt32).repeat_by(pl.Series(lengths)).explode()
    joined = (
        pl.DataFrame({"batch": number.head(len(puts)), "put": puts})
        .group_by("batch", maintain_order=True)
        .agg(pl.col("put").str.join(","), pl.len().alias("puts"))
    )
    for text, count in joined.select("put", "puts").iter_rows():
        yield Batch(request_body(table, text), count)


class _Keys(msgspec.Struct):
    pk: msgspec.Raw = msgspec.Raw(b"null")
    sk: msgspec.Raw = msgspec.Raw(b"null")


class _Item(msgspec.Struct):
    item: _Keys = msgspec.field(name="Item")


class _Put(msgspec.Struct):
    request: _Item = msgspec.field(name="PutRequest")


class _Request(msgspec.Struct):
    items: dict[str, list[msgspec.Raw]] = msgspec.field(name="RequestItems")


class _Text(msgspec.Struct):
    text: str = msgspec.field(name="S", default="")


def _text(value: msgspec.Raw) -> str:
    try:
        return _TEXT.decode(value).text
    except msgspec.MsgspecError:
        return ""


_TEXT: Final = msgspec.json.Decoder(_Text)
_PUT: Final = msgspec.json.Decoder(_Put)
_REQUEST: Final = msgspec.json.Decoder(_Request)
