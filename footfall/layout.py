"""The items layout: one item per event, one attribute per column that is not null, all of it as columns of strings.

Encoding turns a frame into a column of DynamoDB JSON; decoding turns a page of a Scan or Query into a frame. Neither
makes a Python object per event. Wire format: "DynamoDB low-level API", Amazon DynamoDB Developer Guide.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final

import msgspec
import polars as pl

from footfall.errors import SchemaMismatch
from footfall.event import ATTRIBUTES, KEYS, SCHEMA, Column
from footfall.keys import OFFSET_DIGITS, SEPARATOR, SOURCE_ID_DIGITS, partition_key, sort_key
from footfall.text import printable

LAYOUT: Final = "items"
LARGEST_ITEM_BYTES: Final = 409_600
"""400 KB, attribute names included ("Constraints in Amazon DynamoDB")."""

SMALLEST_NUMBER: Final = 1e-130
LARGEST_NUMBER: Final = 1e126
"""Magnitudes of a Number are 0 or from the first up to below the second (API_AttributeValue, N)."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a Scan or Query: its events, and where the next page begins (raw JSON) unless it is the last."""

    frame: pl.DataFrame
    last_key: bytes | None
    consumed_units: float


def encode(frame: pl.DataFrame) -> pl.DataFrame:
    """Return `pk`, `sk` and `item` (DynamoDB JSON of the whole item) for each event of `frame`, in its order.

    `frame` has `site`, `time`, `shard`, `source_id`, `offset`, none of them null, and any columns of `ATTRIBUTES`.
    Where it has an `identity` (`footfall.keys.event_identity`), that makes the key, and `time`, `source_id` and
    `offset` are attributes. Whether DynamoDB can hold an item is not judged here; see `item_bytes` and
    `numbers_out_of_range`.
    """
    with_identity = _has_values(frame, "identity")
    sk = sort_key(with_identity=with_identity).alias("sk")
    keyed = frame.with_columns(partition_key().alias("pk"), sk)
    present = [column for column in ATTRIBUTES if _has_values(frame, column.name)]
    members = pl.concat_str(
        [
            _wire("pk", "S", pl.col("pk")),
            _wire("sk", "S", pl.col("sk")),
            *(_place_members() if with_identity else ()),
            *(member(column) for column in present),
        ],
        separator=",",
        ignore_nulls=True,
    )
    return keyed.select("pk", "sk", pl.concat_str(pl.lit("{"), members, pl.lit("}")).alias("item"))


def item_bytes(frame: pl.DataFrame) -> pl.Series:
    """Return the size of each event's item as DynamoDB counts it.

    A name or String counts its UTF-8 bytes, a Number about one byte per two significant digits plus one ("Item sizes
    and formats"). Digits are counted without trimming zeros, so a Number may come out some bytes too large.
    """
    with_identity = _has_values(frame, "identity")
    sk = sort_key(with_identity=with_identity)
    keyed = frame.select(partition_key().str.len_bytes() + sk.str.len_bytes() + len("pk") + len("sk"))
    total = keyed.to_series()
    if with_identity:
        total = total + frame.select(pl.col("identity").is_not_null() * _PLACE_BYTES).to_series()

    for column in ATTRIBUTES:
        if _has_values(frame, column.name):
            total = total + frame.select(_value_bytes(column).fill_null(0)).to_series()

    return total.alias("item_bytes")


def numbers_out_of_range(frame: pl.DataFrame) -> pl.Series:
    """Return for each event whether one of its numbers is none that DynamoDB has: NaN, infinite, too large, too
    small.

        One such value has the whole batch refused, and every replay of it.
    """
    sizes = [pl.col(column.name).abs() for column in ATTRIBUTES if _is_float(frame, column)]
    bad = [
        size.is_nan() | (size >= LARGEST_NUMBER) | ((size > 0) & (size < SMALLEST_NUMBER)) for size in sizes
    ]
    if not bad:
        return pl.repeat(False, len(frame), dtype=pl.Boolean, eager=True)

    return frame.select(pl.any_horizontal(expr.fill_null(value=False) for expr in bad)).to_series()


def decode_page(body: bytes) -> Page:
    """Return the events of a Scan or Query reply, with the columns of `SCHEMA`.

    Raises `SchemaMismatch` when it holds something that footfall did not write.
    """
    try:
        reply = read_page(body)
    except msgspec.MsgspecError as error:
        raise _foreign(str(error).partition("\n")[0]) from error

    return Page(events_of(reply), reply.last_key, reply.consumed_units)


def events_of(reply: PageReply) -> pl.DataFrame:
    """Return the events of a reply, with the columns of `SCHEMA`; raises `SchemaMismatch` as `decode_page` does."""
    if reply.count == 0:
        return pl.DataFrame(schema=SCHEMA)

    try:
        items = pl.read_json(io.BytesIO(reply.items), schema=_WIRE_SCHEMA)
    except pl.exceptions.PolarsError as error:
        raise _foreign(str(error).partition("\n")[0]) from error

    return decode_items(items)


def decode_items(items: pl.DataFrame) -> pl.DataFrame:
    """Return the events of `items`, a column for each attribute as `ITEM` has them; raises `SchemaMismatch`."""
    try:
        frame = _events(items)
    except pl.exceptions.PolarsError as error:
        raise _foreign(str(error).partition("\n")[0]) from error

    if any(frame.get_column(column.name).has_nulls() for column in KEYS):
        raise _foreign("its key is not {site}#{date}#{shard} and {time}#{source}{offset}")

    return frame


def _foreign(why: str) -> SchemaMismatch:
    return SchemaMismatch(
        f"The table holds an item that is not an event of footfall's: {printable(why, 200)}",
        hint="give footfall tables of its own: another --store prefix",
    )


class _Consumed(msgspec.Struct):
    units: float = msgspec.field(name="CapacityUnits", default=0.0)


class PageReply(msgspec.Struct):
    """The reply to a Scan or Query, with its items as they came."""

    count: int = msgspec.field(name="Count")
    items: msgspec.Raw = msgspec.field(name="Items")
    next_key: msgspec.Raw = msgspec.field(name="LastEvaluatedKey", default=msgspec.Raw(b""))
    consumed: _Consumed | None = msgspec.field(name="ConsumedCapacity", default=None)

    @property
    def consumed_units(self) -> float:
        """Return the read units it cost, 0 when nobody asked."""
        return self.consumed.units if self.consumed else 0.0

    @property
    def last_key(self) -> bytes | None:
        """Return where the next page begins, raw JSON; None when there is none."""
        return bytes(self.next_key) or None


def read_page(body: bytes) -> PageReply:
    """Return the reply in `body`; raises `msgspec.MsgspecError` when it is none."""
    return _PAGE.decode(body)


_PAGE: Final = msgspec.json.Decoder(PageReply)
_TIME: Final = "t"
_SOURCE_ID: Final = "si"
_OFFSET: Final = "of"
_PLACE_BYTES: Final = len(_TIME + _SOURCE_ID + _OFFSET) + 8 + SOURCE_ID_DIGITS + 8
"""What the place of an event with an id of its own takes at most: two Numbers of up to 14 digits and a String."""

_STORED: Final = {column.attribute: column for column in ATTRIBUTES if column.attribute}
_WIRE_SCHEMA: Final = pl.Schema(
    {
        "pk": pl.Struct({"S": pl.String}),
        "sk": pl.Struct({"S": pl.String}),
        _TIME: pl.Struct({"N": pl.String}),
        _SOURCE_ID: pl.Struct({"S": pl.String}),
        _OFFSET: pl.Struct({"N": pl.String}),
        **{
            name: pl.Struct({"N" if column.is_number else "S": pl.String}) for name, column in _STORED.items()
        },
    }
)

ITEM: Final = pl.Struct(_WIRE_SCHEMA)
"""An item as DynamoDB JSON has it: for each attribute that footfall writes a struct of its one type. Others are left
out."""


def _has_values(frame: pl.DataFrame, name: str) -> bool:
    return name in frame.columns and frame.get_column(name).null_count() < len(frame)


def _is_float(frame: pl.DataFrame, column: Column) -> bool:
    return column.dtype == pl.Float64 and _has_values(frame, column.name)


def member(column: Column, kind: str = "S") -> pl.Expr:
    """Return the expression of ``"name":{"S":"value"}``, null where the column is; `kind` is that of a text."""
    value = pl.col(column.name)
    if column.is_number:
        # A sum makes 0.0 of -0.0, which is no Number that all tools read.
        shown = (value + 0.0 if column.dtype == pl.Float64 else value).cast(pl.String)
        return pl.concat_str(pl.lit(f'"{column.attribute}":{{"N":"'), shown, pl.lit('"}'))

    quoted = pl.struct(value.alias(kind)).struct.json_encode()
    return pl.when(value.is_not_null()).then(pl.concat_str(pl.lit(f'"{column.attribute}":'), quoted))


def _place_members() -> tuple[pl.Expr, ...]:
    """Return the expressions of what the key of an event with an id of its own does not carry; null for others."""
    known = pl.col("identity").is_not_null()
    texts = (
        _wire(_TIME, "N", pl.col("time").dt.epoch("ms").cast(pl.String)),
        _wire(_SOURCE_ID, "S", pl.col("source_id")),
        _wire(_OFFSET, "N", pl.col("offset").cast(pl.String)),
    )
    return tuple(pl.when(known).then(text) for text in texts)


def _wire(name: str, kind: str, value: pl.Expr) -> pl.Expr:
    """Return the expression of ``"name":{"kind":"value"}`` of a value that needs no JSON escapes, as keys by
    construction.
    """
    return pl.concat_str(pl.lit(f'"{name}":{{"{kind}":"'), value, pl.lit('"}'))


def _value_bytes(column: Column) -> pl.Expr:
    shown = pl.col(column.name).cast(pl.String)
    size = (shown.str.len_bytes() + 1) // 2 + 1 if column.is_number else shown.str.len_bytes()
    return size + len(column.attribute or "")


def _events(raw: pl.DataFrame) -> pl.DataFrame:
    pk = pl.col("pk").struct.field("S").str.splitn(SEPARATOR, 3)
    sk = pl.col("sk").struct.field("S")
    place = sk.str.slice(25)
    by_line = pl.when(place.str.len_bytes() == SOURCE_ID_DIGITS + OFFSET_DIGITS).then(place)
    time = (
        sk.str.slice(0, 23)
        .str.to_datetime("%Y-%m-%dT%H:%M:%S%.3f", time_unit="ms")
        .dt.replace_time_zone("UTC")
    )
    own_time = pl.from_epoch(pl.col(_TIME).struct.field("N").cast(pl.Int64), time_unit="ms")
    keys = (
        pk.struct.field("field_0").alias("site"),
        pl.coalesce(own_time.dt.replace_time_zone("UTC"), time).alias("time"),
        pk.struct.field("field_2").cast(pl.Int32).alias("shard"),
        pl.coalesce(pl.col(_SOURCE_ID).struct.field("S"), by_line.str.head(SOURCE_ID_DIGITS)).alias(
            "source_id"
        ),
        pl.coalesce(
            pl.col(_OFFSET).struct.field("N").cast(pl.Int64), by_line.str.tail(OFFSET_DIGITS).cast(pl.Int64)
        ).alias("offset"),
    )
    return raw.select(*keys, *(_column(name, column) for name, column in _STORED.items()))


def _column(attribute: str, column: Column) -> pl.Expr:
    wire = pl.col(attribute).struct.field("N" if column.is_number else "S")
    return wire.cast(column.dtype).alias(column.name)
