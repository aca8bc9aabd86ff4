from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.enrich import Enrichment, EnrichSettings, conceal, enrich, understand
from ingest.enrich.distinct import (
    ENCODED,
    LONGEST_REMEMBERED,
    Distinct,
    Memory,
    code_name,
    encode_again,
    encode_texts,
)
from ingest.enrich.pipeline import CONCEAL, UNDERSTAND
from tests.ingest.enrich.frames import settings_of
from tests.ingest.enrich.rows import events

SETTINGS = EnrichSettings(
    None, 8, b"salt", Enrichment(trusted_proxies=("192.0.2.0/24",), visitor_ids="daily")
)
TEXT = st.none() | st.sampled_from(["", "a", "b", "ä", "-"])
POOLS = {
    "ip": ["192.0.2.1", "192.0.2.2", "198.51.100.7", "2001:db8::1", "host.example.com", None],
    "path": [
        "/a",
        "/%61",
        "/b#c",
        "http://example.com/a",
        "http://example.org/b",
        "/feed/",
        "/x;sid=1",
        "*",
        None,
    ],
    "query": ["q=1", "utm_source=x&token=1", "feed=rss", "sid=9", "mail=a%40example.com", "a#b", None],
    "referrer": [
        "https://www.google.com/search?q=a",
        "https://example.com/a?token=7",
        "https://anna@example.org/",
        "-",
        None,
    ],
    "user_agent": ["Mozilla/5.0 Firefox/130.0", "Googlebot/2.1", "", None],
    "host": ["example.com", "www.example.org:8080", None],
    "forwarded_for": ["203.0.113.9, 192.0.2.1", "junk", None],
    "kind": ["request", "pageview", "click", None],
    "method": ["GET", "PUT", None],
    "dnt": ["1", "0", None],
    "campaign": ["spring", "anna@example.com", None],
}
ROW = st.fixed_dictionaries({name: st.sampled_from(pool) for name, pool in POOLS.items()})


def doubled(texts: pl.Series) -> pl.DataFrame:
    return texts.to_frame("text").select(twice=pl.col("text") + pl.col("text"), once="text")


def remembered(memory: Memory) -> int:
    return len(memory._known)


@given(st.lists(st.tuples(TEXT, TEXT)))
def test_values_spread_over_the_rows_are_the_column_again(rows: list[tuple[str | None, str | None]]) -> None:
    frame = pl.DataFrame(rows, schema={"ip": pl.String, "path": pl.String}, orient="row")
    for names in (("ip",), ("ip", "path")):
        for encoded in (frame, encode_texts(frame, settings_of())):
            distinct = Distinct.of(encoded, *names)
            seen = pl.DataFrame([distinct.values(encoded[name]) for name in names])
            assert not seen.is_duplicated().any()
            for name in names:
                assert distinct.spread(seen[name]).to_list() == frame[name].to_list()


def test_codes_hold_for_the_events_that_a_filter_leaves() -> None:
    frame = encode_texts(pl.DataFrame({"path": ["/a", "/b", "/a", None, "/c"]}), settings_of())
    kept = frame.filter(pl.Series([False, False, True, True, True]))
    distinct = Distinct.of(kept, "path")
    assert distinct.values(kept["path"]).to_list() == ["/a", None, "/c"]
    assert distinct.places.to_list() == [0, 1, 2]


def test_a_column_that_changed_is_encoded_again_only_where_it_was() -> None:
    frame = encode_texts(pl.DataFrame({"path": ["/a", "/a"]}), settings_of())
    changed = encode_again(
        frame.with_columns(pl.Series("path", ["/a", "/b"]), pl.lit("x").alias("query")), *ENCODED
    )
    assert changed[code_name("path")].to_list() == [0, 1]
    assert code_name("query") not in changed.columns


@settings(max_examples=30)
@given(st.lists(ROW, min_size=2, max_size=12))
def test_after_each_step_equal_codes_mean_equal_texts(rows: list[dict[str, str | None]]) -> None:
    frame = events(*rows)
    for step in (*UNDERSTAND, *CONCEAL):
        frame = step(frame, SETTINGS)
        for name in ENCODED:
            if code_name(name) in frame.columns:
                told = frame.group_by(code_name(name)).agg(pl.col(name).n_unique())
                assert told[name].to_list() == [1] * len(told), (step.__name__, name)


@settings(max_examples=30)
@given(st.lists(ROW, min_size=2, max_size=8))
def test_what_becomes_of_an_event_depends_on_no_other(rows: list[dict[str, str | None]]) -> None:
    frame = events(*rows)
    together = enrich(frame, "s", SETTINGS).to_dicts()
    alone = [enrich(frame[place : place + 1], "s", SETTINGS).to_dicts()[0] for place in range(len(frame))]
    assert together == alone


def test_no_code_is_stored() -> None:
    stored = conceal(understand(events({"path": "/a"}), "s", SETTINGS), SETTINGS)
    assert not [name for name in stored.columns if name.startswith("_")]


@given(
    st.lists(
        st.lists(st.sampled_from("abcdefghijklmnopqrstuvwxyz") | st.none(), unique=True, max_size=8),
        max_size=9,
    )
)
def test_memory_says_what_the_work_says_however_little_it_remembers(chunks: list[list[str | None]]) -> None:
    memory = Memory(doubled, most=20)
    for chunk in chunks:
        texts = pl.Series(chunk, dtype=pl.String)
        assert memory(texts).equals(doubled(texts))
        assert remembered(memory) <= 20


def test_what_is_remembered_is_not_worked_out_again() -> None:
    worked: list[str] = []

    def work(texts: pl.Series) -> pl.DataFrame:
        worked.extend(texts)
        return doubled(texts)

    memory = Memory(work)
    for chunk in (["a", "b"], ["b", "c"], ["a", "c"]):
        memory(pl.Series(chunk))

    assert worked == ["a", "b", "c"]


@pytest.mark.parametrize(("length", "is_kept"), [(LONGEST_REMEMBERED, True), (LONGEST_REMEMBERED + 1, False)])
def test_long_texts_are_not_remembered(length: int, is_kept: bool) -> None:
    memory = Memory(doubled)
    memory(pl.Series(["x" * length]))
    assert remembered(memory) == is_kept


def test_threads_share_a_memory() -> None:
    memory = Memory(doubled, most=160)
    chunks = [pl.Series([str(number % 70) for number in range(start, start + 40)]) for start in range(200)]
    with ThreadPoolExecutor(4) as pool:
        assert all(
            found.equals(doubled(texts))
            for found, texts in zip(pool.map(memory, chunks), chunks, strict=True)
        )


def test_of_texts_that_hardly_come_again_none_is_remembered() -> None:
    memory, texts = Memory(doubled, most=8), pl.Series(["a", "b", "c"])
    assert memory(texts).equals(doubled(texts))
    assert remembered(memory) == 0
