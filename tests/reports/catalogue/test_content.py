from __future__ import annotations

from tests.reports.conftest import Ask, MakeEvents


def test_pages_ranks_by_page_views_then_path(ask: Ask, make_events: MakeEvents) -> None:
    rows = ask("pages", make_events({"path": "/b"}, {"path": "/a"}, {"path": "/c"}, {"path": "/c"}))

    assert [(row["path"], row["page_views"]) for row in rows] == [("/c", 2), ("/a", 1), ("/b", 1)]


def test_pages_shows_errors_of_paths_that_are_read_and_leaves_out_the_others(
    ask: Ask, make_events: MakeEvents
) -> None:
    events = make_events(
        {"path": "/a"},
        {"path": "/a", "status": 500, "visitor": "b"},
        {"path": "/a", "method": "POST", "bytes": 7},
        {"path": "/gone", "status": 404},
        {"path": "/style.css"},
    )
    [row] = ask("pages", events)

    assert row == {"path": "/a", "page_views": 1, "visitors": 1, "requests": 3, "bytes": 207, "errors": 1}


def test_statuses_keeps_answers_without_a_status(ask: Ask, make_events: MakeEvents) -> None:
    rows = ask("statuses", make_events({"status": None}, {"status": 200}, {"status": 200}, {"status": 404}))

    assert [(row["status"], row["requests"], row["requests_share"]) for row in rows] == [
        (200, 2, 0.5),
        (404, 1, 0.25),
        (None, 1, 0.25),
    ]


def test_not_found_tells_queries_apart(ask: Ask, make_events: MakeEvents) -> None:
    events = make_events(
        {"status": 404, "path": "/a", "query": "x=1"},
        {"status": 404, "path": "/a", "query": "x=2"},
        {"status": 404, "path": "/a", "query": ""},
        {"status": 404, "path": "/a", "query": None},
        {"status": 410, "path": "/a"},
    )

    assert [(row["path"], row["requests"]) for row in ask("not-found", events)] == [
        ("/a", 2),
        ("/a?x=1", 1),
        ("/a?x=2", 1),
    ]


def test_not_found_names_the_commonest_referrer(ask: Ask, make_events: MakeEvents) -> None:
    referrers = ["https://b/", "https://b/", "https://a/", None, None, None]
    events = make_events(*({"status": 404, "path": "/x", "referrer": referrer} for referrer in referrers))

    assert ask("not-found", events)[0]["top_referrer"] == "https://b/"


def test_not_found_breaks_ties_between_referrers_by_name(ask: Ask, make_events: MakeEvents) -> None:
    events = make_events(
        *({"status": 404, "path": "/x", "referrer": url} for url in ("https://b/", "https://a/"))
    )

    assert ask("not-found", events)[0]["top_referrer"] == "https://a/"


def test_not_found_without_referrer_says_so(ask: Ask, make_events: MakeEvents) -> None:
    assert ask("not-found", make_events({"status": 404, "path": "/x"}))[0]["top_referrer"] is None
