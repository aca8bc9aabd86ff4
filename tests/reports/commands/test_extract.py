from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import anyio
import boto3
import polars as pl
import pytest
from click.testing import CliRunner, Result
from polars.testing import assert_frame_equal

import cli
from footfall.errors import SettingsError, SourceError
from footfall.store.address import open_store
from footfall.store.commands import App
from reports.commands.extract import extract_command
from reports.commands.report import report_command
from tests.reports.conftest import MakeEvents
from tests.reports.export.exports import FULL_AT, Change, items_from, key_of, write_full, write_incremental
from tests.reports.store import CLOCK, fill

Extract = Callable[..., Result]


@pytest.fixture
def events(make_events: MakeEvents) -> pl.DataFrame:
    """9 events of two sites on three days."""
    return make_events(
        *(
            {
                "at": f"2026-03-0{1 + number // 3}T22:00:00+00:00",
                "site": ("a.example", "b.example")[number % 2],
            }
            for number in range(9)
        )
    ).collect()


def run(*arguments: str, **environment: str) -> Result:
    app = App(clock=CLOCK, open_store=lambda settings: open_store(settings, CLOCK))
    return CliRunner().invoke(extract_command, arguments, obj=app, env=environment)


@pytest.fixture
def store(tmp_path: Path, events: pl.DataFrame) -> str:
    anyio.run(fill, tmp_path / "x.db", events)
    return f"embedded:{tmp_path / 'x.db'}"


def read(folder: Path) -> pl.DataFrame:
    """The dataset as Polars reads it, with what the folders say."""
    return pl.read_parquet(folder / "site=*/date=*/*.parquet", hive_partitioning=True).sort("offset")


def test_polars_reads_the_folder_as_it_is(tmp_path: Path, store: str, events: pl.DataFrame) -> None:
    result = run("--out", str(tmp_path / "out"), "--store", store)

    assert result.exit_code == 0
    assert result.stdout == ""
    found = read(tmp_path / "out")
    assert_frame_equal(found.select(events.columns).drop("shard"), events.drop("shard"))
    assert found.schema["date"] == pl.Date
    assert (found["date"] == found["time"].dt.date()).all()


def test_a_range_in_a_time_zone_takes_whole_days(tmp_path: Path, store: str, events: pl.DataFrame) -> None:
    # The second of March begins in Tokyo at 15:00 UTC on the first.
    range_of = (
        "--from",
        "2026-03-02",
        "--to",
        "2026-03-02",
        "--timezone",
        "Asia/Tokyo",
        "--site",
        "a.example",
    )
    run("--out", str(tmp_path / "out"), "--store", store, *range_of)

    assert set(read(tmp_path / "out")["date"].to_list()) == {
        events["time"][0].date(),
        events["time"][3].date(),
    }
    assert read(tmp_path / "out")["site"].unique().to_list() == ["a.example"]


def test_it_can_be_run_again(tmp_path: Path, store: str, events: pl.DataFrame) -> None:
    run("--out", str(tmp_path / "out"), "--store", store)
    again = run("--out", str(tmp_path / "out"), "--store", store)

    assert "had not changed" in again.stderr
    assert read(tmp_path / "out").height == events.height


def test_somebody_else_s_folder_is_left_alone(tmp_path: Path, store: str) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "part-0.parquet").write_bytes(b"theirs")
    result = run("--out", str(tmp_path / "out"), "--store", store)

    assert isinstance(result.exception, SettingsError)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["part-0.parquet"]


def test_an_export_makes_the_same_dataset(tmp_path: Path, store: str, events: pl.DataFrame) -> None:
    items = items_from(events)
    write_full(tmp_path / "bucket", items[:5])
    changes = [Change(1, key_of(item), item) for item in items[5:]]
    write_incremental(tmp_path / "bucket", changes, until=FULL_AT + timedelta(hours=1))
    exports = tmp_path / "bucket" / "AWSDynamoDB"
    run("--out", str(tmp_path / "stored"), "--store", store)
    result = run(
        *("--out", str(tmp_path / "exported")),
        *("--from-export", str(exports / "full"), "--from-export", str(exports / "incremental")),
    )

    assert result.exit_code == 0
    assert "Store:" not in result.stderr
    assert_frame_equal(read(tmp_path / "exported"), read(tmp_path / "stored"))


def test_what_has_expired_is_in_no_answer(tmp_path: Path, events: pl.DataFrame) -> None:
    passed = int(CLOCK.now().timestamp()) - 10
    expiring = events.with_columns(pl.when(pl.col("offset") < 400).then(passed).alias("expires_at"))
    anyio.run(fill, tmp_path / "y.db", expiring)
    folder, out = write_full(tmp_path / "bucket", items_from(expiring)), str(tmp_path / "out")
    assert run("--out", out, "--from-export", str(folder)).exit_code == 0

    for source in (
        ["--store", f"embedded:{tmp_path}/y.db"],
        ["--from-export", str(folder)],
        ["--from-dataset", out],
    ):
        app = App(clock=CLOCK, open_store=lambda settings: open_store(settings, CLOCK))
        asked = ["statuses", "--format", "csv", *source]
        answer = CliRunner().invoke(report_command, asked, obj=app)
        assert f"200,{events.height - 4}," in answer.stdout, source


def test_an_export_without_a_day_takes_it_away(tmp_path: Path, events: pl.DataFrame) -> None:
    items = items_from(events)
    for number, some in enumerate((items, items[:3])):
        folder = write_full(tmp_path / "bucket", some, name=str(number))
        run("--out", str(tmp_path / "out"), "--from-export", str(folder))

    assert read(tmp_path / "out").height == 3


def test_a_damaged_export_leaves_the_dataset_as_it_was(tmp_path: Path, events: pl.DataFrame) -> None:
    folder = write_full(tmp_path / "bucket", items_from(events))
    run("--out", str(tmp_path / "out"), "--from-export", str(folder))
    before = read(tmp_path / "out")
    max((folder / "data").iterdir(), key=lambda path: path.stat().st_size).write_bytes(b"damage")
    result = run("--out", str(tmp_path / "out"), "--from-export", str(folder))

    assert isinstance(result.exception, ExceptionGroup)
    assert isinstance(result.exception.exceptions[0], SourceError)
    assert_frame_equal(read(tmp_path / "out"), before)


def test_s3_gets_the_same_days(
    tmp_path: Path, store: str, events: pl.DataFrame, moto_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", moto_endpoint)
    bucket = f"footfall-{uuid4().hex}"
    client = boto3.client("s3", endpoint_url=moto_endpoint, region_name="us-east-1")
    client.create_bucket(Bucket=bucket)
    out = f"s3://{bucket}/events"
    first = run("--out", out, "--store", store, "--region", "us-east-1")
    again = run("--out", out, "--store", store, "--region", "us-east-1")

    assert (first.exit_code, again.exit_code) == (0, 0)
    assert "wrote 6 days" in first.stderr
    assert "wrote 0 days" in again.stderr
    keys = [one["Key"] for one in client.list_objects_v2(Bucket=bucket)["Contents"]]
    for key in keys:
        (tmp_path / key).parent.mkdir(parents=True, exist_ok=True)
        client.download_file(bucket, key, str(tmp_path / key))

    assert "events/_footfall.json" in keys
    assert_frame_equal(read(tmp_path / "events").select(events.columns).drop("shard"), events.drop("shard"))
    assert (
        run("--out", f"{out}-none/x", "--from-export", f"{out}/nothing", "--region", "us-east-1").exit_code
        != 0
    )
    client.close()


@pytest.mark.parametrize("dialect", ["athena", "duckdb", "spark"])
def test_ddl_is_all_that_is_printed_and_nothing_is_read(tmp_path: Path, dialect: str) -> None:
    result = run(
        "--out", "s3://example-lake/events", "--ddl", dialect, "--store", f"embedded:{tmp_path}/none.db"
    )

    assert result.exit_code == 0
    assert result.stdout.startswith("CREATE ")
    assert result.stderr == ""
    assert run("--out", "s3://example-lake/events", "--ddl", dialect).stdout == result.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--out", "ftp://x"], "neither a folder nor"),
        (["--out", "s3://NO"], "bucket"),
        (["--out", "x", "--dataset", "y"], "--dataset"),
        (["--out", "x", "--from-export", "y", "--store", "embedded:z"], "--store"),
        (["--out", "x", "--from-export", "y", "--segments", "3"], "--segments"),
        (["--out", "x", "--from-export", "y", "--explain"], "--explain"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_hint(arguments: list[str], told: str) -> None:
    error = run(*arguments).exception
    assert isinstance(error, SettingsError)
    assert told in str(error)
    assert error.hint


def test_a_store_of_the_environment_gives_way_to_an_export(tmp_path: Path, events: pl.DataFrame) -> None:
    folder = write_full(tmp_path / "bucket", items_from(events))
    result = run(
        "--out",
        str(tmp_path / "out"),
        FOOTFALL_STORE="embedded:none.db",
        FOOTFALL_EXTRACT_FROM_EXPORT=str(folder),
    )
    assert result.exit_code == 0
    assert read(tmp_path / "out").height == events.height


def test_explain_reads_and_writes_nothing(tmp_path: Path, store: str) -> None:
    result = run("--out", str(tmp_path / "out"), "--store", store, "--explain")
    assert result.exit_code == 0
    assert "scan" in result.stdout
    assert not (tmp_path / "out").exists()


def test_a_wrong_export_ends_with_its_own_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "_started").touch()
    assert cli.run(["extract", "--out", str(tmp_path / "out"), "--from-export", str(tmp_path)]) == 6
    assert "not finished" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
