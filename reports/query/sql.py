"""Reports in SQL: a SELECT over events, hits and visits, that only reads, whatever it says and whoever wrote it.

Polars runs it. What it is made of is looked at first, so that it reads no files and changes nothing; what cannot be
answered is a `SettingsError`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from footfall.errors import SettingsError
from footfall.text import printable
from reports.partials.part import Part
from reports.query import probe
from reports.query.conditions import FAILURES
from reports.query.dimensions import DIMENSIONS
from reports.query.metrics import METRICS
from reports.query.tables import TABLES, tables
from reports.report import Chart, Report, ReportColumn, View
from reports.visits import Facts

LONGEST: Final = 50_000
"""Characters of a statement."""

_EXAMPLE: Final = (
    "footfall sql 'SELECT medium, COUNT(*) AS visits FROM visits GROUP BY medium ORDER BY visits DESC'"
)
_QUOTED: Final = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)
_BEGINS: Final = re.compile(r"[\s(]*(?:SELECT|WITH)\b", re.IGNORECASE)
_READS: Final = re.compile(r"\bread_(?:csv|parquet|json|ndjson|ipc|avro|delta)\b", re.IGNORECASE)
_UNITS: Final = {pl.Date: "date", pl.Datetime: "time", pl.Boolean: "flag", pl.String: "text"}


@dataclass(frozen=True, slots=True)
class SqlReport(Report):
    """A report whose rows a `statement` gives. It is answered from all partitions at once, by `with_statements`."""

    statement: str = ""


def sql_report(
    statement: str,
    name: str = "sql",
    question: str = "",
    *,
    remark: str = "",
    chart: Chart | None = None,
) -> SqlReport:
    """Return the report that `statement` gives the rows of, in the order that it gives them in.

    Raises `SettingsError` for a statement that is no SELECT, is no SQL or names what is not there: it is tried on a few
    events, without looking at values.
    """
    check_statement(statement)
    return SqlReport(
        name=name,
        question=question or "What does the statement give?",
        columns=_columns(statement),
        remark=remark or printable(f"The statement: {' '.join(statement.split())}."),
        rules=(),
        measure=_nothing,
        finish=_no_rows,
        chart=chart,
        statement=statement,
    )


def check_statement(statement: str) -> None:
    """Raise `SettingsError` unless `statement` is a SELECT that reads nothing but the tables there are."""
    bare = _QUOTED.sub(_blank, statement).strip().rstrip(";")
    if len(statement) > LONGEST:
        raise SettingsError(f"The statement is longer than {LONGEST:,} characters.", hint=_EXAMPLE)

    if not _BEGINS.match(bare) or ";" in bare:
        raise SettingsError(
            f"{printable(statement, 60)!r} is not a SELECT; nothing else is run, and only one.", hint=_EXAMPLE
        )

    # Wherever it stands: what is quoted and what is not is the parser's to say.
    if _READS.search(statement):
        raise SettingsError(
            f"A statement reads {', '.join(TABLES)} and no files.",
            hint="footfall ingest FILE --store STORE first",
        )


def _blank(quoted: re.Match[str]) -> str:
    return " " if quoted[0].startswith(("--", "/*")) else "''"


def has_statements(reports: Iterable[Report]) -> bool:
    """Tell whether statements are among `reports`."""
    return any(isinstance(report, SqlReport) for report in reports)


def with_statements(
    frames: Sequence[pl.DataFrame], reports: Sequence[Report], partitions: Iterable[Facts], view: View
) -> list[pl.DataFrame]:
    """Return `frames`, the rows of `reports`, with those that statements give in their places.

    Raises `SettingsError` for one that fails over a value.
    """
    with tables(partitions) as known:
        return [
            rows_of(report.statement, known, view) if isinstance(report, SqlReport) else frame
            for frame, report in zip(frames, reports, strict=True)
        ]


def rows_of(statement: str, known: Mapping[str, pl.LazyFrame], view: View) -> pl.DataFrame:
    """Return the rows that `statement` gives over the tables `known`; times in the view's time zone."""
    try:
        return _shown(_planned(statement, known), view).collect(engine="streaming")
    except FAILURES as error:
        raise _failed(statement, error) from error


def _columns(statement: str) -> tuple[ReportColumn, ...]:
    view = View()
    with tables([probe.facts(view)]) as known:
        try:
            schema = _shown(_planned(statement, known), view).collect_schema()
        except FAILURES as error:
            raise _failed(statement, error) from error

    if not schema:
        raise SettingsError("The statement gives no columns.", hint=_EXAMPLE)

    return tuple(ReportColumn(name, _unit(name, dtype), _meaning(name)) for name, dtype in schema.items())


def _planned(statement: str, known: Mapping[str, pl.LazyFrame]) -> pl.LazyFrame:
    return pl.SQLContext(dict(known)).execute(statement.strip().rstrip(";"), eager=False)


def _shown(rows: pl.LazyFrame, view: View) -> pl.LazyFrame:
    """Return `rows` with values that every output can show: times of the view's zone, nested ones as text."""
    return rows.select(
        _plain(pl.col(name), dtype, view).alias(name) for name, dtype in rows.collect_schema().items()
    )


def _plain(value: pl.Expr, dtype: pl.DataType, view: View) -> pl.Expr:
    if isinstance(dtype, pl.Datetime):
        zoned = value if dtype.time_zone else value.dt.replace_time_zone("UTC")
        return zoned.dt.convert_time_zone(view.time_zone).dt.cast_time_unit("ms")

    if isinstance(dtype, pl.Duration):
        return value.dt.total_milliseconds() / 1000

    if isinstance(dtype, pl.Array):
        return _plain(value.arr.to_list(), pl.List(dtype.inner), view)

    if isinstance(dtype, pl.List):
        return value.cast(pl.List(pl.String)).list.join(", ", ignore_nulls=True)

    if isinstance(dtype, pl.Struct):
        return value.struct.json_encode()

    if isinstance(dtype, pl.Binary):
        return value.bin.encode("hex")

    return value if dtype.is_numeric() or dtype in _UNITS else value.cast(pl.String)


def _unit(name: str, dtype: pl.DataType) -> str:
    known = METRICS.get(name) or DIMENSIONS.get(name)
    if dtype.is_numeric():
        return known.unit if known is not None and known.unit not in _UNITS.values() else "number"

    return _UNITS.get(dtype.base_type(), "text")


def _meaning(name: str) -> str:
    known = METRICS.get(name) or DIMENSIONS.get(name)
    return known.meaning if known is not None else "as the statement says"


def _failed(statement: str, error: BaseException) -> SettingsError:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return SettingsError(
        f"The statement {printable(statement, 60)!r} cannot be answered: {printable(lines[0].rstrip('.'), 300)}.",
        hint=_EXAMPLE,
        details=[f"{name}: {meaning}" for name, meaning in TABLES.items()],
    )


def _nothing(facts: Facts, view: View) -> tuple[Part, ...]:
    del facts, view
    return ()


def _no_rows(parts: Mapping[str, pl.LazyFrame], view: View) -> pl.LazyFrame:
    del parts, view
    return pl.LazyFrame()
