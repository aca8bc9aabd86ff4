from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.formats import times

AT = datetime(2026, 1, 17, 10, 5, 3, tzinfo=UTC)
MS = AT.replace(microsecond=123000)
READERS = [
    times.read_apache_time,
    times.read_haproxy_time,
    times.read_zoned_iso_time,
    times.read_iso_time,
    times.read_epoch_seconds,
    times.read_epoch_milliseconds,
    times.read_epoch_microseconds,
    times.read_epoch_nanoseconds,
    times.read_epoch,
    times.read_any_time,
    times.strptime_reader("%Y-%m-%d %H:%M"),
]


def read(reader: Callable[[pl.Expr], pl.Expr], *texts: str | None) -> list[datetime | None]:
    return column(reader, texts).to_list()


def column(reader: Callable[[pl.Expr], pl.Expr], texts: Sequence[str | None]) -> pl.Series:
    frame = pl.DataFrame({"time": texts}, schema={"time": pl.String})
    found = frame.select(reader(pl.col("time"))).to_series()
    assert found.dtype == pl.Datetime("ms", "UTC")
    return found


@pytest.mark.parametrize(
    ("reader", "text", "expected"),
    [
        (times.read_apache_time, "17/Jan/2026:12:05:03 +0200", AT),
        (times.read_apache_time, "17/Jan/2026:10:05:03.123999 +0000", MS),
        (times.read_haproxy_time, "17/Jan/2026:10:05:03.123", MS),
        (times.read_haproxy_time, "17/Jan/2026:10:05:03 +0000", None),
        (times.read_zoned_iso_time, "2026-01-17T12:05:03+02:00", AT),
        (times.read_zoned_iso_time, "2026-01-17T12:05:03.123+0200", MS),
        (times.read_zoned_iso_time, "2026-01-17T10:05:03Z", AT),
        (times.read_zoned_iso_time, "2026-01-17T10:05:03", None),
        (times.read_iso_time, "2026-01-17T10:05:03.123456789Z", MS),
        (times.read_iso_time, "2026-01-17T10:05:03", AT),
        (times.read_iso_time, "2026-01-17 10:05:03.123", MS),
        (times.read_iso_time, "2026-01-17 12:05:03+02:00", AT),
        (times.read_iso_time, "2026-01-17 12:05:03 +0200", AT),
        (times.read_iso_time, "2026-02-30T10:05:03Z", None),
        (times.read_epoch_seconds, "1768644303", AT),
        (times.read_epoch_seconds, "1768644303.123", MS),
        (times.read_epoch_seconds, "1768644303.123999", MS),
        (times.read_epoch_milliseconds, "1768644303123", MS),
        (times.read_epoch_microseconds, "1768644303123999", MS),
        (times.read_epoch_nanoseconds, "1768644303123999999", MS),
        (times.read_epoch, "1768644303", AT),
        (times.read_epoch, "1768644303.123", MS),
        (times.read_epoch, "1768644303123", MS),
        (times.read_epoch, "1768644303123456", MS),
        (times.read_epoch, "1768644303123456789", MS),
        (times.read_any_time, "17/Jan/2026:12:05:03 +0200", AT),
        (times.read_any_time, "17/Jan/2026:10:05:03.123", MS),
        (times.read_any_time, "2026-01-17T10:05:03Z", AT),
        (times.read_any_time, "1768644303", AT),
        (times.strptime_reader("%d.%m.%Y %H:%M:%S"), "17.01.2026 10:05:03", AT),
        (times.strptime_reader("%d.%m.%Y %H:%M:%S %z"), "17.01.2026 12:05:03 +0200", AT),
    ],
)
def test_each_reader_reads_its_times(
    reader: Callable[[pl.Expr], pl.Expr], text: str, expected: datetime | None
) -> None:
    assert read(reader, text, None, "x", text) == [expected, None, None, expected]


@pytest.mark.parametrize("seconds", [1, 1_431_857_103, 1_600_000_007, 1_768_644_303])
def test_no_millisecond_is_lost_to_a_float(seconds: int) -> None:
    for digits in ("", "9", "999"):
        found = column(times.read_epoch_seconds, [f"{seconds}.{number:03}{digits}" for number in range(1000)])
        assert found.dt.epoch("ms").to_list() == [seconds * 1000 + number for number in range(1000)]


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e400", "9" * 400, "", "-", "\0"])
def test_a_number_beyond_all_time_is_none(text: str) -> None:
    for reader in READERS:
        assert read(reader, text) == [None]


@settings(deadline=None)
@given(st.lists(st.text() | st.floats().map(str) | st.integers().map(str), max_size=10))
def test_no_text_makes_a_reader_raise(texts: list[str]) -> None:
    for reader in READERS:
        assert len(times.is_time(column(reader, texts))) == len(texts)
