from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from footfall.event import SCHEMA
from ingest.enrich import Enrichment, EnrichSettings, enrich
from ingest.enrich.consent import FORGOTTEN, honour_consent, leave_out_objectors
from ingest.enrich.settings import ConsentPolicy
from tests.ingest.enrich.rows import events

ROW = {
    "host": "example.org",
    "ip": "192.0.2.7",
    "user_agent": "Firefox",
    "user": "anna",
    "path": "/shop",
    "query": "gclid=1",
    "referrer": "https://example.com/a?q=anna#x",
    "target": "https://example.net/?u=7",
    "kind": "click",
    "dialect": "owa",
    "visitor": "17",
    "session": "4",
    "language": "de",
    "screen": "1920x1080",
    "props": "{}",
    "browser": "Firefox",
    "country": "DE",
    "region": "DE-BE",
    "city": "Berlin",
}


def following(policy: ConsentPolicy) -> EnrichSettings:
    return EnrichSettings(None, 8, b"salt", Enrichment(do_not_track=policy))


def stored(asked: Mapping[str, str | None], policy: ConsentPolicy = "anonymise") -> dict[str, Any]:
    [row] = enrich(events({**ROW, **asked}), "s", following(policy)).to_dicts()
    return row


@pytest.mark.parametrize("asked", [{"dnt": "1"}, {"gpc": "1"}, {"dnt": "0", "gpc": "1"}, {"dnt": " 1 "}])
def test_of_people_who_object_nothing_is_kept_that_tells_them_apart(asked: dict[str, str]) -> None:
    row = stored(asked)
    assert {name: row[name] for name in FORGOTTEN if name in row} == dict.fromkeys(
        name for name in FORGOTTEN if name in row
    )
    assert (row["referrer"], row["target"]) == ("https://example.com/a", "https://example.net/")


def test_what_was_asked_for_and_how_it_was_answered_is_kept() -> None:
    row = stored({"gpc": "1"})
    kept = {
        name: row[name] for name in ("host", "path", "kind", "browser", "country", "referrer_host", "site")
    }
    assert kept == {
        "host": "example.org",
        "path": "/shop",
        "kind": "click",
        "browser": "Firefox",
        "country": "DE",
        "referrer_host": "example.com",
        "site": "example.org",
    }


@pytest.mark.parametrize(
    "asked", [{}, {"dnt": "0"}, {"dnt": None, "gpc": None}, {"dnt": "yes"}, {"gpc": "11"}]
)
def test_people_who_do_not_object_are_visitors(asked: dict[str, str | None]) -> None:
    plain = stored({})
    assert plain["visitor"]
    assert stored(asked) == plain


def test_the_wish_can_be_ignored() -> None:
    assert stored({"dnt": "1", "gpc": "1"}, "ignore") == stored({}, "ignore")


def test_only_the_events_of_those_who_object_are_changed() -> None:
    frame = events(ROW, {**ROW, "dnt": "1"}, {**ROW, "gpc": "1"}, ROW)
    visitors = enrich(frame, "s", following("anonymise"))["visitor"].to_list()
    assert [visitor is None for visitor in visitors] == [False, True, True, False]


def test_those_who_object_can_be_left_out_and_are_counted() -> None:
    frame = events(ROW, {**ROW, "dnt": "1"}, {**ROW, "gpc": "1"}, {**ROW, "dnt": "1", "gpc": "1"})
    kept, counts = leave_out_objectors(frame, following("drop"))
    assert (kept["offset"].to_list(), counts) == ([0], {"do-not-track": 3})


@pytest.mark.parametrize("policy", ["anonymise", "ignore"])
def test_without_that_policy_nobody_is_left_out(policy: ConsentPolicy) -> None:
    frame = events({**ROW, "dnt": "1"})
    assert leave_out_objectors(frame, following(policy)) == (frame, {})


def test_a_log_where_nobody_objects_costs_nothing() -> None:
    frame = events({**ROW, "dnt": None, "gpc": "0"})
    assert honour_consent(frame, following("anonymise")) is frame
    assert leave_out_objectors(frame, following("drop")) == (frame, {})


def test_what_is_forgotten_are_columns_of_the_event() -> None:
    assert set(FORGOTTEN) <= set(SCHEMA)
