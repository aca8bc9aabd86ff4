from __future__ import annotations

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.enrich.url import normal_path, normalise_url
from tests.ingest.enrich.frames import after, events_of, settings_of

PIECES = st.sampled_from(
    [
        "/",
        ".",
        "..",
        "%",
        "%41",
        "%2e",
        "%2F",
        "%25",
        "%C3",
        "%A9",
        "%c3%a9",
        "%00",
        "%E2%80%AE",
        "a",
        "A",
        ";",
        "#",
    ]
) | st.sampled_from(["é", "4", "1", ";jsessionid=", "=", "http://", "www.example.com", ":80", "*", " "])
PATHS = st.one_of(st.text(), st.lists(PIECES).map("".join))


@pytest.mark.parametrize(
    ("logged", "normal"),
    [
        ("/", "/"),
        ("", "/"),
        ("/shop/index.html", "/shop/index.html"),
        ("/%7Eanna/%61bout", "/~anna/about"),
        ("/caf%c3%a9", "/café"),
        ("/%E4%BD%A0%E5%A5%BD", "/你好"),
        ("/caf%e9", "/caf%E9"),
        ("/%f0%9f%98%80", "/😀"),
        ("/a%2fb%3fc%23d%25e", "/a%2Fb%3Fc%23d%25e"),
        ("/a%20b", "/a%20b"),
        ("/%00%1f%7f", "/%00%1F%7F"),
        ("/%e2%80%ae", "/%E2%80%AE"),
        ("/%c2%a0", "/%C2%A0"),
        ("/%c0%af", "/%C0%AF"),
        ("/%ed%a0%80", "/%ED%A0%80"),
        ("/100%", "/100%"),
        ("/%zz%41", "/%zz%41"),
        ("/a/./b/../c", "/a/c"),
        ("/../../etc/passwd", "/etc/passwd"),
        ("/a/..", "/"),
        ("/a/.", "/a/"),
        ("/%2e%2e/%2E/x", "/x"),
        ("/.well-known/security.txt", "/.well-known/security.txt"),
        ("/a/...", "/a/..."),
        ("/a//b", "/a//b"),
        ("//a", "//a"),
        ("/cart;jsessionid=A1B2", "/cart"),
        ("/cart;JSESSIONID=A1B2.node1/pay", "/cart/pay"),
        ("/cart;PHPSESSID=x;color=red", "/cart;color=red"),
        ("/map;v=1.1", "/map;v=1.1"),
        ("/a#top", "/a"),
        ("#top", "/"),
        ("http://www.example.com/a/../b", "/b"),
        ("https://anna:secret@www.example.com:8443/", "/"),
        ("http://www.example.com", "/"),
        ("/redirect/http://www.example.org/", "/redirect/http://www.example.org/"),
        ("*", "*"),
        ("www.example.com:443", "www.example.com:443"),
    ],
)
def test_a_path_has_one_spelling(logged: str, normal: str) -> None:
    assert after(normalise_url, path=logged, host="www.example.com")["path"] == normal


@pytest.mark.parametrize("host", [None, "www.example.com"])
def test_what_is_asked_of_a_proxy_is_no_page_and_makes_no_site(host: str | None) -> None:
    row = after(normalise_url, path="http://other.example.net/a", host=host)
    assert (row["path"], row["host"]) == ("http://other.example.net/a", host)


@given(PATHS)
@example("/%%341")
@example("/%4;jsessionid=1")
@example("/a%/../%41")
def test_a_normal_path_is_normal(path: str) -> None:
    once = normal_path(path)
    assert normal_path(once) == once
    assert once


@pytest.mark.parametrize(
    ("path", "logged", "host"),
    [
        ("http://Shop.Example.COM:8080/a", None, None),
        ("http:///a", None, None),
        ("/a", "WWW.Example.com:443", "www.example.com"),
        ("/a", "www.example.com.", "www.example.com"),
        ("/a", "[2001:DB8::1]:8080", "[2001:db8::1]"),
        ("/a", "2001:db8::1", "2001:db8::1"),
        ("/a", None, None),
    ],
)
def test_the_host_is_bare_and_lower_case(path: str, logged: str | None, host: str | None) -> None:
    assert after(normalise_url, path=path, host=logged)["host"] == host


@pytest.mark.parametrize(
    ("logged", "kept"),
    [
        ("a=1&b=2", "a=1&b=2"),
        ("a=1&PHPSESSID=abc&b=2", "a=1&b=2"),
        ("jsessionid=abc&b=2", "b=2"),
        ("sid=1&sid=2&sid=3", None),
        ("inside=1&insid=2", "inside=1&insid=2"),
        ("gclid=abc&utm_source=x", "gclid=abc&utm_source=x"),
        ("a=1#top", "a=1"),
        ("a=%41", "a=%41"),
        (None, None),
    ],
)
def test_session_ids_leave_the_query(logged: str | None, kept: str | None) -> None:
    row = after(normalise_url, path="/", query=logged)
    assert row["query"] == kept
    assert after(normalise_url, path="/", query=kept)["query"] == kept


def test_what_stands_behind_a_fragment_is_no_query() -> None:
    assert after(normalise_url, path="/a#b", query="c=1")["query"] is None


def test_what_is_no_http_request_stays_as_it_is() -> None:
    row = after(normalise_url, path=None, query="sid=1", request="\x16\x03\x01")
    assert (row["path"], row["query"]) == (None, "sid=1")


@given(st.lists(st.none() | st.text() | st.sampled_from(["B.example:80", "À", "a."])))
def test_a_host_is_the_one_it_is_alone(hosts: list[str | None]) -> None:
    together = normalise_url(events_of(*[{"path": "/", "host": host} for host in hosts]), settings_of())
    assert together["host"].to_list() == [after(normalise_url, path="/", host=host)["host"] for host in hosts]


@given(st.lists(st.tuples(st.none() | PATHS, st.none() | st.text())))
def test_events_keep_their_number_and_order(rows: list[tuple[str | None, str | None]]) -> None:
    encodable = [
        {"path": path and path.encode("utf-8", "replace").decode(), "query": query} for path, query in rows
    ]
    frame = events_of(*encodable)
    done = normalise_url(frame, settings_of())
    assert done["place"].to_list() == frame["place"].to_list()
    assert done["path"].is_null().to_list() == frame["path"].is_null().to_list()
    assert normalise_url(done, settings_of()).select("path", "query").equals(done.select("path", "query"))


def test_columns_of_nothing_but_null_are_taken() -> None:
    assert normalise_url(events_of({}, {}), settings_of())["path"].to_list() == [None, None]
    assert normalise_url(events_of(), settings_of()).schema["path"] == pl.String
