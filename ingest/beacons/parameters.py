"""Query strings and form bodies to columns, without a Python object per parameter.

What takes texts apart is in `ingest.beacons.splitting`; this gives columns, objects and JSON of the pieces.

Rules: WHATWG URL Standard, 5.1 (application/x-www-form-urlencoded parsing), with two additions: of parameters of
one name the first counts, and escapes that are not UTF-8 read ``\\xhh``, as foreign bytes of lines do.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Final, cast
from urllib.parse import quote, unquote_to_bytes

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from ingest.beacons.splitting import split_texts

_Places = npt.NDArray[np.int64]

_RUN: Final = re.compile(r"(?:%[0-9A-Fa-f]{2})+")

_NEEDS_ESCAPE: Final = r'["\\\x00-\x1f]'
_JSON_ESCAPES: Final = {chr(code): f"\\u{code:04x}" for code in range(32)} | {
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    '"': '\\"',
    "\\": "\\\\",
}


def split_parameters(texts: pl.Series) -> pl.DataFrame:
    """Return every parameter of query strings or form bodies: row (UInt32), name, value (String), in their order.

    `row` counts the texts from 0. A parameter without equals sign has the value ``""``, one without a name has
    the name ``""``; a text that is empty or null has one of that sort. Never raises on any text.
    """
    joined = texts.fill_null("") + "&"
    parameters = split_texts(joined)
    if parameters is None:
        parameters = split_texts(_mended(joined))

    assert parameters is not None, "mended texts have no escapes that are not UTF-8"
    return parameters


def read_parameters(texts: pl.Series, names: Sequence[str]) -> pl.DataFrame:
    """Return one String column for each of `names`, in their order: what the query strings or form bodies say.

    ``+`` is a space, ``%XX`` a byte of UTF-8. Null where a parameter is absent, ``""`` where it has no value; the
    first of several with one name counts. Never raises on any text.
    """
    return columns_of(split_parameters(texts), names, len(texts))


def columns_of(split: pl.DataFrame, names: Sequence[str], count: int) -> pl.DataFrame:
    """Return what `read_parameters` does, of `count` texts that `split_parameters` has split."""
    codes = split["name"].cast(pl.Enum(list(names)), strict=False).to_physical()
    wanted = codes.is_not_null().to_numpy().nonzero()[0]
    places = np.full((len(names), count), -1, np.int64)
    # Last to first, so that the first of equal names is what stays.
    back = wanted[::-1]
    places[codes.gather(back).to_numpy(), split["row"].gather(back).to_numpy()] = back
    return pl.DataFrame([_column(split["value"], places[code], name) for code, name in enumerate(names)])


def other_parameters(texts: pl.Series, known: Collection[str], *, prefixes: Sequence[str] = ()) -> pl.Series:
    """Return for each text a compact JSON object (text) of its parameters that are not in `known`, null without any.

    With `prefixes`, only of those whose names begin with one of them. Members are in the order of the text, of
    equal names the first; parameters without a name are none.
    """
    return objects_of(split_parameters(texts), known, len(texts), prefixes=prefixes)


def objects_of(
    split: pl.DataFrame, known: Collection[str], count: int, *, prefixes: Sequence[str] = ()
) -> pl.Series:
    """Return what `other_parameters` does, of `count` texts that `split_parameters` has split.

    `split` may have `json`, the values as they are to stand in JSON; else they become strings.
    """
    is_other = ~split["name"].is_in(list(known)) & (split["name"] != "")
    if prefixes:
        is_other &= split["name"].str.contains("^(?:" + "|".join(map(re.escape, prefixes)) + ")")

    return _objects(split.filter(is_other), count) if is_other.any() else _nothing("", count)


def to_json_object(frame: pl.DataFrame) -> pl.Series:
    """Return for each row of String columns a compact JSON object (text) without null members, null without any."""
    present = [name for name in frame.columns if frame[name].null_count() < len(frame)]
    members = [pl.lit(_quoted_name(name)) + ":" + json_text(pl.col(name)) for name in present]
    if not members:
        return _nothing("", len(frame))

    joined = pl.concat_str(members, separator=",", ignore_nulls=True)
    return frame.select(pl.when(joined != "").then("{" + joined + "}")).to_series()


def json_text(text: pl.Expr) -> pl.Expr:
    """Return texts as JSON strings, quoted and escaped (RFC 8259, 7); null stays null."""
    return '"' + text.map_batches(_escaped, return_dtype=pl.String) + '"'


def _escaped(texts: pl.Series) -> pl.Series:
    # Nearly no text needs it, and to look for that is much cheaper.
    return texts.str.replace_many(_JSON_ESCAPES) if texts.str.contains(_NEEDS_ESCAPE).any() else texts


def _quoted_name(name: str) -> str:
    return '"' + "".join(_JSON_ESCAPES.get(character, character) for character in name) + '"'


def _objects(parameters: pl.DataFrame, count: int) -> pl.Series:
    """Return an object for each of `count` rows; `parameters` are in the order of the rows."""
    first = (
        parameters if _is_distinct(parameters) else parameters.unique(("row", "name"), maintain_order=True)
    )
    row = first["row"].to_numpy()
    begins = pl.Series("begins", np.diff(row, prepend=np.uint32(count)) != 0)
    ends = pl.Series("ends", np.diff(row, append=np.uint32(count)) != 0)
    value = pl.col("json") if "json" in first.columns else json_text(pl.col("value"))
    opening = pl.when("begins").then(pl.lit("{")).otherwise(pl.lit(","))
    closing = pl.when("ends").then(pl.lit("}")).otherwise(pl.lit(""))
    pieces = first.with_columns(begins, ends).select(
        piece=pl.concat_str(opening, json_text(pl.col("name")), pl.lit(":"), value, closing)
    )["piece"]
    # The pieces of a row lie one behind the other, so that their bytes are the object already.
    array = pieces.to_arrow(compat_level=pl.CompatLevel.oldest())
    limits = np.frombuffer(array.buffers()[1], np.int64)[array.offset : array.offset + len(array) + 1]
    held = np.searchsorted(row, np.arange(count + 1, dtype=np.uint32))
    joined = pa.LargeStringArray.from_buffers(count, pa.py_buffer(limits[held]), array.buffers()[2])
    objects = cast("pl.Series", pl.from_arrow(joined))
    return objects.set(objects == "", None).alias("")


def _is_distinct(parameters: pl.DataFrame) -> bool:
    codes = parameters["name"].cast(pl.Categorical).to_physical().to_numpy().astype(np.uint64)
    keys = parameters["row"].to_numpy().astype(np.uint64) << np.uint64(32) | codes
    return pl.Series(keys).n_unique() == len(keys)


def _nothing(name: str, count: int) -> pl.Series:
    return pl.Series(name, [None], dtype=pl.String).new_from_index(0, count)


def _column(values: pl.Series, places: _Places, name: str) -> pl.Series:
    if (places < 0).all():
        return _nothing(name, len(places))

    chosen = pl.Series(places)
    return values.gather(chosen.set(chosen < 0, None)).alias(name)


def _mended(joined: pl.Series) -> pl.Series:
    """Return texts whose escapes are all UTF-8, those that are not written out; each distinct text worked out once."""
    doubtful = joined.filter(joined.str.contains("%[89A-Fa-f]")).unique()
    return joined.replace(doubtful, pl.Series([_mend(text) for text in doubtful], dtype=pl.String))


def _mend(text: str) -> str:
    return _RUN.sub(lambda run: quote(unquote_to_bytes(run.group()).decode(errors="backslashreplace")), text)
