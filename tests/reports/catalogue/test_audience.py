from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reports.catalogue import View
from tests.reports.conftest import Ask, MakeEvents


@pytest.mark.parametrize(
    "host", ["example.org", "www.example.org", "virtual.example", "own.example", "www.own.example", "", None]
)
def test_referrers_leaves_out_the_site_itself(ask: Ask, make_events: MakeEvents, host: str | None) -> None:
    events = make_events({"host": "www.virtual.example", "referrer_host": host})

    assert ask("referrers", events, View(own_hosts=("www.own.example",))) == []


def test_referrers_ranks_other_hosts_with_the_page_they_lead_to(ask: Ask, make_events: MakeEvents) -> None:
    events = make_events(
        {"referrer_host": "a.example", "path": "/logo.png"},
        {"referrer_host": "a.example", "path": "/logo.png"},
        {"referrer_host": "a.example", "path": "/two", "visitor": "b"},
        {"referrer_host": "b.example", "path": "/logo.png"},
    )

    assert ask("referrers", events) == [
        {"referrer_host": "a.example", "requests": 3, "visitors": 1, "page_views": 1, "top_page": "/two"},
        {"referrer_host": "b.example", "requests": 1, "visitors": 0, "page_views": 0, "top_page": None},
    ]


def test_another_sites_name_is_a_referrer(ask: Ask, make_events: MakeEvents) -> None:
    assert len(ask("referrers", make_events({"site": "a.example", "referrer_host": "example.org"}))) == 1


def test_hosts_tells_when_an_address_was_seen(ask: Ask, make_events: MakeEvents) -> None:
    events = make_events(
        {"ip": "192.0.2.0", "at": "2026-03-01T10:00:00.123+00:00", "status": 404},
        {"ip": "192.0.2.0", "at": "2026-03-01T09:00:00+00:00", "visitor": "b"},
        {"ip": None},
    )
    [row] = ask("hosts", events)

    assert (row["address"], row["requests"], row["clients"], row["errors"]) == ("192.0.2.0", 2, 2, 1)
    assert row["first_at"] == datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert row["last_at"] == datetime(2026, 3, 1, 10, 0, 0, 123_000, tzinfo=UTC)


def test_times_are_in_the_views_zone(ask: Ask, make_events: MakeEvents) -> None:
    [row] = ask("hosts", make_events({"at": "2026-03-01T10:00:00+00:00"}), View("Asia/Tokyo"))

    assert row["first_at"].isoformat() == "2026-03-01T19:00:00+09:00"


def test_visitors_shows_the_latest_address_and_agent(ask: Ask, make_events: MakeEvents) -> None:
    late, early = "2026-03-01T10:00:00+00:00", "2026-03-01T09:00:00+00:00"
    events = make_events(
        {"visitor": "v", "at": late, "ip": "192.0.2.0", "user_agent": "new"},
        {"visitor": "v", "at": early, "ip": "198.51.100.0", "user_agent": "old"},
    )
    [row] = ask("visitors", events)

    assert (row["visitor"], row["address"], row["user_agent"], row["requests"]) == (
        "v",
        "192.0.2.0",
        "new",
        2,
    )
