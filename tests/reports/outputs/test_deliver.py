from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

import boto3
import polars as pl
import pytest

from footfall.errors import FootfallError, SettingsError
from footfall.store.objects import ObjectSettings
from reports.answer import Answer
from reports.outputs import NdjsonOutput, OutputSettings, Screen
from reports.outputs.deliver import check_outputs, deliver, show, to_stream
from reports.scope import Scope
from tests.reports.outputs.answers import answer_of, hostile

pytestmark = pytest.mark.anyio

AT = datetime(2026, 3, 2, 1, 2, 3, tzinfo=UTC)
REGION = "eu-central-1"


@dataclass(frozen=True, slots=True)
class FailingOutput:
    """Writes half of an answer and then finds the disk full."""

    name: str = "csv"
    suffix: str = "csv"
    is_text: bool = True
    takes_many: bool = False
    is_whole: bool = False

    def write(self, answers: Sequence[Answer], stream: BinaryIO) -> None:
        assert answers
        stream.write(b"half")
        raise OSError(28, "No space left on device")


def named(name: str, rows: int = 30, *, is_series: bool = False) -> Answer:
    frame = pl.DataFrame({"path": [f"/{place}" for place in range(rows)], "requests": [1] * rows})
    return answer_of(frame, {"requests": "requests"}, name=name, is_series=is_series)


def check(
    *formats: str,
    reports: Sequence[str] = ("days",),
    width: int | None = None,
    out: str | None = None,
    name: str = "x",
) -> None:
    settings = OutputSettings(formats, out, name)
    check_outputs(settings, reports, Scope(), AT, Screen(io.BytesIO(), width) if out is None else None)


async def test_each_report_gets_a_file_of_its_own_and_a_workbook_all(tmp_path: Path) -> None:
    settings = OutputSettings(("csv", "xlsx"), str(tmp_path / "a"), "{date}/{report}.{suffix}")
    delivered = await deliver([named("days"), named("pages")], settings, AT)

    written = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert written == {f"a/2026-03-02/{name}" for name in ("days.csv", "pages.csv", "report.xlsx")}
    assert [(one.format, one.reports, one.rows) for one in delivered] == [
        ("csv", ("days",), (30,)), ("csv", ("pages",), (30,)), ("xlsx", ("days", "pages"), (30, 30)),
    ]  # fmt: skip
    assert delivered[0].sentence() == f"wrote {tmp_path}/a/2026-03-02/days.csv, 30 rows"
    assert delivered[2].sentence().endswith("report.xlsx, 2 reports")


async def test_names_tell_of_the_events_that_answers_are_about(tmp_path: Path) -> None:
    answer = named("days")
    scope = Scope("example.org", date(2026, 2, 1), date(2026, 2, 28))
    about = replace(answer, provenance=replace(answer.provenance, scope=scope))
    [one] = await deliver([about], OutputSettings(("csv",), str(tmp_path), "{site}-{from}-{date}"), AT)

    assert Path(one.stored.where).name == "example.org-2026-02-01-2026-02-28"


async def test_answers_go_to_s3(moto_endpoint: str, bucket: str) -> None:
    settings = OutputSettings(("ndjson", "markdown"), f"s3://{bucket}/web", "{report}.{suffix}")
    reached = ObjectSettings(region=REGION, endpoint_url=moto_endpoint)
    delivered = await deliver([named("days", 2)], settings, AT, reached)

    assert [one.stored.where for one in delivered] == [
        f"s3://{bucket}/web/days.{end}" for end in ("ndjson", "md")
    ]
    client = boto3.client("s3", endpoint_url=moto_endpoint, region_name=REGION)
    lines = client.get_object(Bucket=bucket, Key="web/days.ndjson")["Body"].read().splitlines()
    assert [json.loads(line)["path"] for line in lines] == ["/0", "/1"]
    client.close()


@pytest.mark.parametrize("limit", [None, 3, 0])
async def test_files_are_whole_unless_a_limit_is_named(tmp_path: Path, limit: int | None) -> None:
    settings = OutputSettings(("table", "csv", "markdown"), str(tmp_path), "{format}", limit)
    delivered = await deliver([named("pages")], settings, AT)

    assert {one.rows for one in delivered} == {(limit or 30,)}


async def test_nothing_to_deliver_is_no_error(tmp_path: Path) -> None:
    assert await deliver([], OutputSettings(out=str(tmp_path)), AT) == ()


@pytest.mark.parametrize(
    ("form", "is_series", "rows"),
    [("table", False, 20), ("markdown", False, 20), ("table", True, 30), ("csv", False, 30)],
)
def test_only_rankings_for_people_are_shortened(form: str, is_series: bool, rows: int) -> None:
    stream = io.BytesIO()
    show([named("pages", is_series=is_series)], OutputSettings((form,)), Screen(stream))

    assert sum(line.lstrip(b"| `").startswith(b"/") for line in stream.getvalue().splitlines()) == rows


def test_a_terminal_gets_csv_that_moves_no_cursor() -> None:
    shown, piped = io.BytesIO(), io.BytesIO()
    show([hostile()], OutputSettings(("csv",)), Screen(shown, 80))
    show([hostile()], OutputSettings(("csv",)), Screen(piped))

    assert b"\x1b" not in shown.getvalue()
    assert b"/\x1b[2J" in piped.getvalue()


@pytest.mark.parametrize("form", ["csv", "ndjson", "parquet"])
def test_several_reports_cannot_share_a_stream_that_has_no_bounds(form: str) -> None:
    with pytest.raises(SettingsError) as caught:
        check(form, reports=("days", "pages"))

    assert "--out DIR" in str(caught.value.hint)
    check(form)


@pytest.mark.parametrize("form", ["table", "json", "markdown"])
def test_some_take_several_reports(form: str) -> None:
    check(form, reports=("days", "pages"), width=80)


@pytest.mark.parametrize("form", ["parquet", "xlsx"])
def test_a_terminal_is_spared_what_is_no_text(form: str) -> None:
    with pytest.raises(SettingsError, match=f"cannot show {form}") as caught:
        check(form, width=80)

    assert f"report.{form}" in str(caught.value.hint)
    check(form)


def test_one_stream_takes_one_format() -> None:
    with pytest.raises(SettingsError, match="one --format"):
        check("table", "json")


def test_what_cannot_be_written_is_said_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    for settings, sentence in (
        ({"out": str(tmp_path / "taken"), "name": "{report}"}, "Cannot write"),
        ({"out": str(tmp_path), "name": "{nosuch}"}, "there is no {nosuch}"),
        ({"out": str(tmp_path), "reports": ("a", "b")}, "2 files would be called x"),
        ({"out": "s3://No_Bucket"}, "bucket"),
        ({"out": "s3://example-bucket/" + "k" * 1_000, "name": "{report}" * 20}, "key"),
    ):
        with pytest.raises(SettingsError, match=sentence):
            check("csv", **settings)

    check("csv", out=str(tmp_path / "new" / "folder"))
    assert (tmp_path / "new" / "folder").is_dir()


def test_a_stream_is_flushed_and_left_open() -> None:
    raw = io.BytesIO()
    stream = io.BufferedWriter(raw)
    to_stream(NdjsonOutput(), [named("pages", 1)], stream)

    assert raw.getvalue() == b'{"path":"/0","requests":1}\n'
    assert not stream.closed


def test_a_full_disk_behind_a_stream_is_said() -> None:
    with pytest.raises(FootfallError, match="standard output: No space left") as caught:
        to_stream(FailingOutput(), [named("pages")], io.BytesIO())

    assert "--out DIR" in (caught.value.hint or "")


@pytest.fixture
def bucket(moto_endpoint: str) -> Iterator[str]:
    """The name of a bucket that no other test has."""
    name = f"footfall-{uuid4().hex}"
    client = boto3.client("s3", endpoint_url=moto_endpoint, region_name=REGION)
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    yield name
    client.close()
