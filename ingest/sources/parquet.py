"""Read a Parquet file as lines of JSON, one row a line, in bounded memory.

The text of a row depends on its values alone, because the place of a line makes the key of its event: it is an object
with a member for each column in the file's order, without those that are null, and without spaces. This is stored
form, and must not change:

=================  ========================================================================================
text               a JSON string: ``"`` and ``\\`` behind a backslash, U+0000 to U+001F as ``\\u0000``, else as it is
bytes              the text that they are in UTF-8, else base64 in a string
integers           decimal digits
floats             the shortest decimal that reads back as the 64-bit float; infinite and not a number are null
booleans           true, false
timestamps         a string, ``2026-01-17T10:05:03.042Z``: UTC, cut to milliseconds; without zone they are UTC
dates, times       a string, ``2026-01-17``, ``10:05:03.042``
decimals           a string of their digits
lists, structs     as JSON, of the same texts
=================  ========================================================================================

A file is read from its end, so it cannot come out of a pipe. Apache Parquet format 2.11.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Final, Protocol, cast

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

MAGIC: Final = b"PAR1"
BEGINNING: Final = MAGIC + b"\x15"
"""The magic, and how what follows it begins in the compact protocol of Thrift: text may begin with the magic, too."""

MOST_FOOTER_BYTES: Final = 2**24
MOST_GROUP_BYTES: Final = 2**31
BATCH_ROWS: Final = 4096

_NOT_READABLE: Final = "it is no Parquet file that can be read"
_TAIL_BYTES: Final = 8
_MOST_FOOTER_ITEMS: Final = 1_000_000
_DEEPEST: Final = 32
_CONTROL: Final = r"[\x00-\x1f]"
_ESCAPED: Final = {chr(code): f"\\u{code:04x}" for code in range(32)}
_TIMESTAMP: Final = "%Y-%m-%dT%H:%M:%S%.3fZ"


class Stored(Protocol):
    """A file as it is stored, read at any place."""

    def read_at(self, offset: int, size: int, /) -> bytes:
        """Return the bytes at `offset`, at most `size` of them."""
        ...

    def size_bytes(self) -> int:
        """Return the size of the file."""
        ...


def pieces(stored: Stored) -> Iterator[bytes]:
    """Yield the rows of a Parquet file as lines, some at a time; raises `OSError` for a file that cannot be read."""
    try:
        yield from _pieces(stored)
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and (error.errno is not None or str(error).startswith(_NOT_READABLE)):
            raise

        raise _unreadable(str(error).partition("\n")[0].rstrip(". ")) from error


def _pieces(stored: Stored) -> Iterator[bytes]:
    _check_footer(stored)
    file = pq.ParquetFile(
        pa.PythonFile(_Seekable(stored), "r"),
        pre_buffer=False,
        page_checksum_verification=True,
        thrift_string_size_limit=MOST_FOOTER_BYTES,
        thrift_container_size_limit=_MOST_FOOTER_ITEMS,
        schema_depth_limit=_DEEPEST,
        arrow_extensions_enabled=False,
    )
    for group in range(file.metadata.num_row_groups):
        if file.metadata.row_group(group).total_byte_size > MOST_GROUP_BYTES:
            raise _unreadable(f"its row group {group + 1} is larger than {MOST_GROUP_BYTES:,} bytes")

        for batch in file.iter_batches(BATCH_ROWS, row_groups=[group], use_threads=False):
            batch.validate(full=True)
            if batch.num_rows:
                yield lines_of(batch)


def _check_footer(stored: Stored) -> None:
    size = stored.size_bytes()
    tail = stored.read_at(max(size - _TAIL_BYTES, 0), _TAIL_BYTES)
    footer_bytes = int.from_bytes(tail[:4], "little")
    if len(tail) < _TAIL_BYTES or not tail.endswith(MAGIC) or footer_bytes > size - len(MAGIC) - _TAIL_BYTES:
        raise _unreadable("its end is missing")

    if footer_bytes > MOST_FOOTER_BYTES:
        raise _unreadable(f"its footer is larger than {MOST_FOOTER_BYTES:,} bytes")


def _unreadable(why: str) -> OSError:
    return OSError(f"{_NOT_READABLE}: {why}")


def lines_of(batch: pa.RecordBatch) -> bytes:
    """Return the rows of a batch as lines; of columns with the same name only the first counts."""
    members: dict[str, pl.Expr] = {}
    columns: list[pl.Series] = []
    for name, array in zip(batch.schema.names, batch.columns, strict=True):
        if name not in members and not pa.types.is_null(array.type):
            columns.append(_as_json(array).alias(str(len(columns))))
            members[name] = pl.lit(json.dumps(name, ensure_ascii=False) + ":") + columns[-1]

    if not columns:
        return b"{}\n" * int(batch.num_rows)

    inside = pl.concat_str(members.values(), separator=",", ignore_nulls=True)
    rows = pl.select(pl.lit("{") + inside + pl.lit("}\n")).to_series()
    return cast("str", rows.str.join("").item()).encode()


def _as_json(array: pa.Array) -> pl.Series:
    """Return the values of a column as JSON, null for null."""
    if pa.types.is_nested(array.type):
        plain = [None if value is None else _dumped(value) for value in array.to_pylist()]
        return pl.Series(plain, dtype=pl.String)

    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()

    values = cast("pl.Series", pl.from_arrow(array))
    dtype = values.dtype
    if dtype.is_integer() or dtype == pl.Boolean:
        return values.cast(pl.String)

    if dtype.is_float():
        floats = values.cast(pl.Float64)
        return pl.Series([_float(value) for value in floats], dtype=pl.String)

    return _quoted(_as_text(values))


def _as_text(values: pl.Series) -> pl.Series:
    dtype = values.dtype
    if dtype == pl.Binary:
        return _text_of_all(values)

    if isinstance(dtype, pl.Datetime):
        zoned = (
            values.dt.replace_time_zone("UTC")
            if dtype.time_zone is None
            else values.dt.convert_time_zone("UTC")
        )
        return zoned.dt.cast_time_unit("ms").dt.strftime(_TIMESTAMP)

    if dtype == pl.Time:
        return values.dt.strftime("%H:%M:%S%.3f")

    return values.cast(pl.Int64).cast(pl.String) if dtype == pl.Duration else values.cast(pl.String)


def _text_of_all(values: pl.Series) -> pl.Series:
    try:
        return values.cast(pl.String)
    except pl.exceptions.PolarsError:
        return pl.Series(
            [None if value is None else _text_of_bytes(value) for value in values], dtype=pl.String
        )


def _quoted(texts: pl.Series) -> pl.Series:
    escaped = texts.str.replace_all("\\", "\\\\", literal=True).str.replace_all('"', '\\"', literal=True)
    if escaped.str.contains(_CONTROL).any():
        escaped = escaped.str.replace_many(_ESCAPED)

    return pl.select(pl.lit('"') + escaped + pl.lit('"')).to_series()


def _float(value: float | None) -> str | None:
    return None if value is None or not math.isfinite(value) else repr(value)


def _dumped(value: object) -> str:
    return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))


def _plain(value: object) -> object:
    """Return what JSON can hold of a value inside of another; what is null in a struct is left out."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items() if inner is not None}

    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]

    if isinstance(value, bool | int | str) or value is None:
        return value

    return _plain_scalar(value)


def _plain_scalar(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else None

    if isinstance(value, bytes):
        return _text_of_bytes(value)

    if isinstance(value, datetime):
        zoned = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return zoned.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"

    if isinstance(value, time):
        return value.isoformat(timespec="milliseconds")

    return value.isoformat() if isinstance(value, date) else str(cast("Decimal", value))


def _text_of_bytes(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return base64.b64encode(value).decode()


class _Seekable:
    """A stored file as what Arrow reads from."""

    closed = False

    def __init__(self, stored: Stored) -> None:
        self._stored = stored
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        data = self._stored.read_at(self._at, size if size >= 0 else self._stored.size_bytes() - self._at)
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._stored.size_bytes())[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def flush(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Leave the file open: it belongs to whoever opened it."""
