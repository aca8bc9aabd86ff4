from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.keys import event_bucket, event_identity, own_visitor_id, session_id, visitor_bucket, visitor_id
from footfall.salts import Secret, choose_salts
from ingest.enrich import Enrichment, EnrichSettings, enrich
from tests.examples import SOME
from tests.ingest.enrich.rows import AT, events

TABLE = EnrichSettings(None, 64, b"salt")
SECRET = Secret(date(1970, 1, 1), bytes(32))
WHO = {"ip": "192.0.2.7", "user_agent": "Firefox"}
BOT = "Mozilla/5.0 (compatible; Googlebot/2.1)"


def daily(secret: Secret | None = SECRET) -> EnrichSettings:
    return EnrichSettings(None, 64, b"salt", Enrichment(visitor_ids="daily", secret=secret))


def identified(frame: pl.DataFrame, settings: EnrichSettings = TABLE) -> list[dict[str, object]]:
    return enrich(frame, "s", settings).to_dicts()


def test_by_default_a_visitor_is_the_same_every_day() -> None:
    ids = {row["visitor"] for row in identified(events(WHO, WHO, days=(0, 30)))}
    assert ids == {visitor_id("192.0.2.7", "Firefox", b"salt")}


@pytest.mark.parametrize("secret", [SECRET, None])
def test_with_daily_salts_a_visitor_is_another_one_each_utc_day(secret: Secret | None) -> None:
    rows = identified(events(WHO, WHO, WHO, days=(0, 0, 1)), daily(secret))
    salts = choose_salts("daily", secret, b"salt")
    expected = [
        visitor_id("192.0.2.7", "Firefox", salts.on(AT.date() + timedelta(days=day)) or b"")
        for day in (0, 0, 1)
    ]
    assert [row["visitor"] for row in rows] == expected
    assert len(set(expected)) == 2


def test_a_log_that_is_read_late_gets_the_ids_of_its_days() -> None:
    frame = events(WHO, WHO, days=(0, 1))
    advanced = daily(SECRET.advanced(AT.date()))
    assert identified(frame, advanced) == identified(frame, daily())


def test_on_days_whose_salt_is_destroyed_nobody_is_a_visitor_and_all_else_stays() -> None:
    sent = {**WHO, "dialect": "owa", "visitor": "17", "session": "4"}
    frame = events(sent, WHO, sent, days=(0, 0, 1))
    before = identified(frame, daily())
    after = identified(frame, daily(SECRET.advanced(AT.date() + timedelta(days=1))))
    assert [row["visitor"] for row in after] == [None, None, before[2]["visitor"]]
    assert [row["session"] for row in after] == [None, None, before[2]["session"]]
    assert [row["shard"] for row in after] == [row["shard"] for row in before]


def test_a_beacons_own_visitor_and_session_are_kept_as_hashes() -> None:
    [row] = identified(events({**WHO, "dialect": "owa", "visitor": "1768644303", "session": "42"}))
    assert row["visitor"] == own_visitor_id("owa", "1768644303", b"salt")
    assert row["session"] == session_id("owa", "42", b"salt")
    assert row["shard"] == visitor_bucket("owa", "1768644303") % 64


def test_a_beacon_without_a_visitor_of_its_own_has_that_of_its_address() -> None:
    rows = identified(events({**WHO, "dialect": "owa", "visitor": "17"}, {**WHO, "dialect": "plausible"}))
    assert rows[1]["visitor"] == visitor_id("192.0.2.7", "Firefox", b"salt")
    assert rows[1]["shard"] == visitor_bucket("192.0.2.7", "Firefox") % 64


@pytest.mark.parametrize("settings", [TABLE, daily()], ids=["lasting", "daily"])
def test_nobody_is_a_visitor_who_comes_from_no_address_and_their_events_are_spread(
    settings: EnrichSettings,
) -> None:
    frame = events(*[{"user_agent": "Firefox"}] * 500, {"user_agent": "Firefox", "ip": "192.0.2.7"})
    rows = identified(frame, settings)
    assert [row["visitor"] is None for row in rows] == [True] * 500 + [False]
    spread = frame.select(event_bucket(pl.col("offset")) % 64)["offset"].to_list()
    assert [row["shard"] for row in rows] == [*spread[:-1], visitor_bucket("192.0.2.7", "Firefox") % 64]
    assert len(set(spread)) == 64


def test_a_beacons_own_visitor_needs_no_address() -> None:
    [row] = identified(events({"dialect": "owa", "visitor": "17"}))
    assert row["visitor"] == own_visitor_id("owa", "17", b"salt")
    assert row["shard"] == visitor_bucket("owa", "17") % 64


def test_with_daily_salts_a_cookie_is_another_visitor_each_day() -> None:
    sent = {**WHO, "dialect": "owa", "visitor": "17", "session": "4"}
    rows = identified(events(sent, sent, days=(0, 1)), daily())
    assert rows[0]["visitor"] != rows[1]["visitor"]
    assert rows[0]["session"] != rows[1]["session"]
    assert rows[0]["shard"] == rows[1]["shard"]


@pytest.mark.parametrize("agent", ["Firefox", BOT])
@pytest.mark.parametrize("own", ["17", None])
def test_a_beacon_sent_again_from_elsewhere_is_in_the_same_shard(agent: str, own: str | None) -> None:
    identity = event_identity("posthog", None, "an-id")
    again = [
        {
            "ip": f"192.0.2.{number}",
            "user_agent": agent,
            "dialect": "posthog",
            "visitor": own,
            "identity": identity,
        }
        for number in range(50)
    ]
    assert len({row["shard"] for row in identified(events(*again))}) == 1


@pytest.mark.parametrize("policy", ["masked", "full", "none"])
def test_a_user_by_name_is_kept_as_the_site_calls_them(policy: str) -> None:
    settings = EnrichSettings(None, 8, b"salt", Enrichment(addresses=policy))  # type: ignore[arg-type]
    assert identified(events({**WHO, "user": "anna"}), settings)[0]["user"] == "anna"


def test_the_salts_are_not_in_what_is_printed() -> None:
    settings = EnrichSettings(None, 8, b"tablesalt", Enrichment(secret=Secret(date(1970, 1, 1), b"k" * 32)))
    assert "tablesalt" not in repr(settings)
    assert "kkkk" not in repr(settings)


SENT = st.fixed_dictionaries(
    {name: st.none() | st.text(max_size=5) for name in ("ip", "user_agent", "dialect", "visitor", "session")}
)


@SOME
@given(st.lists(st.tuples(SENT, st.integers(-3, 3)), min_size=1, max_size=12))
def test_each_event_is_identified_as_if_alone(rows: list[tuple[dict[str, str | None], int]]) -> None:
    settings = daily(SECRET.advanced(AT.date()))
    frame = events(*(row for row, _ in rows), days=tuple(day for _, day in rows))
    alone = [identified(frame[place], settings)[0] for place in range(len(rows))]
    assert identified(frame, settings) == alone
