from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import SettingsError
from footfall.store.objects import S3Address, is_s3, parse_s3


@pytest.mark.parametrize(
    ("text", "bucket", "key"),
    [
        ("s3://example-reports", "example-reports", ""),
        ("s3://example-reports/", "example-reports", ""),
        ("s3://example-reports/2026/a b=ü.parquet", "example-reports", "2026/a b=ü.parquet"),
        ("S3://example.reports//twice//", "example.reports", "/twice//"),
    ],
)
def test_an_address_is_bucket_and_key(text: str, bucket: str, key: str) -> None:
    assert is_s3(text)
    assert parse_s3(text) == S3Address(bucket, key)


@pytest.mark.parametrize(
    "text",
    [
        "s3://",
        "s3:///key",
        "s3://A/b",
        "s3://ab/c",
        "s3://Example/x",
        "s3://a..b/x",
        "s3://-abc/x",
        "s3://abc/a\nb",
        "s3://abc/" + "x" * 1025,
        "https://example.com/x",
        "s3://user:secret@host/x",
        "reports/",
        "",
    ],
)
def test_what_is_no_address_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_s3(text)

    assert "s3://example-reports/2026/" in (caught.value.hint or "")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["reports", "/s3/x", "s3", "s3:/x", ""])
def test_a_path_is_no_s3_address(text: str) -> None:
    assert not is_s3(text)


@pytest.mark.parametrize("prefix", ["s3://abc/x", "s3://abc/x/", "s3://abc/x//"])
def test_a_child_has_one_slash_before_it(prefix: str) -> None:
    child = parse_s3(prefix).child("day=1/part.parquet")
    assert child.uri == "s3://abc/x/day=1/part.parquet"
    assert child.name == "part.parquet"
    assert child.below(parse_s3(prefix)) == "day=1/part.parquet"


def test_a_child_of_a_bucket_has_no_slash_before_it() -> None:
    assert parse_s3("s3://abc").child("x") == S3Address("abc", "x")


@given(st.from_regex(r"[a-z0-9]{3,20}", fullmatch=True), st.text(st.characters(codec="utf-8"), max_size=300))
def test_an_address_round_trips_or_is_refused(bucket: str, key: str) -> None:
    try:
        address = parse_s3(f"s3://{bucket}/{key}")
    except SettingsError:
        return

    assert parse_s3(address.uri) == address == S3Address(bucket, key)
