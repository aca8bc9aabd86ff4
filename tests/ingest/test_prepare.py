from __future__ import annotations

import base64
from datetime import UTC, date, datetime

import msgspec
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from footfall.errors import FootfallError
from footfall.layout import LARGEST_ITEM_BYTES
from footfall.store.writer.checks import DUPLICATE_KEY, ITEM_TOO_LARGE, STORE_REASONS
from ingest.beacons import BEACON_REASONS
from ingest.chunks import Chunk
from ingest.deadletters import DeadLetter
from ingest.enrich import EnrichSettings
from ingest.filters import Filters
from ingest.formats import FORMATS, REJECT_REASONS, named
from ingest.prepare import SENTENCES, Prepared, PreparedLines, Recipe, checked, prepare, prepare_parsed
from ingest.tally import Counts
from tests.examples import HANDFUL, SOME
from tests.ingest.runs import combined_lines

SOURCE_ID = "0123456789abcdef"
LINE = b'192.0.2.1 - - [01/Mar/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "%s"\n'
FRAGMENTS = st.sampled_from(
    [
        LINE % b"Agent",
        LINE % b"\xff\xfe",
        LINE % b"caf\xc3\xa9",
        LINE.replace(b"01/Mar", b"31/Feb") % b"Agent",
        LINE.replace(b"2026", b"2020") % b"Agent",
        (LINE % b"crlf").replace(b"\n", b"\r\n"),
        b"# a comment\n",
        b"\n",
        b" \t\r\n",
        b"\xef\xbb\xbf",
        b"not a line of any log\n",
        b"\0\n",
    ]
)
BYTES = st.lists(FRAGMENTS | st.binary(max_size=40), max_size=15).map(b"".join)


def chunk_of(data: bytes, start: int = 0, first_line_number: int = 1) -> Chunk:
    lines = data.count(b"\n") + (bool(data) and not data.endswith(b"\n"))
    return Chunk(SOURCE_ID, data, start, start + len(data), first_line_number, lines)


def recipe(
    form: str = "combined", site: str | None = "example.org", filters: Filters | None = None
) -> Recipe:
    settings = EnrichSettings(site=site, shards=4, salt=b"salt")
    return Recipe("access.log", named(form), settings, filters or Filters(), "events")


def items_of(prepared: Prepared | PreparedLines) -> list[dict[str, dict[str, str]]]:
    documents = [msgspec.json.decode(batch.body) for batch in prepared.batches]
    return [put["PutRequest"]["Item"] for document in documents for put in document["RequestItems"]["events"]]


def raw_of(letter: DeadLetter) -> bytes:
    return (
        base64.b64decode(letter.raw_base64) if letter.raw_base64 is not None else (letter.raw or "").encode()
    )


def test_events_without_visitor_are_told() -> None:
    pattern = r"(?P<ip>\S+) (?P<time>\S+) (?P<path>\S+)"
    data = b"- 2026-03-01T10:00:00Z /a\n192.0.2.7 2026-03-01T10:00:00Z /a\n- 2026-03-01T10:00:00Z /b\n"
    prepared = prepare(chunk_of(data), recipe(pattern))
    assert (prepared.counts.events, prepared.without_visitor) == (3, 2)


def test_a_chunk_becomes_batches_and_counts() -> None:
    prepared = prepare(chunk_of(b"".join(combined_lines(60)) + b"# done\nrubbish\n"), recipe())
    assert [batch.puts for batch in prepared.batches] == [25, 25, 10]
    assert prepared.counts == Counts(lines=62, events=60, rejected=1, skipped=1)
    assert prepared.days == {("example.org", date(2026, 3, 1)): 60}


def test_an_empty_chunk_is_nothing() -> None:
    prepared = prepare(chunk_of(b""), recipe())
    assert (prepared.batches, prepared.letters, prepared.counts) == ([], [], Counts())


@pytest.mark.parametrize("form", sorted(FORMATS))
@HANDFUL
@given(BYTES, st.integers(0, 10**9), st.integers(1, 10**6))
@example(b"\xef\xbb\xbf", 0, 1)
def test_whatever_the_bytes_are_the_counts_add_up(form: str, data: bytes, start: int, number: int) -> None:
    filters = Filters(since=datetime(2021, 1, 1, tzinfo=UTC))
    prepared = prepare(chunk_of(data, start, number), recipe(form, None, filters))
    counts = prepared.counts
    assert counts.adds_up
    assert counts.lines == data.count(b"\n") + (bool(data) and not data.endswith(b"\n"))
    assert counts.events == sum(prepared.days.values()) == sum(batch.puts for batch in prepared.batches)
    assert counts.rejected == len(prepared.letters)
    assert counts.filtered == sum(prepared.filtered_by_reason.values())
    assert len({(item["pk"]["S"], item["sk"]["S"]) for item in items_of(prepared)}) == counts.events


@SOME
@given(BYTES, st.integers(0, 10**9), st.integers(1, 10**6))
def test_a_rejected_line_is_kept_with_its_own_bytes_and_place(data: bytes, start: int, number: int) -> None:
    for letter in prepare(chunk_of(data, start, number), recipe()).letters:
        before = data[: letter.offset - start]
        assert letter.line == number + before.count(b"\n")
        assert before.endswith(b"\n") or not before
        line = data[len(before) :].partition(b"\n")[0].removesuffix(b"\r")
        assert raw_of(letter) == line
        assert letter.raw_bytes == len(line)


def test_an_item_that_dynamodb_cannot_hold_is_a_dead_letter_and_its_neighbours_are_events() -> None:
    giant = LINE % (b"x" * LARGEST_ITEM_BYTES)
    data = LINE % b"before" + b"# comment\n" + giant + LINE % b"after"
    prepared = prepare(chunk_of(data, 1000, 11), recipe())
    [letter] = prepared.letters
    assert prepared.counts == Counts(lines=4, events=2, rejected=1, skipped=1)
    assert [item["ua"]["S"] for item in items_of(prepared)] == ["before", "after"]
    assert (letter.reason, letter.line) == (ITEM_TOO_LARGE, 13)
    assert letter.offset == 1000 + data.index(giant)
    assert letter.raw_bytes == len(giant) - 1
    assert giant.startswith(raw_of(letter))


def test_an_item_just_below_the_limit_is_an_event() -> None:
    assert prepare(chunk_of(LINE % (b"x" * (LARGEST_ITEM_BYTES - 1000))), recipe()).counts.events == 1


def test_rejected_lines_are_in_the_order_of_the_log_whatever_the_reason() -> None:
    bad_time = LINE.replace(b"01/Mar", b"31/Feb") % b"Agent"
    data = b"rubbish\n" + bad_time + LINE % (b"x" * LARGEST_ITEM_BYTES) + b"more rubbish\n" + bad_time
    letters = prepare(chunk_of(data), recipe()).letters
    assert [letter.line for letter in letters] == [1, 2, 3, 4, 5]
    assert [letter.reason for letter in letters] == [
        "no-match",
        "bad-time",
        ITEM_TOO_LARGE,
        "no-match",
        "bad-time",
    ]
    assert all(letter.sentence and letter.source == "access.log" for letter in letters)


def test_an_oversized_line_is_one_dead_letter_with_its_whole_length() -> None:
    prepared = prepare(Chunk(SOURCE_ID, b"x" * 100, 50, 5050, 3, 1, oversized=True), recipe())
    [letter] = prepared.letters
    assert (letter.reason, letter.line, letter.offset, letter.raw_bytes) == ("line-too-long", 3, 50, 5000)
    assert prepared.counts == Counts(lines=1, rejected=1)


def test_virtual_hosts_are_sites_with_days_of_their_own() -> None:
    lines = b"one.example:80 " + LINE % b"a" + (b"two.example:443 " + LINE % b"b") * 2
    next_day = (b"two.example:443 " + LINE % b"b").replace(b"01/Mar", b"02/Mar")
    prepared = prepare(chunk_of(lines + next_day), recipe("combined_vhost", None))
    assert prepared.days == {
        ("one.example", date(2026, 3, 1)): 1,
        ("two.example", date(2026, 3, 1)): 2,
        ("two.example", date(2026, 3, 2)): 1,
    }


def test_days_are_those_of_utc() -> None:
    late = (LINE % b"a").replace(b"12:00:00 +0000", b"23:30:00 -0500")
    assert prepare(chunk_of(late), recipe()).days == {("example.org", date(2026, 3, 2)): 1}


def test_filtered_events_are_counted_by_reason_and_not_put() -> None:
    filters = Filters(
        since=datetime(2026, 3, 1, 0, 0, 1, tzinfo=UTC), until=datetime(2026, 3, 1, 0, 0, 3, tzinfo=UTC)
    )
    prepared = prepare(chunk_of(b"".join(combined_lines(60))), recipe(filters=filters))
    assert prepared.counts == Counts(lines=60, events=20, filtered=40)
    assert prepared.filtered_by_reason == {"before-since": 10, "at-or-after-until": 30}


def frame_of(*lines: tuple[int, int, bytes]) -> pl.DataFrame:
    schema = {"line_number": pl.Int64, "offset": pl.Int64, "text": pl.String}
    rows = [(number, offset, line.decode().rstrip()) for number, offset, line in lines]
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_lines_that_come_from_anywhere_get_the_keys_they_had_in_their_log() -> None:
    lines = combined_lines(40)
    whole = prepare(chunk_of(b"".join(lines)), recipe())
    offsets = [sum(map(len, lines[:place])) for place in range(40)]
    some = frame_of(*((place + 1, offsets[place], lines[place]) for place in (30, 3, 17)))
    prepared = prepare_parsed(recipe().format.parse(some), SOURCE_ID, recipe())
    sort_keys = {item["sk"]["S"] for item in items_of(whole)}
    assert {int(item["sk"]["S"][-13:]) for item in items_of(prepared)} == {
        offsets[place] for place in (3, 17, 30)
    }
    assert {item["sk"]["S"] for item in items_of(prepared)} <= sort_keys
    assert prepared.counts == Counts(lines=3, events=3)


def test_of_a_line_that_is_there_twice_one_is_stored_and_the_other_named() -> None:
    old, new = LINE % b"Agent", (LINE % b"Agent").replace(b"GET /", b"GET /new")
    lines = frame_of((1, 0, old), (2, 500, b"rubbish"), (1, 0, new), (3, 900, b"#"))
    prepared = prepare_parsed(recipe().format.parse(lines), SOURCE_ID, recipe())
    assert [item["p"]["S"] for item in items_of(prepared)] == ["/new"]
    assert prepared.rejected.rows() == [(1, 0, DUPLICATE_KEY), (2, 500, "no-match")]
    assert prepared.counts == Counts(lines=4, events=1, rejected=2, skipped=1)
    assert sum(prepared.days.values()) == 1


def test_no_lines_are_nothing() -> None:
    prepared = prepare_parsed(recipe().format.parse(frame_of()), SOURCE_ID, recipe())
    assert (prepared.batches, len(prepared.rejected), prepared.counts) == ([], 0, Counts())


def test_every_reason_has_a_sentence() -> None:
    assert set(SENTENCES) == {*REJECT_REASONS, *BEACON_REASONS, *STORE_REASONS}
    assert all(SENTENCES.values())


def test_figures_that_do_not_add_up_end_the_run_before_a_checkpoint_can_pass_them() -> None:
    with pytest.raises(FootfallError, match="3 lines became 1 events"):
        checked(Counts(lines=3, events=1, rejected=1), "access.log")
