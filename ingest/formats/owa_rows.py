"""Turn PHP-serialised events of OWA into forms by columns: those that are put together as nearly all of them are.

Serialised values are read one after the other, for a text says how long it is and may hold anything. Here they are
cut where a text seems to begin or end, and the cut is believed only where every length that was written is the
length that was found, and names and values take turns. A value that holds what looks like its end makes a length
wrong, so that its row is left to `ingest.formats.php`, as is any with an array among its properties.

Nothing is decoded: what PHP has URL-encoded is what a form is made of.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

_HEAD: Final = (
    r"^O%3A(?:29%3A%22OWA%5CModule%5CBase%5CClasses%5CEvent|9%3A%22owa_event)%22%3A"
    r"([0-9]{1,4})%3A$"
)
_OPEN: Final = "%7B"
_STRAY: Final = "%(?:[0-9A-Fa-f]?[^0-9A-Fa-f]|[0-9A-Fa-f]?$)"
"""A percent sign that begins no escape: PHP writes none, and lengths cannot be told from it."""

_TEXT_BEGINS: Final = "%3A%22"
_TEXT_ENDS: Final = "%22%3B"
_BEFORE_TEXT: Final = (
    r"^(?P<scalar>N%3B|b%3A[01]%3B|i%3A(?:0|-?[1-9][0-9]{0,18})%3B)?"
    r"(?P<mark>a%3A[0-9]{1,4}%3A%7B|%7D)?(?:s%3A(?P<length>[0-9]{1,7}))?$"
)
_OPENING: Final = r"^a%3A([0-9]+)%3A%7B$"
_CLOSING: Final = "%7D"
_VISIBILITY: Final = "%00%2A%00"
_PROPERTIES: Final = ("properties", f"{_VISIBILITY}properties")
_SCALAR: Final = r"^i%3A(.*)%3B$"
_TRUTH: Final = {"b%3A1%3B": "true", "b%3A0%3B": "false"}
PAIRS: Final = pl.Schema({"row": pl.UInt32, "name": pl.String, "value": pl.String, "is_property": pl.Boolean})
"""What `read_pairs` returns: row, URL-encoded name and value (null for PHP's null), whether of the properties."""

_Flags = npt.NDArray[np.bool_]


def read_pairs(encoded: pl.Series) -> tuple[pl.DataFrame, pl.Series]:
    """Return the members of URL-encoded serialised events (see `PAIRS`), and for each row whether it could be read."""
    rows = _rows(encoded)
    if rows.is_empty():
        return pl.DataFrame(schema=PAIRS), pl.Series([False]).new_from_index(0, len(encoded))

    pieces = _pieces(rows)
    is_name, next_is_value, is_bad = _turns(pieces)
    after = pieces.select("scalar", "text").shift(-1)
    value = pl.when(pl.Series(next_is_value)).then(after["text"]).otherwise(_plain(after["scalar"]))
    in_properties = _in_properties(pieces)
    pairs = pieces.select(
        "row", pl.col("text").alias("name"), value.alias("value"), in_properties.alias("is_property")
    )
    is_pair = is_name & pieces["length"].is_not_null().to_numpy()
    good = (
        _well_counted(pieces, in_properties, is_pair, is_bad)
        .join(rows, on="row")
        .filter(pl.col("others") == pl.col("members").cast(pl.UInt32))["row"]
    )
    is_read = pl.arange(len(encoded), eager=True, dtype=pl.UInt32).is_in(good.implode())
    wanted = pl.Series(is_pair) & pieces["row"].is_in(good.implode())
    return pairs.filter(wanted).with_columns(pl.col("name").str.strip_prefix(_VISIBILITY)), is_read


def _rows(encoded: pl.Series) -> pl.DataFrame:
    """Return what may be events: row, how many members they say they have, and all that stands in their braces."""
    cut = pl.col("event").str.splitn(_OPEN, 2).struct.rename_fields(["head", "inner"])
    halves = encoded.to_frame("event").select(cut.struct.unnest()).with_row_index("row")
    is_whole = pl.col("inner").str.starts_with("s%3A") & pl.col("inner").str.ends_with(_CLOSING)
    rows = halves.filter(is_whole & ~pl.col("inner").str.contains(_STRAY)).select(
        "row", pl.col("head").str.extract(_HEAD).alias("members"), "inner"
    )
    return rows.drop_nulls()


def _pieces(rows: pl.DataFrame) -> pl.DataFrame:
    """Return what lies between the borders: row, text, and what stood before it (scalar, mark, length)."""
    pieces = rows.select("row", pl.col("inner").str.split(_TEXT_ENDS).alias("piece")).explode("piece")
    halves = pieces.select(
        "row", pl.col("piece").str.splitn(_TEXT_BEGINS, 2).struct.rename_fields(["before", "text"])
    )
    named = halves.unnest("piece")
    before = named["before"].unique()
    parts = before.to_frame().with_columns(
        pl.col("before").str.extract_groups(_BEFORE_TEXT).alias("parts"),
        pl.col("before").str.contains(_BEFORE_TEXT).alias("is_known"),
    )
    return named.join(parts.unnest("parts"), on="before", how="left", maintain_order="left")


def _turns(pieces: pl.DataFrame) -> tuple[_Flags, _Flags, _Flags]:
    """Tell of each piece whether it is a name, whether the next one is its value, and whether it is out of turn."""
    row = pieces["row"].to_numpy()
    begins = np.diff(row, prepend=np.uint32(2**32 - 1)) != 0
    ends = np.roll(begins, -1)
    has_scalar = pieces["scalar"].is_not_null().to_numpy()
    has_mark = pieces["mark"].is_not_null().to_numpy()
    restarts = begins | has_scalar | has_mark
    places = np.arange(len(row))
    since = places - np.maximum.accumulate(np.where(restarts, places, 0))
    is_name = since % 2 == 0
    after_name = np.roll(is_name, 1) & ~begins
    opens = has_mark & (pieces["mark"] != _CLOSING).fill_null(value=False).to_numpy()
    # A value without text, or an array, follows a name; the end of an array whose last value was a text does not.
    is_bad = restarts & ~begins & (after_name != (has_scalar | opens))
    is_bad |= (begins & (has_scalar | has_mark)) | (has_scalar & opens) | _mismeasured(pieces, ends)
    return is_name, np.roll(~is_name, -1) & ~ends, is_bad


def _mismeasured(pieces: pl.DataFrame, ends: _Flags) -> _Flags:
    """Tell of each piece whether it is not as long as it says, in bytes decoded, or no piece at all."""
    length = pl.col("text").str.len_bytes().cast(pl.Int64) - 2 * pl.col("text").str.count_matches(
        "%", literal=True
    )
    last = pl.Series(ends)
    is_end = pl.col("length").is_null() & pl.col("text").is_null() & (pl.col("mark") == _CLOSING)
    is_text = (length == pl.col("length").cast(pl.Int64)).fill_null(value=False)
    is_good = pl.col("is_known") & pl.when(last).then(is_end).otherwise(is_text)
    return pieces.select(~is_good.fill_null(value=False)).to_series().to_numpy()


def _in_properties(pieces: pl.DataFrame) -> pl.Series:
    """Tell of each piece whether it stands in the array of the properties."""
    mark = pl.col("mark")
    step = pl.when(mark == _CLOSING).then(0).when(mark.is_not_null() & _follows_properties()).then(1)
    begun = pl.when(pl.col("row") != pl.col("row").shift(1, fill_value=2**32 - 1)).then(0)
    return pieces.select((pl.coalesce(step, begun).forward_fill() == 1).fill_null(value=False)).to_series()


def _follows_properties() -> pl.Expr:
    return pl.col("text").shift(1).is_in(_PROPERTIES)


def _well_counted(
    pieces: pl.DataFrame, in_properties: pl.Series, is_pair: _Flags, is_bad: _Flags
) -> pl.DataFrame:
    """Return the rows that have one array, the properties, with as many members as it says, and no bad piece.

    `others` is how many members they have beside.
    """
    opens = pl.col("mark") != _CLOSING
    counted = pieces.select(
        "row",
        pl.col("mark").str.extract(_OPENING).cast(pl.UInt32).alias("said"),
        (in_properties & pl.Series(is_pair)).alias("found"),
        (~in_properties & pl.Series(is_pair)).alias("others"),
        opens.fill_null(value=False).alias("opens"),
        (~opens).fill_null(value=False).alias("closes"),
        pl.Series(is_bad).alias("is_bad"),
    )
    rows = counted.group_by("row").agg(pl.exclude("row").sum())
    is_good = (pl.col("opens") == 1) & (pl.col("closes") == 2) & (pl.col("is_bad") == 0)
    return rows.filter(is_good & (pl.col("said") == pl.col("found"))).select("row", "others")


def _plain(scalars: pl.Series) -> pl.Series:
    """Return what stands for a number or a truth value in a form; null for null."""
    return scalars.replace_strict(_TRUTH, default=scalars.str.extract(_SCALAR), return_dtype=pl.String)
