from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.samples.ncsa import combined
from benchmarks.samples.traffic import day
from footfall.event import SCHEMA
from footfall.keys import event_identity
from ingest.beacons import BeaconSettings, read_beacons
from ingest.beacons.known import DIALECTS
from ingest.beacons.model import AGENT_LOGGED, BEACON_REASONS, BEACON_SCHEMA, FROM_DIALECT, KINDS
from ingest.beacons.rows import number_rows
from ingest.beacons.times import EARLIEST_AFTER, LATEST_BEFORE, LONGEST_WAIT, happened_at
from ingest.beacons.urls import _read_anyhow, split_page
from ingest.formats import named
from tests.examples import SOME
from tests.ingest.beacons.beaconing import (
    AT_EPOCH,
    form_of,
    get,
    only,
    outcomes,
    parsed_of,
    read_lines,
    reasons,
)

PAGE = {"idsite": 1, "rec": 1, "url": "https://www.example.com/a?b=1"}
SHOP = '192.0.2.9 - - [12/Jan/2026:10:05:00 +0000] "GET /shop?page=2 HTTP/1.1" 200 5316 "-" "Mozilla/5.0"'
NOON = datetime(2026, 1, 12, 12, tzinfo=UTC)


def test_a_log_without_beacons_is_untouched() -> None:
    parsed = parsed_of([combined(hit) for hit in day()])
    read = read_beacons(parsed, BeaconSettings())
    assert read.parsed is parsed
    assert (read.left_out, read.extra) == ({}, 0)


def test_requests_between_beacons_stay_as_they_are_in_the_order_of_the_log() -> None:
    alone = parsed_of([SHOP]).events.to_dicts()[0]
    read = read_lines(get("/matomo.php", PAGE), SHOP, get("/matomo.php", PAGE), SHOP)
    events = read.parsed.events.to_dicts()
    assert [event["kind"] for event in events] == ["pageview", "request", "pageview", "request"]
    assert [event["line_number"] for event in events] == [1, 2, 3, 4]
    assert {name: events[1][name] for name in alone if name not in {"offset", "line_number"}} == {
        name: value for name, value in alone.items() if name not in {"offset", "line_number"}
    }
    assert events[1]["dialect"] is None


def test_an_event_has_what_the_log_says_and_nothing_of_the_beacons_own_request() -> None:
    event = only(read_lines(get("/stats/matomo.php", PAGE)))
    assert event == {
        "line_number": 1,
        "offset": 0,
        "time": datetime(2026, 1, 12, 10, 6, tzinfo=UTC),
        "kind": "pageview",
        "dialect": "matomo",
        "host": "www.example.com",
        "path": "/a",
        "query": "b=1",
        "ip": "192.0.2.7",
        "user_agent": "Mozilla/5.0 (X11)",
    }


def test_columns_of_events_have_the_types_of_the_event() -> None:
    events = read_lines(get("/matomo.php", PAGE | {"e_c": "x", "e_v": 1, "revenue": 2}), SHOP).parsed.events
    assert {name: dtype for name, dtype in events.schema.items() if name in SCHEMA} == {
        name: SCHEMA[name] for name in events.columns if name in SCHEMA
    }


@pytest.mark.parametrize("path", ["/matomo.php", "/MATOMO.PHP", "/a/b/piwik.php", "/js/tracker.php"])
def test_a_path_is_known_by_its_ending_in_any_case(path: str) -> None:
    assert only(read_lines(get(path, {"idsite": 1, "rec": 1})))["dialect"] == "matomo"


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/matomo.php", "page=2"),
        ("/matomo.php5", "idsite=1"),
        ("/matomo.php", "xidsite=1&x=idsite"),
        ("/api/items/count", "p=3"),
        ("/count", "q=3"),
        ("/index.php", "rec=1"),
        ("/log.php", "lines=20"),
    ],
)
def test_a_request_without_path_or_parameters_of_a_dialect_stays_a_request(path: str, query: str) -> None:
    assert only(read_lines(get(path, query)))["kind"] == "request"


def test_telling_parameters_tell_a_dialect_at_any_path() -> None:
    assert only(read_lines(get("/collect", PAGE)))["dialect"] == "matomo"
    assert (
        only(read_lines(get("/x", {"owa_event_type": "track.action", "owa_site_id": 1})))["dialect"] == "owa"
    )


def test_only_the_dialects_asked_for_are_looked_for() -> None:
    lines = (get("/matomo.php", PAGE), get("/count", {"p": "/a"}))
    for dialects, kinds in [
        (None, ["pageview", "pageview"]),
        ((), ["request", "request"]),
        (("matomo",), ["pageview", "request"]),
    ]:
        read = read_lines(*lines, settings=BeaconSettings(dialects=dialects))
        assert read.parsed.events["kind"].to_list() == kinds


def test_a_path_can_be_added_to_a_dialect() -> None:
    line = get("/Hit", {"p": "/a"})
    assert only(read_lines(line))["kind"] == "request"
    assert only(read_lines(line, settings=BeaconSettings(paths=(("/hit", "goatcounter"),))))["path"] == "/a"


def test_without_url_the_page_is_the_one_in_the_referer_header() -> None:
    event = only(
        read_lines(get("/matomo.php", {"idsite": 1, "rec": 1}, "https://www.example.org:8080/x?y=1#z"))
    )
    assert (event["host"], event["path"], event["query"]) == ("www.example.org", "/x", "y=1")
    assert "referrer" not in event


def test_a_page_view_without_a_page_is_a_bad_beacon_and_another_event_is_not() -> None:
    where = {"idsite": 1, "rec": 1, "url": "about:blank"}
    read = read_lines(get("/matomo.php", where, "-"), get("/matomo.php", where | {"e_c": "x"}, "-"))
    assert reasons(read) == [(1, "bad-beacon")]
    assert read.parsed.events["line_number"].to_list() == [2]
    assert read.parsed.events["path"].to_list() == [None]


def test_a_local_url_is_of_the_host_of_the_referer_header_then_of_the_log() -> None:
    count = {"p": "/a"}
    assert only(read_lines(get("/count", count)))["host"] == "www.example.com"
    vhost = "Stats.example.org:443 " + get("/count", count, "-")
    assert only(read_lines(vhost, form="combined_vhost"))["host"] == "stats.example.org"


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://Www.Example.com:443/A?b=c#d", ("www.example.com", "/A", "b=c")),
        ("https://Www.Example.com/A", ("www.example.com", "/A", None)),
        ("https://é.example.com/x?y", ("é.example.com", "/x", "y")),
        ("https://h/é/?b=é", ("h", "/é/", "b=é")),
        ("https:///x", (None, None, None)),
        ("http://h", ("h", "/", None)),
        ("http://h?q", ("h", "/", "q")),
        ("http://h#f", ("h", "/", None)),
        ("http://h/?", ("h", "/", None)),
        ("//h/p", ("h", "/p", None)),
        ("https://anna:secret@h:1/", ("h", "/", None)),
        ("http://[2001:DB8::1]:80/x", ("[2001:db8::1]", "/x", None)),
        ("android-app://com.example/y", ("com.example", "/y", None)),
        ("/p?x=1?y#f", (None, "/p", "x=1?y")),
        ("/a\nb", (None, "/a\nb", None)),
        ("about:blank", (None, None, None)),
        ("file:///C:/x", (None, None, None)),
        ("foo/bar", (None, None, None)),
        ("?q=1", (None, None, None)),
        ("", (None, None, None)),
        (None, (None, None, None)),
    ],
)
def test_a_url_is_split(url: str | None, parts: tuple[str | None, ...]) -> None:
    assert split_page(pl.Series([url, "https://h/"], dtype=pl.String)).row(0) == parts


@given(st.lists(st.none() | st.text(alphabet="ht:/?#@[]a1. \n\0é")))
def test_any_text_can_be_split_as_a_url(urls: list[str | None]) -> None:
    page = split_page(pl.Series(urls, dtype=pl.String))
    assert page.columns == ["host", "path", "query"]
    assert len(page) == len(urls)


PIECES = st.sampled_from(
    [*("https://", "http://", "HTTP://", "//", "/", "?", "#", "@", ":80", "a=b", "\n", " ", "%41"),
     *("www.example.com", "H", "é", "[::1]", "\u0130")]
)  # fmt: skip


@given(st.lists(st.none() | st.lists(PIECES, max_size=6).map("".join)))
def test_a_plain_url_is_split_as_any_other(urls: list[str | None]) -> None:
    texts = pl.Series(urls, dtype=pl.String)
    assert split_page(texts).equals(_read_anyhow(texts))


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


@pytest.mark.parametrize(
    ("received", "created", "sent", "happened"),
    [
        # All three: what it waited at the client is taken from the time it was received.
        (NOON, seconds(-7200), seconds(-7190), seconds(-10)),
        (NOON, seconds(90_000), seconds(90_000), seconds(0)),
        (NOON, timedelta(), LONGEST_WAIT, -LONGEST_WAIT),
        (NOON, timedelta(), LONGEST_WAIT + seconds(0.001), timedelta()),
        (NOON, seconds(-10), seconds(-11), timedelta()),
        # Received and created: the client's clock, if it is near.
        (NOON, seconds(-30), None, seconds(-30)),
        (NOON, -LATEST_BEFORE, None, -LATEST_BEFORE),
        (NOON, -LATEST_BEFORE - seconds(0.001), None, timedelta()),
        (NOON, EARLIEST_AFTER, None, EARLIEST_AFTER),
        (NOON, EARLIEST_AFTER + seconds(0.001), None, timedelta()),
        # Received alone, or with sent.
        (NOON, None, None, timedelta()),
        (NOON, None, seconds(-5), timedelta()),
        # Not received: the client's clock.
        (None, seconds(-99_999), seconds(7), seconds(-99_999)),
        (None, seconds(-99_999), None, seconds(-99_999)),
        (None, None, seconds(7), seconds(7)),
        (None, None, None, None),
    ],
)
def test_when_it_happened(
    received: datetime | None, created: timedelta | None, sent: timedelta | None, happened: timedelta | None
) -> None:
    given_times = {
        "received": received,
        "created": None if created is None else NOON + created,
        "sent": None if sent is None else NOON + sent,
    }
    frame = pl.DataFrame(
        {name: pl.Series([time], dtype=SCHEMA["time"]) for name, time in given_times.items()}
    )
    [time] = frame.select(happened_at(*map(pl.col, frame.columns))).to_series()
    assert time == (None if happened is None else NOON + happened)


def test_the_times_of_the_log_and_of_the_beacon_are_weighed() -> None:
    owa = {"owa_event_type": "track.action", "owa_timestamp": AT_EPOCH - 20}
    assert only(read_lines(get("/log.php", owa)))["time"] == datetime(2026, 1, 12, 10, 5, 40, tzinfo=UTC)


def test_a_body_without_any_time_is_refused() -> None:
    read = read_lines(form_of(PAGE), form_of(PAGE | {"cdt": AT_EPOCH}), form="beacons")
    assert reasons(read) == [(1, "no-time")]
    assert read.parsed.events["time"].to_list() == [datetime(2026, 1, 12, 10, 6, tzinfo=UTC)]


def test_an_event_with_an_id_of_its_own_is_known_by_it() -> None:
    read = read_lines(
        get("/matomo.php", PAGE | {"pv_id": "Ab1", "_id": "f0"}), get("/matomo.php", PAGE), SHOP
    )
    assert read.parsed.events["event_id"].to_list() == ["f0.Ab1", None, None]
    assert read.parsed.events["identity"].to_list() == [event_identity("matomo", "1", "f0.Ab1"), None, None]


def test_one_id_at_two_sites_is_two() -> None:
    of_site = [get("/matomo.php", PAGE | {"pv_id": "Ab1", "_id": "f0", "idsite": site}) for site in (1, 2, 1)]
    identities = read_lines(*of_site).parsed.events["identity"].to_list()
    assert identities == [event_identity("matomo", site, "f0.Ab1") for site in ("1", "2", "1")]


def test_events_have_all_columns_of_a_beacon_whoever_gives_them() -> None:
    lines = [get("/matomo.php", PAGE), get("/count", {"p": "/a", "e": "true"}), SHOP]
    for some in (lines[:1], lines[1:2], lines[:2], lines):
        events = read_lines(*some).parsed.events
        assert {*FROM_DIALECT} <= {*events.columns}
        assert {name: events.schema[name] for name in FROM_DIALECT} == {
            name: SCHEMA[name] for name in FROM_DIALECT
        }


def bulk(*requests: Any) -> str:
    quoted = ",".join(f'"{one}"' if isinstance(one, str) else repr(one) for one in requests)
    return f'{{"time":"2026-01-12T10:06:00Z","path":"/matomo.php","body":{{"requests":[{quoted}]}}}}'


GOOD = "?idsite=1&rec=1&url=%2Fa"


@pytest.mark.parametrize(
    ("requests", "events", "rejected", "left_out", "extra"),
    [
        ([GOOD], 1, 0, 0, 0),
        ([GOOD, GOOD, GOOD], 3, 0, 0, 2),
        ([GOOD, 17, GOOD], 2, 1, 0, 2),
        ([17, 18, 19], 0, 1, 0, 0),
        ([], 0, 1, 0, 0),
        ([GOOD, 17, "?idsite=1&rec=0&idsite=2"], 1, 1, 1, 2),
        (["?idsite=1&rec=0", "?idsite=1"], 0, 0, 2, 1),
    ],
)
def test_a_request_of_several_adds_up(
    requests: list[Any], events: int, rejected: int, left_out: int, extra: int
) -> None:
    read = read_lines(bulk(*requests), form="beacons")
    assert (len(read.parsed.events), len(read.parsed.rejected)) == (events, rejected)
    assert sum(read.left_out.values()) == left_out
    assert read.extra == extra == outcomes(read) - 1


def test_as_many_events_as_lines_need_not_be_of_a_line_each() -> None:
    other = {"owa_event_type": "track.action", "owa_site_id": 1, "owa_timestamp": AT_EPOCH}
    lines = (bulk(GOOD, GOOD), form_of(other))
    read = read_lines(*lines, form="beacons", settings=BeaconSettings(dialects=("matomo",)))
    assert read.parsed.events["line_number"].to_list() == [1, 1]
    assert reasons(read) == [(2, "no-match")]


def test_events_of_one_line_have_offsets_of_their_own_that_count_bad_elements_too() -> None:
    read = read_lines(bulk(GOOD), bulk(GOOD, 17, GOOD), bulk(GOOD), form="beacons")
    first, second = len(bulk(GOOD)) + 1, len(bulk(GOOD, 17, GOOD)) + 1
    assert read.parsed.events["offset"].to_list() == [0, first, first + 2, first + second]
    assert read.parsed.events["line_number"].to_list() == [1, 2, 2, 3]
    assert read.parsed.rejected.select("line_number", "offset").rows() == [(2, first)]


def test_a_request_of_which_a_dialect_says_nothing_is_refused() -> None:
    rows = pl.DataFrame({"row": [2, 0, 2]}, schema={"row": pl.UInt32})
    missing = [
        pl.lit(None, dtype=dtype).alias(name) for name, dtype in BEACON_SCHEMA.items() if name != "row"
    ]
    numbered = number_rows(rows.with_columns(missing), 4)
    assert numbered.select("row", "ordinal", "refused").rows() == [
        (0, 0, None),
        (1, 0, "bad-beacon"),
        (2, 0, None),
        (2, 1, None),
        (3, 0, "bad-beacon"),
    ]


def _beacon_like() -> st.SearchStrategy[str]:
    names = st.sampled_from(
        (
            *(
                "idsite",
                "rec",
                "url",
                "e_c",
                "ec_items",
                "idgoal",
                "cdt",
                "cvar",
                "pv_id",
                "p",
                "q",
                "e",
                "s",
            ),
            *("owa_event_type", "owa_site_id", "owa_cv1", "owa_timestamp", "owa_ct_line_items[0][li_sku]"),
        )
    )
    values = (
        st.sampled_from(["1", "0", "/a", "track.action", '[["a"]]', "1768212360", "x=y", "%2541"]) | st.text()
    )
    return st.dictionaries(names, values, max_size=8).map(form_of)


def _texts() -> st.SearchStrategy[str]:
    paths = st.sampled_from(["/matomo.php", "/log.php", "/count", "/shop"])
    requests = st.builds(get, paths, _beacon_like())
    return (requests | st.text()).filter(lambda text: "\n" not in text)


@SOME
@given(st.lists(_texts(), max_size=8))
def test_any_log_is_read_and_each_request_has_an_outcome(texts: list[str]) -> None:
    parsed = parsed_of(texts)
    read = read_beacons(parsed, BeaconSettings())
    assert outcomes(read) - read.extra == len(parsed.events) + len(parsed.rejected)
    told = {*read.parsed.events["line_number"], *read.parsed.rejected["line_number"]}
    assert told <= set(range(1, len(texts) + 1))
    assert len(told) >= len(parsed.events) + len(parsed.rejected) - sum(read.left_out.values())
    assert not read.parsed.events["time"].null_count()
    assert set(read.parsed.events["kind"]) <= KINDS.keys()
    assert read.parsed.events["offset"].is_unique().all()


BODY_PARTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.sampled_from([GOOD, "/a"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["requests", "hits", "path", "idsite", "rec", "owa_event_type"]), inner
        )
    ),
    max_leaves=8,
)


@SOME
@given(st.lists(st.fixed_dictionaries({"requests": BODY_PARTS, "hits": BODY_PARTS}), max_size=4))
def test_any_body_is_read_and_each_has_an_outcome(bodies: list[dict[str, Any]]) -> None:

    texts = [msgspec.json.encode(body).decode() for body in bodies]
    for name in ("owa", "matomo", "goatcounter"):
        requests = pl.DataFrame(
            {
                "row": pl.Series(range(len(texts)), dtype=pl.UInt32),
                "path": pl.Series(["/"] * len(texts), dtype=pl.String),
                "query": pl.Series([None] * len(texts), dtype=pl.String),
                "body": pl.Series(texts, dtype=pl.String),
            }
        )
        rows = DIALECTS[name].read(requests)
        assert set(rows.columns) <= set(BEACON_SCHEMA)
        assert set(rows["refused"].drop_nulls()) <= BEACON_REASONS.keys()


COMMON = '192.0.2.9 - - [12/Jan/2026:10:05:00 +0000] "GET {} HTTP/1.1" 200 5316'
PIXEL = "/matomo.php?idsite=1&rec=1&url=https%3A%2F%2Fwww.example.com%2Fa"


def agents_logged(form: str, *lines: str) -> list[bool | None]:
    """Return for each event whether there was a place for the user agent, None where nothing says so."""
    frame = pl.DataFrame(
        {"line_number": range(len(lines)), "offset": range(0, 999 * len(lines), 999), "text": lines}
    )
    events = read_beacons(named(form).parse(frame), BeaconSettings()).parsed.events
    return events[AGENT_LOGGED].to_list() if AGENT_LOGGED in events.columns else [None] * len(events)


def test_beacons_in_a_log_without_user_agents_make_nobody_a_bot_for_want_of_one() -> None:
    assert agents_logged("common", COMMON.format("/"), COMMON.format(PIXEL)) == [False, False]
    assert agents_logged("common", COMMON.format(PIXEL)) == [False]
    assert agents_logged("combined", SHOP, SHOP.replace("/shop?page=2", PIXEL)) == [None, None]


def test_a_body_says_what_sent_it_when_it_has_a_user_agent() -> None:
    body = '"body":{"requests":["?idsite=1&rec=1&url=https%3A%2F%2Fa.example%2F&cdt=1768186604"]}'
    envelope = '{"time":"2026-01-12T03:01:42Z","path":"/matomo.php"'
    lines = (f"{envelope},{body}}}", f'{envelope},"user_agent":"curl/8",{body}}}')
    assert agents_logged("beacons", *lines) == [False, True]
