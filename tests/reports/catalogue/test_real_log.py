"""Known answers on the public 10,000-line Apache log, counted independently by other tools."""

from __future__ import annotations

import polars as pl

from reports.catalogue import View
from reports.query import Query, report_of
from tests.reports.conftest import Ask, build


def test_statuses_of_the_real_log(ask: Ask, real_events: pl.LazyFrame) -> None:
    counts = {row["status"]: row["requests"] for row in ask("statuses", real_events)}

    assert counts == {200: 9126, 304: 445, 404: 213, 301: 164, 206: 45, 500: 3, 416: 2, 403: 2}


def test_summary_of_the_real_log(ask: Ask, real_events: pl.LazyFrame) -> None:
    [row] = ask("summary", real_events)

    assert (row["requests"], row["bytes"], row["days"]) == (10_000, 2_747_282_740, 4)
    assert (row["visits"], row["visitors"], row["addresses"], row["not_found"]) == (2_289, 1_267, 1_753, 213)
    assert (row["client_errors"], row["server_errors"], row["redirects"]) == (217, 3, 164)


def test_days_of_the_real_log(ask: Ask, real_events: pl.LazyFrame) -> None:
    requests = {row["date"].isoformat(): row["requests"] for row in ask("days", real_events)}

    assert requests == {"2015-05-17": 1632, "2015-05-18": 2893, "2015-05-19": 2896, "2015-05-20": 2579}


def test_not_found_of_the_real_log(ask: Ask, real_events: pl.LazyFrame) -> None:
    rows = ask("not-found", real_events)

    # GoAccess says 70: it tells methods and protocols apart as well, this report only paths and queries.
    assert (len(rows), sum(row["requests"] for row in rows)) == (67, 213)


def test_not_found_as_goaccess_tells_requests_apart(real_events: pl.LazyFrame) -> None:
    by = ("url", "query", "method", "protocol")
    report = report_of(Query(("not_found",), by=by, where=pl.col("status") == 404), "asked", "Which?")
    rows = build(report, real_events, View())

    assert (rows.height, rows["not_found"].sum()) == (70, 213)


def test_hosts_and_visitors_of_the_real_log(ask: Ask, real_events: pl.LazyFrame) -> None:
    assert len(ask("hosts", real_events)) == 1_753
    assert len(ask("visitors", real_events)) == 1_267


def test_referrers_of_the_real_log(ask: Ask, real_events: pl.LazyFrame) -> None:
    rows = ask("referrers", real_events, View(own_hosts=("semicomplete.com",)))

    assert (rows[0]["referrer_host"], rows[0]["requests"]) == ("www.google.com", 228)
    assert not [row for row in rows if "www.semicomplete.com" in row["referrer_host"]]
