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


def columns_of(
    split: pl.DataFrame, names: Sequence[str], count: int, *, is_absent: pl.Series | None = None
) -> pl.DataFrame:
    """Return what `read_parameters` does, of `count` texts that `split_parameters` has split.

    Names may also be an Enum of the distinct ones (see `numbered`). `is_absent` tells of which parameters the columns
    are null, although they are the first of their name.
    """
    numbers = _numbers(split["name"], names)
    # Last to first, so that the first of equal names is what stays.
    wanted = np.flatnonzero(numbers >= 0)[::-1]
    numbers = numbers.take(wanted)
    places = np.full((len(names), count), -1, np.int32)
    rows = split["row"].to_numpy().take(wanted)
    places[numbers, rows] = (
        wanted if is_absent is None else np.where(is_absent.to_numpy()[wanted], -1, wanted)
    )
    present = np.flatnonzero(np.bincount(numbers, minlength=len(names)))
    found = _gathered(split["value"], places.take(present, axis=0).ravel())
    columns = {which: found.slice(place * count, count) for place, which in enumerate(present.tolist())}
    absent = _nothing("", count)
    return pl.DataFrame([columns.get(which, absent).alias(name) for which, name in enumerate(names)])


def _gathered(values: pl.Series, places: npt.NDArray[np.int32]) -> pl.Series:
    """Return the values at some places, null for -1; to gather nulls themselves takes ten times as long."""
    found = values.gather(pl.Series(np.maximum(places, 0)))
    return found.set(pl.Series(places < 0), None)


def numbered(split: pl.DataFrame) -> pl.DataFrame:
    """Return split parameters with names as an Enum of the distinct ones, so that each of them is looked at once."""
    names = split["name"]
    return (
        split if isinstance(names.dtype, pl.Enum) else split.with_columns(names.cast(pl.Enum(names.unique())))
    )


def names_of(split: pl.DataFrame) -> pl.Series:
    """Return the distinct names of `numbered` parameters, and perhaps others, as `name`."""
    dtype = split.schema["name"]
    assert isinstance(dtype, pl.Enum), "names are numbered"
    return dtype.categories.alias("name")


def without_prefix(split: pl.DataFrame, prefix: str) -> pl.DataFrame:
    """Return those of `numbered` parameters whose names have a prefix, without it, and numbered again."""
    names = names_of(split)
    have = names.str.starts_with(prefix).to_numpy()
    number = split["name"].to_physical().cast(pl.Int64).to_numpy()
    own = split.filter(pl.Series(have.take(number)))
    plain = names.filter(pl.Series(have)).str.strip_prefix(prefix)
    place = (np.cumsum(have) - 1).take(own["name"].to_physical().cast(pl.Int64).to_numpy())
    return own.with_columns(plain.cast(pl.Enum(plain)).gather(pl.Series(place)).alias("name"))


def _numbers(found: pl.Series, names: Sequence[str]) -> npt.NDArray[np.int32]:
    """Return for each name which of `names` it is, -1 for none."""
    if not isinstance(found.dtype, pl.Enum):
        return _enumerated(found, names)

    return _enumerated(found.dtype.categories, names).take(found.to_physical().to_numpy())


def _enumerated(found: pl.Series, names: Sequence[str]) -> npt.NDArray[np.int32]:
    codes = found.cast(pl.Enum(list(names)), strict=False).to_physical()
    return codes.cast(pl.Int32).fill_null(-1).to_numpy()


def other_parameters(texts: pl.Series, known: Collection[str], *, prefixes: Sequence[str] = ()) -> pl.Series:
    """Return for each text a compact JSON object (text) of its parameters that are not in `known`, null without any.

    With `prefixes`, only of those whose names begin with one of them. Members are in the order of the text, of
    equal names the first; parameters without a name are none.
    """
    return objects_of(split_parameters(texts), known, len(texts), prefixes=prefixes)


def are_named(split: pl.DataFrame, wanted: pl.Expr) -> pl.Series:
    """Tell of each parameter whether its name is as `wanted`, an expression of `name`; see `columns_of`."""
    if not isinstance(split.schema["name"], pl.Enum):
        return split.select(wanted).to_series()

    distinct = names_of(split).to_frame().select(wanted).to_series().to_numpy()
    return pl.Series(distinct.take(split["name"].to_physical().to_numpy()))


def objects_of(
    split: pl.DataFrame, known: Collection[str], count: int, *, prefixes: Sequence[str] = ()
) -> pl.Series:
    """Return what `other_parameters` does, of `count` texts that `split_parameters` has split; see `columns_of`.

    `split` may have `json`, the values as they are to stand in JSON; else they become strings.
    """
    wanted = ~pl.col("name").is_in(list(known)) & (pl.col("name") != "")
    if prefixes:
        wanted &= pl.col("name").str.contains("^(?:" + "|".join(map(re.escape, prefixes)) + ")")

    is_other = are_named(split, wanted)
    if not is_other.any():
        return _nothing("", count)

    return _objects(split if is_other.all() else split.filter(is_other), count)


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
    first = _distinct(numbered(parameters))
    row = first["row"].to_numpy()
    begins = np.diff(row, prepend=np.uint32(count)) != 0
    openings = _openings(first, begins).alias("opening")
    ends = pl.Series("ends", np.diff(row, append=np.uint32(count)) != 0)
    value = pl.col("json") if "json" in first.columns else json_text(pl.col("value"))
    closing = pl.when("ends").then(pl.lit("}")).otherwise(pl.lit(""))
    pieces = first.with_columns(openings, ends).select(pl.concat_str("opening", value, closing)).to_series()
    # The pieces of a row lie one behind the other, so that their bytes are the object already.
    array = pieces.to_arrow(compat_level=pl.CompatLevel.oldest())
    limits = np.frombuffer(array.buffers()[1], np.int64)[array.offset : array.offset + len(array) + 1]
    held = np.searchsorted(row, np.arange(count + 1, dtype=np.uint32))
    joined = pa.LargeStringArray.from_buffers(count, pa.py_buffer(limits[held]), array.buffers()[2])
    objects = cast("pl.Series", pl.from_arrow(joined))
    return objects.set(objects == "", None).alias("")


def _distinct(parameters: pl.DataFrame) -> pl.DataFrame:
    """Return parameters without those whose name an earlier one of the row has."""
    codes = parameters["name"].to_physical().to_numpy().astype(np.uint64)
    keys = pl.Series(parameters["row"].to_numpy().astype(np.uint64) << np.uint64(32) | codes)
    return parameters if keys.n_unique() == len(keys) else parameters.filter(keys.is_first_distinct())


def _openings(parameters: pl.DataFrame, begins: npt.NDArray[np.bool_]) -> pl.Series:
    """Return what stands before values in objects: ``{"name":`` where one begins, else ``,"name":``."""
    quoted = names_of(parameters).to_frame().select(json_text(pl.col("name")) + ":").to_series()
    places = parameters["name"].to_physical().cast(pl.Int64).to_numpy() + begins * len(quoted)
    return pl.concat(["," + quoted, "{" + quoted]).gather(pl.Series(places))


def _nothing(name: str, count: int) -> pl.Series:
    return pl.Series(name, [None], dtype=pl.String).new_from_index(0, count)


def _mended(joined: pl.Series) -> pl.Series:
    """Return texts whose escapes are all UTF-8, those that are not written out; each distinct text worked out once."""
    doubtful = joined.filter(joined.str.contains("%[89A-Fa-f]")).unique()
    return joined.replace(doubtful, pl.Series([_mend(text) for text in doubtful], dtype=pl.String))


def _mend(text: str) -> str:
    return _RUN.sub(lambda run: quote(unquote_to_bytes(run.group()).decode(errors="backslashreplace")), text)
