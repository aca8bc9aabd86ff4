from __future__ import annotations

import msgspec
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from footfall.event import SCHEMA
from ingest.enrich import Enrichment, EnrichSettings
from ingest.enrich.rules import Rules
from ingest.enrich.scrub import COLUMNS, ENDINGS, NAMES, scrub_urls
from tests.examples import SOME
from tests.ingest.enrich.rows import events

SETTINGS = EnrichSettings(None, 8, b"salt")
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
ACCESS_KEY = "AKIA" + "IOSFODNN7EXAMPLE"
GOOGLE_KEY = "AIza" + "x" * 35


def scrubbed(column: str, text: str | None, settings: EnrichSettings = SETTINGS) -> str | None:
    value: str | None = scrub_urls(events({column: text}), settings)[column].item()
    return value


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("token=abc&x=1", "token=*&x=1"),
        ("x=1&resetPasswordToken=a%26b&y=2", "x=1&resetPasswordToken=*&y=2"),
        ("X-Amz-Credential=a&X-Amz-Security-Token=b&X-Amz-Signature=c&X-Amz-Date=d",
         "X-Amz-Credential=*&X-Amz-Security-Token=*&X-Amz-Signature=*&X-Amz-Date=d"),
        ("user[password]=a&user%5Bpin%5D=b&user[name]=c", "user[password]=*&user%5Bpin%5D=*&user[name]=c"),
        ("PHPSESSID=a;b&sid=c", "PHPSESSID=*&sid=*"),
        ("a=1;sid=c", "a=1;sid=*"),
        ("q=anna@example.org", "q=*"),
        ("q=anna.b%2Bc%40mail.example.org&x", "q=*&x"),
        ("q=anna%2540example.org", "q=*"),
        ("q=an+anna@example.org", "q=*"),
        ("q=1234@163.com", "q=*"),
        ("q=m\u00fcller@m\u00fcnchen.example", "q=*"),
        (f"x={TOKEN}&y=1", "x=*&y=1"),
        (f"x={ACCESS_KEY}&k={GOOGLE_KEY}", "x=*&k=*"),
        ("next=%2Flogin%3Ftoken%3Dabc%26page%3D2&z=1", "next=%2Flogin%3Ftoken%3D*%26page%3D2&z=1"),
        ("next=/login?token=abc", "next=/login?token=*"),
    ],
)  # fmt: skip
def test_secrets_and_persons_go_from_queries(query: str, kept: str) -> None:
    assert scrubbed("query", query) == kept


@pytest.mark.parametrize(
    "query",
    [
        "tokens=3&token=&spin=2&pinned=1&message=hello&station=4&shipping=5",
        "code=DE&key=blue&hash=abc&state=open&ticket=7",
        "v=d41d8cd98f00b204e9800998ecf8427e&gclid=EAIaIQobChMI_long_and_random_0123456789",
        "q=what+is+a+password&u=@anna&src=logo@2x.png&lib=jquery@3.7.1.min.js",
        "utm_source=newsletter&utm_medium=email&page=2",
        "eyJ.eyJ",
        "",
        None,
    ],
)
def test_what_is_harmless_stays(query: str | None) -> None:
    assert scrubbed("query", query) == query


@pytest.mark.parametrize(
    ("column", "text", "kept"),
    [
        ("referrer", "https://anna:pw@example.org/x?token=a&b=1", "https://example.org/x?token=*&b=1"),
        ("referrer", "https://anna@example.org@example.net/", "https://example.net/"),
        ("referrer", "https://example.org/@anna/1?q=a#x", "https://example.org/@anna/1?q=a#x"),
        ("target", "mailto:anna@example.org", "mailto:*"),
        ("target", "//anna:pw@example.org/#access_token=abc", "//example.org/#access_token=*"),
        ("path", "/users/anna@example.org/edit", "/users/*/edit"),
        ("path", "/users/anna%40example.org", "/users/*"),
        ("path", f"/verify/{TOKEN}/now", "/verify/*/now"),
        ("path", "/shop;jsessionid=A1B2/item", "/shop;jsessionid=*/item"),
        ("path", "/img/logo@2x.png", "/img/logo@2x.png"),
        ("path", "/npm/jquery@3.7.1/dist", "/npm/jquery@3.7.1/dist"),
        ("path", "/token=abc", "/token=abc"),
        ("request", "MAIL FROM:<anna@example.org>", "MAIL FROM:<*>"),
        ("request", "GET /a b?token=abc HTTP/1.1", "GET /a b?token=* HTTP/1.1"),
        ("title", "Mail to anna@example.org", "Mail to *"),
        ("campaign_term", "to anna@example.org", "to *"),
        ("event_label", "anna@example.org", "*"),
        ("props", r'{"a":"x\nanna@example.org","n":1}', r'{"a":"x\n*","n":1}'),
        ("props", r'{"userToken":"a\"b","spin":"2"}', '{"userToken":"*","spin":"2"}'),
    ],
)
def test_each_column_is_scrubbed_as_what_it_is(column: str, text: str, kept: str) -> None:
    assert scrubbed(column, text) == kept


@pytest.mark.parametrize("name", [*ENDINGS, *NAMES])
def test_every_name_of_the_lists_is_secret_in_any_case(name: str) -> None:
    assert scrubbed("query", f"a=1&{name}=x") == f"a=1&{name}=*"
    assert scrubbed("query", f"{name.upper()}=x&a=1") == f"{name.upper()}=*&a=1"


def test_a_users_own_names_and_patterns_count_too() -> None:
    rules = Rules(scrub_parameters=("kdnr", "a.b"), scrub_patterns=(r"ORD-[0-9]+",))
    own = EnrichSettings(None, 8, b"salt", Enrichment(rules=rules))
    assert scrubbed("query", "kdnr=7&a.b=8&axb=9", own) == "kdnr=*&a.b=*&axb=9"
    assert scrubbed("path", "/order/ORD-4711/x", own) == "/order/*/x"
    assert scrubbed("query", "kdnr=7") == "kdnr=7"


def test_scrubbing_can_be_switched_off() -> None:
    off = EnrichSettings(None, 8, b"salt", Enrichment(scrub=False))
    assert scrubbed("query", "token=abc", off) == "token=abc"


def test_all_that_is_scrubbed_are_texts_of_the_event() -> None:
    assert {SCHEMA[name] for name in COLUMNS} == {pl.String()}


def test_a_text_of_many_megabytes_is_scrubbed_in_one_go() -> None:
    text = "a" * 2**22
    assert scrubbed("query", f"{text}%40{text}") == f"{text}%40{text}"
    assert scrubbed("query", f"token={text}&" * 3) == "token=*&" * 3


PIECES = st.sampled_from(
    ["token", "=", "&", "?", ";", "#", "%3F", "%26", "%3D", "%40", "@", "anna", "example.org", "*", "a", "/", "//",
     "https:", "[", "]", "%5B", "%5D", ":", ".", "%", "25", TOKEN, ACCESS_KEY, "pin", " ", "\u00e9", '"', "\\", "{"]
)  # fmt: skip
TEXTS = st.none() | st.text(max_size=30) | st.lists(PIECES, max_size=14).map("".join)


@SOME
@given(st.lists(TEXTS, min_size=1, max_size=8), st.sampled_from(sorted(COLUMNS)))
@example(["anna@example.org@example.net"], "path")
def test_what_was_scrubbed_is_not_changed_again(texts: list[str | None], column: str) -> None:
    once = scrub_urls(events(*({column: text} for text in texts)), SETTINGS)
    assert scrub_urls(once, SETTINGS).equals(once)
    assert [scrubbed(column, text) for text in texts] == once[column].to_list()


@given(st.dictionaries(TEXTS.map(str), TEXTS | st.integers(), max_size=5))
def test_properties_stay_json(props: dict[str, str | int | None]) -> None:
    text = scrubbed("props", msgspec.json.encode(props).decode())
    assert isinstance(msgspec.json.decode(text or ""), dict)
