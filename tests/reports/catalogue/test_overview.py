from __future__ import annotations

from datetime import date

from reports.catalogue import View
from tests.reports.conftest import Ask, MakeEvents


def test_summary_counts_answers_by_class_and_keeps_the_counts_behind_shares(
    ask: Ask, make_events: MakeEvents
) -> None:
    statuses = [200, 301, 304, 404, 403, 503, 200, 200]
    [row] = ask("summary", make_events(*({"status": status} for status in statuses)))

    assert row["requests"] == 8
    assert (row["redirects"], row["redirects_share"]) == (1, 1 / 8)
    assert (row["client_errors"], row["client_errors_share"], row["not_found"]) == (2, 2 / 8, 1)
    assert (row["server_errors"], row["server_errors_share"]) == (1, 1 / 8)
    assert row["page_views"] == 4


def test_summary_counts_distinct_things_without_the_unknown(ask: Ask, make_events: MakeEvents) -> None:
    events = make_events(
        {"visitor": "a", "ip": None, "path": "/x", "site": "a.example"},
        {"visitor": "b", "ip": "192.0.2.0", "path": "/x", "site": "b.example"},
        {"visitor": None, "ip": None, "path": "/y.css", "site": "b.example", "bytes": None},
    )
    [row] = ask("summary", events)

    assert (row["visitors"], row["addresses"], row["pages"], row["sites"], row["bytes"]) == (2, 1, 1, 2, 200)


def test_beacons_are_not_requests(ask: Ask, make_events: MakeEvents) -> None:
    [row] = ask("summary", make_events({"kind": "request"}, {"kind": None}, {"kind": "pageview"}))

    assert row["requests"] == 2


def test_days_begin_at_midnight_of_the_view(ask: Ask, make_events: MakeEvents) -> None:
    events = make_events({"at": "2026-03-01T23:30:00+00:00"}, {"at": "2026-03-02T00:30:00+00:00"})

    assert [row["date"] for row in ask("days", events)] == [date(2026, 3, 1), date(2026, 3, 2)]
    assert [row["date"] for row in ask("days", events, View("Asia/Tokyo"))] == [date(2026, 3, 2)]


def test_days_count_errors_of_both_kinds(ask: Ask, make_events: MakeEvents) -> None:
    [row] = ask("days", make_events({"status": 404}, {"status": 500}, {"status": 200}, {"status": None}))

    assert (row["requests"], row["errors"]) == (4, 2)


def test_hours_has_a_row_for_every_hour(ask: Ask, make_events: MakeEvents) -> None:
    rows = ask("hours", make_events({"at": "2026-03-01T05:59:59+00:00"}, {"at": "2026-03-09T05:00:00+00:00"}))

    assert [row["hour"] for row in rows] == list(range(24))
    assert [row["hour"] for row in rows if row["requests"]] == [5]
    assert (rows[5]["share"], rows[6]["share"], rows[6]["visitors"]) == (1.0, 0.0, 0)


def test_the_hour_that_comes_twice_when_summer_time_ends_is_one_row(
    ask: Ask, make_events: MakeEvents
) -> None:
    events = make_events({"at": "2026-10-25T00:30:00+00:00"}, {"at": "2026-10-25T01:30:00+00:00"})
    rows = ask("hours", events, View("Europe/Berlin"))

    assert {row["hour"]: row["requests"] for row in rows if row["requests"]} == {2: 2}
