"""The SQL by which Athena, Spark and DuckDB see a dataset; nothing is read for it.

Sources: "CREATE TABLE" and "Partition projection", Amazon Athena User Guide; "CREATE DATASOURCE TABLE" and "Literals",
Spark SQL Reference 4; "Hive partitioning", DuckDB documentation. Folders are percent-encoded as Hive does it, but names
of sites need none: lower-case letters, digits, dot, dash and underscore.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import polars as pl
from polars.datatypes import DataType, DataTypeClass

from footfall.errors import SettingsError
from footfall.event import EVENTS, MONEY, TIME, Column
from footfall.paths import expanded
from footfall.store.objects import is_s3, parse_s3
from footfall.text import printable
from reports.scope import Scope

TABLE: Final = "footfall_events"
SITE: Final = "site"
DATE: Final = "date"

Types = dict[DataType | DataTypeClass, str]

_HIVE: Final[Types] = {
    pl.String: "string",
    pl.Int32: "int",
    pl.Int64: "bigint",
    pl.Float64: "double",
    MONEY: "decimal(18,4)",
    TIME: "timestamp",
}
_STANDARD: Final[Types] = {
    pl.String: "VARCHAR",
    pl.Int32: "INTEGER",
    pl.Int64: "BIGINT",
    pl.Float64: "DOUBLE",
    MONEY: "DECIMAL(18,4)",
    TIME: "TIMESTAMP WITH TIME ZONE",
}


@dataclass(frozen=True, slots=True)
class Dialect:
    """What SQL is written for: the types of columns, and what makes the whole of place and scope."""

    name: str
    types: Types
    text: Callable[[str, Scope], str]


def ddl(dialect: str, place: str, scope: Scope) -> str:
    """Return the SQL that lets a tool query the dataset at `place`, a folder or an S3 address.

    A site and a first day in `scope` go into what they make simpler. Raises `SettingsError` where the tool cannot
    read from such a place.
    """
    return DIALECTS[dialect].text(place, scope)


def column_type(dialect: str, column: Column) -> str:
    """Return the type that a column of the event has in a dialect."""
    return DIALECTS[dialect].types[column.dtype]


def _athena(place: str, scope: Scope) -> str:
    if not is_s3(place):
        raise SettingsError(
            f"Athena reads from S3, not from {printable(place, 200)}.", hint="--out s3://BUCKET/PREFIX"
        )

    location = _literal(parse_s3(place).folder.uri, "''")
    head = f"""CREATE EXTERNAL TABLE IF NOT EXISTS {TABLE} (
{_hive_columns("athena", "''")}
)
PARTITIONED BY (`{SITE}` string, `{DATE}` date)
STORED AS PARQUET
LOCATION {location}"""
    if scope.site is None:
        return f"""{head};

-- A query of its own: makes days known that were added since. With --site the table finds them by itself.
MSCK REPAIR TABLE {TABLE};
"""

    first_on = scope.first_on.isoformat() if scope.first_on else "2000-01-01"
    template = _literal(f"{parse_s3(place).folder.uri}site=${{site}}/date=${{date}}/", "''")
    return f"""{head}
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.{SITE}.type' = 'enum',
  'projection.{SITE}.values' = '{scope.site}',
  'projection.{DATE}.type' = 'date',
  'projection.{DATE}.format' = 'yyyy-MM-dd',
  'projection.{DATE}.range' = '{first_on},NOW+1DAY',
  'storage.location.template' = {template}
);
"""


def _spark(place: str, scope: Scope) -> str:
    del scope
    columns = _hive_columns("spark", "\\'")
    location = _literal(_absolute(place), "\\'")
    return f"""CREATE TABLE IF NOT EXISTS {TABLE} (
{columns},
  `{SITE}` string,
  `{DATE}` date
)
USING PARQUET
PARTITIONED BY (`{SITE}`, `{DATE}`)
LOCATION {location};

-- Makes days known that were added since.
MSCK REPAIR TABLE {TABLE};
"""


def _duckdb(place: str, scope: Scope) -> str:
    del scope
    columns = ",\n".join(
        f'  CAST("{one.name}" AS {column_type("duckdb", one)}) AS "{one.name}"' for one in EVENTS
    )
    files = _literal(f"{_absolute(place).rstrip('/')}/site=*/date=*/part-*.parquet", "''")
    return f"""CREATE OR REPLACE VIEW {TABLE} AS
SELECT
{columns},
  CAST("{DATE}" AS DATE) AS "{DATE}"
FROM read_parquet(
  {files},
  hive_partitioning = true,
  hive_types = {{'{SITE}': VARCHAR, '{DATE}': DATE}}
);
"""


def _hive_columns(dialect: str, quote: str) -> str:
    """Return all columns but `site`, which the folders carry."""
    return ",\n".join(
        f"  `{one.name}` {column_type(dialect, one)} COMMENT {_literal(one.meaning.replace(';', ','), quote)}"
        for one in EVENTS
        if one.name != SITE
    )


def _literal(text: str, quote: str) -> str:
    """Return `text` as a string of SQL, in which `quote` stands for a quotation mark."""
    escaped = text.replace("\\", "\\\\") if quote.startswith("\\") else text
    return "'" + escaped.replace("'", quote) + "'"


def _absolute(place: str) -> str:
    if is_s3(place):
        return parse_s3(place).folder.uri

    return str(expanded(place).resolve())


DIALECTS: Final = {
    "athena": Dialect("athena", _HIVE, _athena),
    "duckdb": Dialect("duckdb", _STANDARD, _duckdb),
    "spark": Dialect("spark", _HIVE, _spark),
}
