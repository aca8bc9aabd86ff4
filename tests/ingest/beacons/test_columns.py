from __future__ import annotations

import polars as pl

from ingest.beacons.columns import Columns, beside, merge_objects, merged, with_nulls, without_nulls

COLUMNS = Columns.of(
    [pl.col("row"), pl.col("a").is_null().alias("refused")],
    [
        pl.col("b").alias("only_b"),
        pl.coalesce("b", "c").alias("b_or_c"),
        pl.col("d").alias("only_d"),
    ],
)


def test_columns_are_made_of_what_is_there() -> None:
    frame = pl.DataFrame({"row": [0, 1], "c": ["x", None]})
    assert COLUMNS.select(frame).to_dict(as_series=False) == {
        "row": [0, 1],
        "refused": [True, True],
        "b_or_c": ["x", None],
    }


def test_absent_columns_are_nulls() -> None:
    frame = pl.DataFrame({"a": ["x"], "b": pl.Series([None], dtype=pl.String)})
    filled = with_nulls(frame, ("a", "c"))
    assert filled.to_dict(as_series=False) == {"a": ["x"], "b": [None], "c": [None]}
    assert filled["c"].dtype == pl.String
    assert without_nulls(filled).columns == ["a"]
    assert with_nulls(frame, ("a",)) is frame


def test_of_columns_of_one_name_the_last_counts() -> None:
    frame = beside(pl.DataFrame({"a": [1], "b": [2]}), pl.DataFrame({"b": [3], "c": [4]}))
    assert frame.rows(named=True) == [{"a": 1, "b": 3, "c": 4}]


def test_objects_are_merged_without_the_empty_ones() -> None:
    pairs = [('{"a":1}', '{"b":2}'), (None, '{"b":2}'), ('{"a":1}', None), (None, None)]
    frame = pl.DataFrame(pairs, schema={"a": pl.String, "b": pl.String}, orient="row")
    expected = ['{"a":1,"b":2}', '{"b":2}', '{"a":1}', None]
    assert frame.select(merge_objects(pl.col("a"), pl.col("b"))).to_series().to_list() == expected
    assert merged(frame, ("a", "b", "absent"))["props"].to_list() == expected
    assert merged(frame, ("absent",)) is frame
