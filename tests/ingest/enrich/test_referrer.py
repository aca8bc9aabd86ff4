from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.enrich.campaign import read_campaign
from ingest.enrich.lists.reading import read_list
from ingest.enrich.origins import MEDIA, find_origin, known_origins
from ingest.enrich.referrer import LONGEST_HOST, classify_referrer
from ingest.enrich.rules import ReferrerRule, Rules
from ingest.enrich.settings import EnrichSettings
from tests.examples import SOME
from tests.ingest.enrich.frames import Row, after, after_row, events_of, settings_of


def came(
    referrer: str | None, settings: EnrichSettings | None = None, **values: str | None
) -> tuple[Any, ...]:
    row = after(classify_referrer, settings, referrer=referrer, **values)
    return row["medium"], row["source"], row["campaign_term"]


@pytest.mark.parametrize(
    ("referrer", "medium", "source", "term"),
    [
        (None, "direct", None, None),
        ("", "direct", None, None),
        ("about:blank", "direct", None, None),
        ("https://", "direct", None, None),
        ("https://www.google.com/", "search", "Google", None),
        ("https://google.de/search?q=red+shoes", "search", "Google", "red shoes"),
        ("http://www.google.co.uk/url?sa=t&q=caf%C3%A9&x=1", "search", "Google", "café"),
        ("https://google.example.com/?q=a", "referral", "google.example.com", None),
        ("https://notgoogle.com/?q=a", "referral", "notgoogle.com", None),
        ("https://www.google.com.example.org/", "referral", "google.com.example.org", None),
        ("https://google.evil/", "referral", "google.evil", None),
        ("https://docs.google.com/document/d/1", "referral", "docs.google.com", None),
        ("https://mail.google.com/mail/u/0/", "mail", "Gmail", None),
        ("https://news.google.com/", "search", "Google News", None),
        ("https://gemini.google.com/app", "ai-assistant", "Gemini", None),
        ("https://WWW.Bing.com/search?q=shoes", "search", "Bing", "shoes"),
        ("https://cn.bing.com/", "search", "Bing", None),
        ("https://de.search.yahoo.com/search?p=shoes", "search", "Yahoo!", "shoes"),
        ("https://news.yahoo.com/", "referral", "news.yahoo.com", None),
        ("https://mail.yahoo.com/", "mail", "Yahoo! Mail", None),
        ("https://duckduckgo.com/", "search", "DuckDuckGo", None),
        ("https://yandex.com.tr/search/?text=a", "search", "Yandex", "a"),
        ("https://disk.yandex.ru/", "referral", "disk.yandex.ru", None),
        ("https://m.search.naver.com/search.naver?query=%EC%8B%A0%EB%B0%9C", "search", "Naver", "신발"),
        ("https://l.facebook.com/l.php?u=x", "social", "Facebook", None),
        ("https://t.co/abc", "social", "X", None),
        ("https://internet.co/abc", "referral", "internet.co", None),
        ("https://old.reddit.com/r/x", "social", "Reddit", None),
        ("https://news.ycombinator.com/item?id=1", "social", "Hacker News", None),
        ("https://chatgpt.com/", "ai-assistant", "ChatGPT", None),
        ("https://www.perplexity.ai/search?q=a", "ai-assistant", "Perplexity", None),
        ("https://copilot.microsoft.com/", "ai-assistant", "Copilot", None),
        ("https://www.googleadservices.com/pagead/aclk?sa=L", "paid", "Google Ads", None),
        ("android-app://com.google.android.gm/", "mail", "Gmail", None),
        ("android-app://com.google.android.googlequicksearchbox/", "search", "Google", None),
        ("android-app://com.linkedin.android", "social", "LinkedIn", None),
        ("android-app://com.example.app/", "referral", "com.example.app", None),
        ("https://www.example.org/page", "referral", "example.org", None),
        ("https://kufli.blogspot.com/", "referral", "kufli.blogspot.com", None),
        ("http://192.0.2.1/", "referral", "192.0.2.1", None),
        ("http://[2001:db8::1]/", "referral", "[2001:db8::1]", None),
        ("http://localhost:8000/", "referral", "localhost", None),
        ("http://./", "referral", ".", None),
    ],
)
def test_where_somebody_came_from(referrer: str, medium: str, source: str | None, term: str | None) -> None:
    assert came(referrer) == (medium, source, term)


@pytest.mark.parametrize(
    ("referrer", "host", "site", "medium"),
    [
        ("https://www.example.com/a", "www.example.com", None, "internal"),
        ("https://example.com/a", "www.example.com", None, "internal"),
        ("https://www.example.com/a", "example.com", None, "internal"),
        ("https://shop.example.com/a", "www.example.com", None, "referral"),
        ("https://www.example.com/a", None, "example.com", "internal"),
        ("https://www.example.com/a", "cdn.example.net", "example.com", "internal"),
        ("https://www.example.com/a", None, "shop", "referral"),
        ("https://www.google.com/a", "www.google.com", None, "internal"),
    ],
)
def test_the_own_host_is_internal(referrer: str, host: str | None, site: str | None, medium: str) -> None:
    found = came(referrer, settings_of(site=site), host=host)
    assert found[0] == medium
    assert (found[1] is None) == (medium == "internal")


def test_a_users_rules_go_first() -> None:
    rules = Rules(
        internal_hosts=("example.net",),
        referrers=(ReferrerRule("spam.example.org", "spam"), ReferrerRule("google.com", "partner", "Big G")),
    )
    settings = settings_of(rules)
    assert came("https://shop.example.net/", settings) == ("internal", None, None)
    assert came("https://www.spam.example.org/", settings) == ("spam", "spam.example.org", None)
    assert came("https://www.google.com/?q=a", settings) == ("partner", "Big G", None)
    assert came("https://www.google.de/?q=a", settings) == ("search", "Google", "a")


def test_a_campaign_goes_before_the_referrer() -> None:
    rows: list[Row] = [
        {"query": "utm_source=news", "referrer": "https://www.google.com/?q=a"},
        {"query": "ref=news", "referrer": "https://www.google.com/?q=a"},
        {"query": "ref=news", "referrer": None},
        {"query": "fbclid=1", "referrer": "https://l.facebook.com/"},
    ]
    done = classify_referrer(read_campaign(events_of(*rows), settings_of()), settings_of())
    assert done.select("medium", "source", "campaign_term").rows() == [
        ("campaign", "news", None),
        ("search", "news", "a"),
        ("referral", "news", None),
        ("social", "Facebook", None),
    ]


@pytest.mark.parametrize("kind", ["ping", "event", "transaction"])
def test_only_what_somebody_comes_with_comes_from_somewhere(kind: str) -> None:
    row = after(classify_referrer, kind=kind, referrer="https://www.google.com/")
    assert (row["medium"], row["source"], row["referrer_host"]) == (None, None, "www.google.com")


def test_what_a_beacon_says_of_its_campaign_stays() -> None:
    assert came("https://www.google.com/", medium="cpc", source="own", kind="pageview") == (
        "cpc",
        "own",
        None,
    )


REFERRERS = st.none() | st.text() | st.from_regex(r"\Ahttps?://[a-z.]{0,9}google[a-z.]{0,6}/(\?q=.*)?\Z")


@SOME
@given(st.lists(REFERRERS))
def test_any_referrer_is_classified_in_order(referrers: list[str | None]) -> None:
    frame = events_of(*[{"referrer": referrer} for referrer in referrers])
    done = classify_referrer(frame, settings_of())
    assert done.select(frame.columns).equals(frame)
    assert done["medium"].null_count() == 0
    assert {name: done.schema[name] for name in ("source", "campaign_term")} == dict.fromkeys(
        ("source", "campaign_term"), pl.String
    )


@SOME
@given(
    st.lists(st.sampled_from([None, "https://www.example.com/", "https://t.co/", "https://bing.com/?q=a"]))
)
def test_an_event_is_classified_as_it_is_alone(referrers: list[str | None]) -> None:
    rows: list[Row] = [
        {"referrer": r, "host": "example.com", "kind": k} for r in referrers for k in ("pageview", "ping")
    ]
    columns = ("referrer_host", "medium", "source", "campaign_term")
    together = classify_referrer(events_of(*rows), settings_of()).select(columns).to_dicts()
    alone = [after_row(classify_referrer, row) for row in rows]
    assert together == [{name: row[name] for name in columns} for row in alone]


@pytest.mark.parametrize("name", MEDIA)
def test_hosts_of_a_list_are_lower_case_and_stand_there_once(name: str) -> None:
    hosts = [
        host
        for entry in read_list(name)["name"]
        for host in (
            *entry.get("hosts", ()),
            *(f"{s}.{e}" for s in entry.get("stems", ()) for e in entry["ends"]),
        )
    ]
    assert hosts == [host.lower().strip() for host in hosts]
    assert len(hosts) == len(set(hosts))


def test_every_listed_host_is_its_own_origin() -> None:
    origins = known_origins()
    assert all(find_origin(host, origins) == origin for host, origin in origins.items())
    assert len({origin.source for origin in origins.values() if origin.medium == "search"}) >= 150


def test_a_host_that_no_name_is_as_long_as_is_cut() -> None:
    assert came(f"https://{'a' * 5000}.example.com/")[1] == "a" * LONGEST_HOST
