from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import polars as pl
import pytest

from ingest.beacons.json_bodies import decoded
from ingest.beacons.members import as_form, as_text, of_objects

BODY = '{"a":"x y","b":{"c":[1,2.50,{"d":true}],"e":null},"f":1e999,"g":-0,"h":{"i":{"j":{"k":{"l":1}}}}}'
PAIRS = [
    ("a", "x y"),
    ("b[c][0]", "1"),
    ("b[c][1]", "2.50"),
    ("b[c][2][d]", "true"),
    ("f", "1e999"),
    ("g", "0"),
]


def test_members_become_parameters_with_numbers_as_they_are_written() -> None:
    found = of_objects(pl.Series([BODY, None, "[1]", "{", '{"a":false}']))
    assert found.rows() == [*((0, *pair) for pair in PAIRS), (4, "a", "false")]
    assert parse_qsl(as_form(decoded(BODY)) or "") == PAIRS
    assert as_form(decoded("[1]")) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, None), ([], None), ({}, None), (True, "true"), (7, "7"), (0.5, "0.5"), ("", "")],
)
def test_a_value_is_the_text_of_a_parameter(value: Any, text: str | None) -> None:
    assert as_text(value) == text
