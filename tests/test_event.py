from __future__ import annotations

import re
from collections import Counter

import polars as pl
import pytest

from footfall.event import ATTRIBUTES, EVENTS, KEYS, SCHEMA, Column, conform
from footfall.store.embedded.reserved import RESERVED_WORDS

IDS = [column.name for column in ATTRIBUTES]


def repeated(names: list[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def test_names_are_unique() -> None:
    assert repeated([column.name for column in EVENTS]) == []
    assert repeated([column.attribute or "" for column in ATTRIBUTES]) == []


@pytest.mark.parametrize("column", ATTRIBUTES, ids=IDS)
def test_an_attribute_name_can_stand_in_an_expression(column: Column) -> None:
    assert column.attribute
    assert re.fullmatch("[a-z]{1,3}", column.attribute)
    assert column.attribute.upper() not in RESERVED_WORDS
    assert column.attribute not in {"pk", "sk"}


def test_the_key_carries_what_no_attribute_does() -> None:
    assert [column.attribute for column in KEYS] == [None] * len(KEYS)


@pytest.mark.parametrize("column", EVENTS, ids=[column.name for column in EVENTS])
def test_every_column_says_what_it_means_and_where_it_comes_from(column: Column) -> None:
    assert column.meaning
    assert column.source


def test_numbers_are_what_is_not_text() -> None:
    texts = {column.name for column in EVENTS if not column.is_number}
    assert texts == {name for name, dtype in SCHEMA.items() if dtype == pl.String}


def test_conform_adds_what_is_missing_and_drops_what_is_foreign() -> None:
    frame = conform(pl.DataFrame({"status": [200], "foreign": ["x"], "site": ["a"]}))
    assert frame.schema == SCHEMA
    filled = {name: value for name, value in frame.row(0, named=True).items() if value is not None}
    assert filled == {"status": 200, "site": "a"}


def test_conform_changes_nothing_the_second_time() -> None:
    once = conform(pl.DataFrame({"status": [200, None]}))
    assert conform(once).equals(once)


def test_conform_of_no_rows_has_all_columns() -> None:
    assert conform(pl.DataFrame()).schema == SCHEMA
