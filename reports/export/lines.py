"""A data file of an export to frames: checked, decompressed and decoded in pieces of some MiB of whole lines.

A line of a full export is ``{"Item":{…}}``, of an incremental one ``{"Metadata":{"WriteTimestampMicros":{"N":"…"}},
"Keys":{…},"NewImage":{…},"OldImage":{…}}``; one without `NewImage` tells of a deletion.
"""

from __future__ import annotations

import gzip
import io
import zlib
from base64 import b64encode
from collections.abc import Iterator, Sequence
from hashlib import file_digest, md5
from pathlib import Path
from typing import Final

import polars as pl

from footfall.errors import SourceError
from footfall.layout import ITEM, decode_items
from footfall.text import printable
from reports.export.places import DataFile

PIECE_BYTES: Final = 4 * 1024**2
LONGEST_LINE_BYTES: Final = 16 * 1024**2
"""Two images of 400 KB, every byte of them escaped, come to less."""

PK, SK, AT, DELETED = "_pk", "_sk", "_at", "_deleted"
"""Columns that say of a row which item it is an image of, when it was written (microseconds of the Unix epoch, -1 for
a full export), and whether the item is no more."""

_KEY: Final = pl.Struct({"S": pl.String})
_FULL: Final = pl.Schema({"Item": ITEM})
_INCREMENTAL: Final = pl.Schema(
    {
        "Metadata": pl.Struct({"WriteTimestampMicros": pl.Struct({"N": pl.String})}),
        "Keys": pl.Struct({"pk": _KEY, "sk": _KEY}),
        "NewImage": ITEM,
    }
)


def frames(path: Path, file: DataFile, title: str, *, is_full: bool) -> Iterator[pl.DataFrame]:
    """Yield the rows of a data file: the columns of `SCHEMA`, and `PK`, `SK`, `AT` and `DELETED`.

    Raises `SourceError` before the first frame when the file is not what the manifest says, after the last one when
    it has another number of items, and `SchemaMismatch` for items that are no events.
    """
    check_md5(path, file, title)
    items = 0
    for piece in pieces(path, file, title):
        rows = _rows(piece, file, title, is_full=is_full)
        items += rows.height
        yield rows

    if items != file.items:
        raise damaged(file, title, f"it has {items:,} items, the manifest says {file.items:,}")


def check_md5(path: Path, file: DataFile, title: str) -> None:
    """Raise `SourceError` unless the file at `path` has the checksum of the manifest."""
    try:
        with path.open("rb") as stream:
            digest = file_digest(stream, lambda: md5(usedforsecurity=False)).digest()
    except OSError as error:
        raise damaged(file, title, error.strerror or str(error)) from error

    if b64encode(digest).decode("ascii") != file.md5:
        raise damaged(file, title, "its MD5 is not the one in the manifest")


def pieces(path: Path, file: DataFile, title: str, piece_bytes: int = PIECE_BYTES) -> Iterator[bytes]:
    """Yield the decompressed lines of a file, whole ones, about `piece_bytes` at a time."""
    rest = b""
    try:
        with gzip.open(path) as stream:
            while read := stream.read(piece_bytes):
                whole, newline, rest = (rest + read).rpartition(b"\n")
                if newline:
                    yield whole + newline
                elif len(rest) > LONGEST_LINE_BYTES:
                    raise damaged(file, title, "it has a line that is longer than an item can be")
    except (OSError, EOFError, zlib.error) as error:
        raise damaged(file, title, str(error)) from error

    if rest.strip():
        yield rest


def damaged(file: DataFile, title: str, why: str) -> SourceError:
    """Return the error for a data file that cannot be used."""
    where = f"{printable(file.name, 100)} of the export {printable(title, 200)}"
    return SourceError(
        f"The file {where} is damaged: {printable(why, 200)}.",
        hint="copy the export again: aws s3 sync s3://BUCKET/PREFIX/AWSDynamoDB AWSDynamoDB",
    )


def _rows(piece: bytes, file: DataFile, title: str, *, is_full: bool) -> pl.DataFrame:
    schema, decode = (_FULL, _decode_full) if is_full else (_INCREMENTAL, _decode_incremental)
    try:
        lines = pl.read_json(io.BytesIO(_array(piece)), schema=schema)
        _check_columns(lines, [name for name in schema if name != "NewImage"], file, title)
        rows = decode(lines)
    except pl.exceptions.PolarsError as error:
        raise damaged(file, title, str(error).partition("\n")[0]) from error

    _check_columns(rows, [PK, SK, AT], file, title)
    return rows


def _check_columns(frame: pl.DataFrame, names: Sequence[str], file: DataFile, title: str) -> None:
    lacking = [name for name in names if frame.get_column(name).has_nulls()]
    if lacking:
        raise damaged(file, title, f"a line lacks {lacking[0].removeprefix('_')}")


def _array(piece: bytes) -> bytes:
    """Return lines of JSON as one array, which Polars reads four times as fast; no line has a line end in it."""
    lines = b"\n".join(filter(None, piece.split(b"\n"))) if b"\n\n" in piece else piece.strip()
    return b"[" + lines.replace(b"\n", b",") + b"]"


def _decode_full(lines: pl.DataFrame) -> pl.DataFrame:
    items = lines.unnest("Item")
    return decode_items(items).with_columns(
        items.get_column("pk").struct.field("S").alias(PK),
        items.get_column("sk").struct.field("S").alias(SK),
        pl.lit(-1, dtype=pl.Int64).alias(AT),
        pl.lit(value=False).alias(DELETED),
    )


def _decode_incremental(lines: pl.DataFrame) -> pl.DataFrame:
    is_deleted = pl.col("NewImage").is_null()
    keys = (
        pl.col("Keys").struct.field("pk").struct.field("S").alias(PK),
        pl.col("Keys").struct.field("sk").struct.field("S").alias(SK),
        pl.col("Metadata").struct.field("WriteTimestampMicros").struct.field("N").cast(pl.Int64).alias(AT),
        is_deleted.alias(DELETED),
    )
    kept = lines.filter(~is_deleted)
    events = decode_items(kept.select("NewImage").unnest("NewImage"))
    return pl.concat(
        [
            pl.concat([events, kept.select(keys)], how="horizontal"),
            lines.filter(is_deleted).select(keys),
        ],
        how="diagonal",
    )
