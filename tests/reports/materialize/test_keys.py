from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from reports.materialize.history import partition_of
from reports.materialize.keys import LONGEST_BYTES, rollup_keys, session_keys

MOMENT = datetime(2026, 3, 1, 10, 0, 0, 5_000, tzinfo=UTC)
TEXTS = st.one_of(
    st.none(), st.text(max_size=20), st.sampled_from(["", "%", "#", "a#b", "%23", "\n", "é" * 900])
)


def sessions(*visitors: str) -> pl.DataFrame:
    frame = pl.DataFrame({"site": "example.org", "visitor": list(visitors)})
    return session_keys(frame.with_columns(pl.lit(MOMENT).dt.cast_time_unit("ms").alias("started_at")))


def test_a_session_is_known_by_visitor_and_moment() -> None:
    [row] = sessions("0123456789abcdef").rows(named=True)
    assert (row["pk"], row["sk"]) == ("example.org#0123456789abcdef", "2026-03-01T10:00:00.005Z#0")


def test_visits_that_begin_in_one_moment_are_told_apart() -> None:
    assert sessions("a", "b", "a").get_column("sk").str.tail(1).to_list() == ["0", "0", "1"]


@given(st.text(min_size=1))
def test_a_query_finds_what_was_written(visitor: str) -> None:
    assert sessions(visitor)["pk"].item() == partition_of("example.org", visitor)


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, unique=True))
def test_different_values_have_different_keys_that_fit(values: list[tuple[str | None, str | None]]) -> None:
    schema = {"a": pl.String, "b": pl.String}
    frame = pl.DataFrame(values, schema=schema, orient="row").with_columns(
        pl.lit("example.org").alias("site"), pl.lit(date(2026, 3, 1)).alias("date")
    )
    keys = rollup_keys(frame, "origins", ("a", "b"))
    assert keys.get_column("sk").n_unique() == len(values)
    assert keys.select(pl.col("sk").str.len_bytes().max()).item() <= LONGEST_BYTES + len("2026-03-01#")
    assert keys.get_column("pk").unique().to_list() == ["example.org#origins"]
    assert not keys.get_column("sk").str.contains(r"[\n\t]").any()
