"""Which member of a JSON object gives which column of the event, and how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import polars as pl

from footfall.event import SCHEMA
from ingest.formats.fields import REQUEST
from ingest.formats.finish import ABSENT
from ingest.formats.json_logs.paths import Path, name_of, parse_path, value_at
from ingest.formats.json_logs.times import read_times

REQUEST_LINE: Final = "request"
URI: Final = "uri"
DATE: Final = "date"
CLOCK: Final = "clock"
EXTRA: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        REQUEST_LINE: ("method", "path", "query", "protocol", "request"),
        URI: ("path", "query"),
        DATE: ("time",),
        CLOCK: ("time",),
    }
)
"""What a member may be beside a column: a request line or URI to take apart, a date or a time of day in UTC."""

_PARTS: Final = frozenset({"method", "path", "query", "protocol"})
"""Parts of a request that are logged on their own: a dash stands for none there, but not in a request line."""

_BARE_URI: Final = r"^(?:/|[A-Za-z][A-Za-z0-9+.-]*://)[^ ]*$"


@dataclass(frozen=True, slots=True)
class Member:
    """A column (or one of `EXTRA`) and the paths its value may stand at, of which the first that has one counts.

    A dash and an empty text are no value. A number is multiplied by `factor`. `codes` are other words for values.
    `convert` makes the text of the column, or of its number, from that of the log.
    """

    column: str
    paths: tuple[Path, ...]
    factor: float = 1.0
    codes: Mapping[str, str] | None = None
    convert: Callable[[pl.Expr], pl.Expr] | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns of the event that the member gives."""
        return EXTRA.get(self.column, (self.column,))

    @property
    def is_number(self) -> bool:
        """Whether a number is made of it."""
        return self.column in SCHEMA and SCHEMA[self.column].is_numeric()

    @property
    def may_be_number(self) -> bool:
        """Whether it makes no difference if the log has a number or its text."""
        return self.is_number or self.column == "time" or self.codes is not None

    @property
    def title(self) -> str:
        """Return the paths as they are shown."""
        return " or ".join(name_of(path) for path in self.paths)


def member(
    column: str,
    *paths: str,
    factor: float = 1.0,
    codes: Mapping[str, str] | None = None,
    convert: Callable[[pl.Expr], pl.Expr] | None = None,
) -> Member:
    """Return a row of a table, with paths as text; see `Member` and `paths`."""
    return Member(column, tuple(parse_path(path) for path in paths), factor, codes, convert)


def extract(rows: pl.DataFrame, members: tuple[Member, ...]) -> pl.DataFrame:
    """Return the columns that `members` give, of rows with a column for each member of the object; `time` is read."""
    by_column: dict[str, list[pl.Expr]] = {}
    for wanted in members:
        if wanted.column != "time":
            by_column.setdefault(wanted.column, []).append(_value(wanted))

    values = rows.select(_together(name, found).alias(name) for name, found in by_column.items())
    return _with_times(values, rows, members).pipe(_with_request).pipe(_with_uri)


def _value(wanted: Member) -> pl.Expr:
    values = [value_at(path) for path in wanted.paths]
    if wanted.codes is not None:
        values = [value.cast(pl.String).replace(wanted.codes) for value in values]

    if wanted.is_number:
        return _number(wanted, values)

    text = _first_given([value.cast(pl.String) for value in values])
    if wanted.column in _PARTS:
        text = pl.when(text != "-").then(text)

    return wanted.convert(text) if wanted.convert is not None else text


def _together(column: str, found: list[pl.Expr]) -> pl.Expr:
    return pl.coalesce(found) if Member(column, ()).is_number else _first_given(found)


def _first_given(texts: list[pl.Expr]) -> pl.Expr:
    """Return the first text that is there and says something, else the last as it is."""
    return pl.coalesce(*(pl.when(~text.is_in(ABSENT)).then(text) for text in texts[:-1]), texts[-1])


def _number(wanted: Member, values: list[pl.Expr]) -> pl.Expr:
    if wanted.convert is not None:
        values = [wanted.convert(value.cast(pl.String)) for value in values]

    number = pl.coalesce(value.cast(pl.Float64, strict=False) for value in values)
    return number * wanted.factor if wanted.factor != 1 else number


def _with_times(values: pl.DataFrame, rows: pl.DataFrame, members: tuple[Member, ...]) -> pl.DataFrame:
    paths = [path for wanted in members if wanted.column == "time" for path in wanted.paths]
    times = [read_times(rows.select(value_at(path)).to_series()) for path in paths]
    if DATE in values.columns:
        together = values.select(
            pl.concat_str(pl.col(DATE), pl.lit("T"), pl.col(CLOCK), pl.lit("Z"))
        ).to_series()
        times.append(read_times(together))
        values = values.drop(DATE, CLOCK)

    return values.with_columns(pl.coalesce(times).alias("time"))


def _with_request(values: pl.DataFrame) -> pl.DataFrame:
    """Take request lines apart; what is logged apart from them goes before."""
    if REQUEST_LINE not in values.columns:
        return values

    line = pl.col(REQUEST_LINE)
    split = values.with_columns(line.str.extract_groups(REQUEST).alias("parts"))
    parts = split.select(pl.col("parts").struct.unnest())
    bare = split.select(pl.when(line.str.contains(_BARE_URI)).then(line)).to_series()
    uri = split.select(_path_of(pl.lit(bare)).alias("path"), _query_of(pl.lit(bare)).alias("query"))
    known = {
        "method": [parts["method"]],
        "path": [parts["path"], parts["bare_path"], uri["path"]],
        "query": [parts["query"], parts["bare_query"], uri["query"]],
        "protocol": [parts["protocol"]],
    }
    is_read = parts["method"].is_not_null() | bare.is_not_null()
    return split.drop("parts").with_columns(
        *(pl.coalesce(*_there(split, name), *found).alias(name) for name, found in known.items()),
        pl.when(~is_read & ~line.is_in(("-", ""))).then(line).alias(REQUEST_LINE),
    )


def _with_uri(values: pl.DataFrame) -> pl.DataFrame:
    if URI not in values.columns:
        return values

    uri = pl.col(URI)
    return values.with_columns(
        pl.coalesce(*_there(values, "path"), _path_of(uri)).alias("path"),
        pl.coalesce(*_there(values, "query"), _query_of(uri)).alias("query"),
    ).drop(URI)


def _there(values: pl.DataFrame, name: str) -> list[pl.Expr]:
    return [pl.col(name)] if name in values.columns else []


def _path_of(uri: pl.Expr) -> pl.Expr:
    path = uri.str.splitn("?", 2).struct.field("field_0")
    return pl.when(path != "").then(path)


def _query_of(uri: pl.Expr) -> pl.Expr:
    return uri.str.splitn("?", 2).struct.field("field_1")
