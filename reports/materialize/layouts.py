"""Items of derived tables: frames to DynamoDB JSON and back, by column, as `footfall.layout` does for events."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl
from polars.datatypes import DataType, DataTypeClass

from footfall.event import TIME, Column
from footfall.layout import PageReply, member

LONGEST_TEXT: Final = 2048
"""Characters that are kept of a text: of forty texts that is below the 400 KB of an item, whoever wrote them."""

_KEYS: Final = ("pk", "sk")


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a derived table: its type in a frame, its attribute, and what it means."""

    name: str
    dtype: DataType | DataTypeClass
    attribute: str
    meaning: str

    @property
    def kind(self) -> str:
        """Return DynamoDB's type of the attribute: S, N or B."""
        if self.dtype == pl.Binary:
            return "B"

        return "S" if self.dtype in (pl.String, pl.Date) else "N"

    @property
    def column(self) -> Column:
        """Return it as an event's column of what is stored."""
        number = self.dtype if self.dtype.is_numeric() else pl.Int64
        return Column(
            self.name, number if self.kind == "N" else pl.String, self.attribute, "", self.meaning, ""
        )


def encode(frame: pl.DataFrame, fields: Sequence[Field]) -> pl.DataFrame:
    """Return `pk`, `sk` and `item` (DynamoDB JSON) for each row of `frame`, which has those keys and `fields`.

    Nulls and zeros are absent: a figure that is not there is 0.
    """
    texts = frame.select(*_KEYS, *(_stored(field) for field in fields))
    present = [field for field in fields if texts.get_column(field.name).null_count() < texts.height]
    keys = [member(Column(name, pl.String, name, "", "", "")) for name in _KEYS]
    members = [*keys, *(member(field.column, field.kind) for field in present)]
    joined = pl.concat_str(members, separator=",", ignore_nulls=True)
    return texts.select(*_KEYS, pl.concat_str(pl.lit("{"), joined, pl.lit("}")).alias("item"))


def decode(reply: PageReply, fields: Sequence[Field]) -> pl.DataFrame:
    """Return `pk`, `sk` and `fields` of a reply's items; what is absent is null."""
    schema = pl.Schema(dict.fromkeys(_KEYS, pl.String) | {field.name: field.dtype for field in fields})
    if not reply.count:
        return pl.DataFrame(schema=schema)

    wire = {name: pl.Struct({"S": pl.String}) for name in _KEYS}
    wire |= {field.attribute: pl.Struct({field.kind: pl.String}) for field in fields}
    raw = pl.read_json(io.BytesIO(reply.items), schema=pl.Schema(wire))
    keys = (pl.col(name).struct.field("S").alias(name) for name in _KEYS)
    return raw.select(*keys, *(_read(field) for field in fields))


def _stored(field: Field) -> pl.Expr:
    """Return the expression of what is stored of a column; null where it is 0 or nothing."""
    value = pl.col(field.name)
    if field.dtype == TIME:
        return value.dt.epoch("ms").alias(field.name)

    if field.dtype == pl.Binary:
        return value.bin.encode("base64").alias(field.name)

    if field.kind == "S":
        return value.cast(pl.String).str.head(LONGEST_TEXT)

    number = value.cast(pl.Int64) if field.dtype == pl.Boolean else value
    return pl.when(number != 0).then(number).alias(field.name)


def _read(field: Field) -> pl.Expr:
    wire = pl.col(field.attribute).struct.field(field.kind)
    if field.dtype == TIME:
        return wire.cast(pl.Int64).cast(TIME).alias(field.name)

    if field.dtype == pl.Binary:
        return wire.str.decode("base64").alias(field.name)

    if field.dtype == pl.Boolean:
        return (wire.cast(pl.Int64).fill_null(0) != 0).alias(field.name)

    value = wire.str.to_date("%Y-%m-%d") if field.dtype == pl.Date else wire.cast(field.dtype)
    return value.alias(field.name)
