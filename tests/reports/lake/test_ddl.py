from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from footfall.errors import SettingsError
from footfall.event import EVENTS, SCHEMA
from reports.extraction.dataset import hive_name, write_part
from reports.lake.ddl import DIALECTS, column_type, ddl
from reports.scope import Scope
from tests.reports.conftest import MakeEvents

PLACE = "s3://example-lake/events"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_column_is_in_it_once_with_its_type(dialect: str) -> None:
    text = ddl(dialect, PLACE, Scope())
    for column in EVENTS:
        kind = re.escape(column_type(dialect, column))
        patterns = {
            "duckdb": rf'CAST\("{column.name}" AS {kind}\) AS "{column.name}"',
            "athena": rf"`{column.name}` {kind}(?!\w)",
            "spark": rf"`{column.name}` {kind}(?!\w)",
        }
        assert len(re.findall(patterns[dialect], text)) == 1, column.name


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_partitions_are_those_of_the_folders(dialect: str) -> None:
    text = ddl(dialect, PLACE, Scope())
    assert {
        "athena": "PARTITIONED BY (`site` string, `date` date)",
        "spark": "PARTITIONED BY (`site`, `date`)",
    }.get(dialect, "site=*/date=*/part-*.parquet") in text
    assert "s3://example-lake/events/" in text
    # What a folder is called is what the value is: nothing in a site's name has to be encoded.
    assert hive_name("site", "a-b_c.example.org") == "site=a-b_c.example.org"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_semicolon_ends_a_statement_and_stands_nowhere_else(dialect: str) -> None:
    # Tools that cut a script into statements do not all know what a string is.
    text = ddl(dialect, PLACE, Scope())
    assert all(line.endswith(";") for line in text.splitlines() if ";" in line and not line.startswith("--"))


@pytest.mark.parametrize("dialect", ["athena", "spark"])
def test_new_days_are_made_known(dialect: str) -> None:
    assert "MSCK REPAIR TABLE footfall_events;" in ddl(dialect, PLACE, Scope())


def test_athena_finds_the_days_of_a_site_by_itself() -> None:
    text = ddl("athena", PLACE + "/", Scope("example.org", date(2026, 1, 1)))
    assert "'projection.site.values' = 'example.org'" in text
    assert "'projection.date.range' = '2026-01-01,NOW+1DAY'" in text
    assert "'s3://example-lake/events/site=${site}/date=${date}/'" in text
    assert "MSCK" not in text


def test_athena_cannot_read_a_folder() -> None:
    with pytest.raises(SettingsError, match="Athena reads from S3") as caught:
        ddl("athena", "events", Scope())

    assert caught.value.hint


@pytest.mark.parametrize(
    ("dialect", "quoted"), [("athena", "o''clock"), ("duckdb", "o''clock"), ("spark", "o\\'clock")]
)
def test_a_quotation_mark_in_the_place_ends_nothing(dialect: str, quoted: str) -> None:
    text = ddl(dialect, "s3://example-lake/o'clock", Scope())
    assert quoted in text
    assert "/o'clock" not in text


def test_a_folder_is_named_as_seen_from_everywhere(tmp_path: Path) -> None:
    for dialect in ("duckdb", "spark"):
        assert f"'{Path.cwd()}/events" in ddl(dialect, "events", Scope())


def test_the_files_have_the_types_that_are_promised(tmp_path: Path, make_events: MakeEvents) -> None:
    write_part(make_events({"revenue": "12.5"}).collect(), tmp_path, "0")
    schema = pq.read_schema(tmp_path / "part-0.parquet")
    kinds = {"string": pa.large_string(), "int": pa.int32(), "bigint": pa.int64(), "double": pa.float64()}
    kinds |= {"decimal(18,4)": pa.decimal128(18, 4), "timestamp": pa.timestamp("ms", "UTC")}
    assert schema.names == list(SCHEMA)
    for column in EVENTS:
        found, expected = schema.field(column.name).type, kinds[column_type("athena", column)]
        assert found == expected or {found, expected} <= {pa.string(), pa.large_string(), pa.string_view()}

    physical = pq.ParquetFile(tmp_path / "part-0.parquet")
    assert physical.metadata.row_group(0).column(0).compression == "ZSTD"
    logical = physical.schema.column(schema.names.index("time")).logical_type
    assert "isAdjustedToUTC=true" in str(logical)
    assert "milliseconds" in str(logical)
