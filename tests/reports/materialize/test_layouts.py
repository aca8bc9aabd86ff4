from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from footfall.event import EXPIRY_ATTRIBUTE, MONEY, TIME
from footfall.layout import LARGEST_ITEM_BYTES, read_page
from reports.materialize.layouts import LONGEST_TEXT, Field, decode, encode
from reports.materialize.rollups import ROLLUPS
from reports.materialize.sessions import SESSION_FIELDS, VISITOR_FIELDS

FIELDS = (
    Field("text", pl.String, "tx", ""),
    Field("on", pl.Date, "on", ""),
    Field("at", TIME, "at", ""),
    Field("count", pl.Int64, "n", ""),
    Field("money", MONEY, "m", ""),
    Field("flag", pl.Boolean, "f", ""),
    Field("sketch", pl.Binary, "s", ""),
)
ROWS = pl.DataFrame(
    {
        "pk": ["a#b", 'quoted "\n'],
        "sk": ["1", "2"],
        "text": ['<"\\é\n>', None],
        "on": [date(2026, 3, 1), None],
        "at": [datetime(2026, 3, 1, 10, 0, 0, 7_000, tzinfo=UTC), None],
        "count": [7, None],
        "money": [Decimal("12.3400"), None],
        "flag": [True, False],
        "sketch": [b"\x00\xff", None],
    },
    schema={"pk": pl.String, "sk": pl.String} | {field.name: field.dtype for field in FIELDS},
)


def reply(items: pl.Series) -> bytes:
    return f'{{"Count":{len(items)},"Items":[{",".join(items)}]}}'.encode()


def test_rows_come_back_as_they_were() -> None:
    items = encode(ROWS, FIELDS).get_column("item")
    assert_frame_equal(decode(read_page(reply(items)), FIELDS), ROWS)


def test_what_is_nothing_is_not_stored() -> None:
    empty = encode(ROWS.with_columns(pl.lit(0, pl.Int64).alias("count")), FIELDS).get_column("item")[1]
    assert set(msgspec.json.decode(empty)) == {"pk", "sk"}


def test_no_items_are_an_empty_frame() -> None:
    assert decode(read_page(reply(pl.Series([], dtype=pl.String))), FIELDS).schema == ROWS.schema


@pytest.mark.parametrize(
    "fields",
    [SESSION_FIELDS, VISITOR_FIELDS, *(one.fields for one in ROLLUPS)],
    ids=lambda fields: fields[0].name,
)
def test_each_column_has_an_attribute_of_its_own(fields: tuple[Field, ...]) -> None:
    attributes = Counter(field.attribute for field in fields)
    assert max(attributes.values()) == 1
    assert not {"pk", "sk", EXPIRY_ATTRIBUTE} & set(attributes)


@pytest.mark.parametrize("fields", [SESSION_FIELDS, VISITOR_FIELDS])
def test_the_longest_texts_fit_into_an_item(fields: tuple[Field, ...]) -> None:
    texts = sum(field.kind == "S" for field in fields)
    assert texts * LONGEST_TEXT * 4 < LARGEST_ITEM_BYTES
