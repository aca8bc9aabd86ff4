from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.beacons.encoded import decode_base64


def texts(*given: str | None) -> pl.Series:
    return pl.Series(given, dtype=pl.String)


def test_base64_is_read_plain_or_url_safe_and_padded_or_not() -> None:
    assert decode_base64(texts("aGk_", "aGk/", "eyJhIjoxfQ==", "eyJhIjoxfQ", "aGk=", None)).to_list() == [
        "hi?",
        "hi?",
        '{"a":1}',
        '{"a":1}',
        "hi",
        None,
    ]


@settings(max_examples=40)
@given(st.lists(st.text(max_size=20), max_size=5))
def test_what_is_no_base64_of_utf_8_is_nothing(given: list[str]) -> None:
    gzipped = "H4sIAAAAAAAA"
    found = decode_base64(texts(*given, gzipped, "eyJhIjoxfQ"))
    assert found.to_list()[-2:] == [None, '{"a":1}']
