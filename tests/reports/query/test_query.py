from __future__ import annotations

import pickle
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from footfall.errors import SettingsError
from footfall.event import SCHEMA
from reports.query import DIMENSIONS, METRICS, Query, probe, report_of
from reports.query.planning import plan
from reports.report import Report, View
from reports.visits import Facts
from reports.visits.goals import Goal
from reports.visits.matching import Matcher
from tests.reports.conftest import MakeEvents, build
from tests.reports.query.worlds import EVENT, answered, by_visitor, frame_of, metrics_for

VIEW = View("America/New_York")
ORDERS = (
    '[{"sku":"B-1","name":"Bike","category":"Bikes","price":100.5,"quantity":2},{"name":"Bell","price":5}]'
)


OF_ITEMS = ("product", "product_category", "sku")


def report(metrics: tuple[str, ...], by: tuple[str, ...] = ()) -> Report:
    return report_of(Query(metrics, by), "query", "?")


def rows(events: pl.LazyFrame, metrics: str, by: str = "", view: View | None = None) -> list[tuple[Any, ...]]:
    """The answer to metrics by dimensions, as typed with commas."""
    asked = report(tuple(metrics.split(",")), tuple(filter(None, by.split(","))))
    return build(asked, events, view or View()).rows()


@st.composite
def asked(draw: st.DrawFn) -> Report:
    """Any metrics by one or two dimensions that go together."""
    by = tuple(draw(st.lists(st.sampled_from(sorted(DIMENSIONS)), max_size=2, unique=True)))
    known = set(METRICS).intersection(*(metrics_for(DIMENSIONS[name]) for name in by))
    metrics = draw(st.lists(st.sampled_from(sorted(known)), min_size=1, max_size=8, unique=True))
    query = Query(tuple(metrics), by)
    try:
        return report_of(query, "query", "?")
    except SettingsError:
        return report_of(Query(tuple(metrics), by[:1]), "query", "?")


@settings(max_examples=40, deadline=None)
@given(report=asked(), rows=st.lists(EVENT, max_size=25), data=st.data())
def test_order_and_partitioning_of_events_change_no_answer(
    report: Report, rows: list[dict[str, Any]], data: st.DataObject
) -> None:
    events = frame_of(rows)
    shuffled = events[data.draw(st.permutations(range(events.height)))] if rows else events

    [whole] = answered([report], VIEW, events)
    [parted] = answered([report], VIEW, *by_visitor(shuffled, 3))

    assert_frame_equal(whole, parted)


def test_without_events_there_is_nothing_or_one_row_of_zeros() -> None:
    empty = pl.DataFrame(schema=SCHEMA)
    by_date = report(metrics_for(DIMENSIONS["date"]), ("date",))
    plain = report(tuple(METRICS))

    dated, single = answered([by_date, plain], VIEW, empty)

    assert dated.height == 0
    assert single.height == 1
    assert set(single.select(pl.col(pl.Int64)).row(0)) <= {0, None}


@pytest.mark.parametrize("name", ["date", "medium", "path", "status", "product", "custom_value_1"])
def test_without_events_an_answer_has_the_columns_and_types_it_has_with_some(name: str) -> None:
    asked = report(metrics_for(DIMENSIONS[name]), (name,))

    [nothing] = answered([asked], VIEW, pl.DataFrame(schema=SCHEMA))
    [something] = answered([asked], VIEW, probe.events())

    assert nothing.schema == something.schema
    assert nothing.columns == [name, *metrics_for(DIMENSIONS[name])]


@pytest.mark.parametrize("metric", ["visits", "page_views", "visitors", "requests", "unique_pages"])
def test_a_metric_goes_by_all_dimensions_it_says_it_goes_by(metric: str, make_events: MakeEvents) -> None:
    asked = [report((metric,), (name,)) for name, one in DIMENSIONS.items() if metric in metrics_for(one)]
    events = make_events({}, {"at": "2026-03-01T12:01:00+00:00", "path": "/b"}).collect()

    answers = answered(asked, VIEW, events)

    assert len(asked) > 20
    assert [answer.columns for answer in answers] == [list(one.column_names) for one in asked]
    assert all(answer.height > 0 for answer in answers if answer.columns[0] not in OF_ITEMS)


def test_reports_of_queries_can_be_pickled() -> None:
    asked = report_of(Query(("visits",), ("medium",), where=pl.col("country") == "DE"), "query", "?")

    assert pickle.loads(pickle.dumps(asked)).column_names == ("medium", "visits")


def test_metrics_and_dimensions_share_no_name() -> None:
    assert set(METRICS) & set(DIMENSIONS) == set()


def test_visits_of_a_visitor_are_told_apart_and_bounces_counted(make_events: MakeEvents) -> None:
    events = make_events(
        {"at": "2026-03-01T10:00:00+00:00", "path": "/a"},
        {"at": "2026-03-01T10:02:00+00:00", "path": "/b"},
        {"at": "2026-03-01T12:00:00+00:00", "path": "/a"},
        {"at": "2026-03-01T12:00:00+00:00", "path": "/a", "visitor": "b", "ip": "192.0.2.7"},
    )

    assert rows(
        events, "visits,visitors,bounces,bounce_rate,visit_seconds,visit_duration,pages_per_visit"
    ) == [(3, 2, 2, 0.666667, 120.0, 40.0, 1.33)]
    assert rows(events, "new_visitors,returning_visitors,returning_visits,visits_per_visitor") == [
        (2, 1, 1, 1.5)
    ]


def test_who_is_new_and_comes_again_is_both(make_events: MakeEvents) -> None:
    events = make_events({"at": "2026-03-01T10:00:00+00:00"}, {"at": "2026-03-01T12:00:00+00:00"})

    assert rows(events, "visitors,new_visitors,returning_visitors") == [(1, 1, 1)]


def test_pages_are_entered_left_and_read(make_events: MakeEvents) -> None:
    events = make_events(
        {"at": "2026-03-01T10:00:00+00:00", "path": "/a"},
        {"at": "2026-03-01T10:00:10+00:00", "path": "/b"},
        {"at": "2026-03-01T10:00:15+00:00", "path": "/b", "kind": "event", "event_action": "play"},
        {"at": "2026-03-01T10:00:40+00:00", "path": "/a"},
    )

    metrics = "page_views,unique_page_views,entries,exits,exit_rate,page_seconds,time_on_page"
    assert rows(events, metrics, "path") == [
        ("/a", 2, 1, 1, 1, 0.5, 10.0, 10.0),
        ("/b", 1, 1, 0, 0, 0.0, 30.0, 30.0),
    ]
    assert rows(events, "page_views", "prior_path") == [("/a", 1), ("/b", 1), (None, 1)]
    assert rows(events, "unique_pages,events,unique_events,event_visits") == [(2, 1, 1, 1)]


def test_a_page_without_title_does_not_lend_the_title_before_it(make_events: MakeEvents) -> None:
    events = make_events(
        {"at": "2026-03-01T10:00:00+00:00", "title": "A"},
        {"at": "2026-03-01T10:00:10+00:00", "title": None},
        {"at": "2026-03-01T10:00:20+00:00", "title": "C"},
    )

    assert rows(events, "page_views", "title,prior_title") == [("A", None, 1), ("C", None, 1), (None, "A", 1)]


def test_an_order_sent_twice_counts_once_and_money_is_in_units(make_events: MakeEvents) -> None:
    bought = {
        "kind": "transaction",
        "order": "o1",
        "revenue": 206.0,
        "tax": 6.0,
        "shipping": 1.0,
        "items": ORDERS,
    }
    events = make_events(
        {"at": "2026-03-01T10:00:00+00:00"},
        bought | {"at": "2026-03-01T10:01:00+00:00"},
        {"at": "2026-03-01T10:02:00+00:00", "kind": "transaction", "order": "o1"},
        {"at": "2026-03-01T10:02:00+00:00", "visitor": "b"},
    )

    assert rows(events, "orders,revenue", "kind")[0] == ("transaction", 1, Decimal("206.0000"))
    money = "orders,revenue,tax,shipping,revenue_per_order,revenue_per_visit,order_rate,conversion_rate"
    assert [float(value) for value in rows(events, money)[0]] == [1, 206.0, 6.0, 1.0, 206.0, 103.0, 0.5, 0.5]
    assert [float(value) for value in rows(events, "item_quantity,item_revenue,products,line_items")[0]] == [
        3,
        206.0,
        2,
        2,
    ]
    by_product = rows(events, "item_quantity,orders,price", "product")
    assert by_product == [("Bike", 2.0, 1, 100.5), ("Bell", 1.0, 1, 5.0)]


def test_revenue_is_that_of_orders_each_once_a_visit(make_events: MakeEvents) -> None:
    bought = {"kind": "transaction", "order": "o1", "revenue": 99.0, "items": ORDERS}
    events = make_events(
        {"at": "2026-03-01T10:00:00+00:00"},
        {"at": "2026-03-01T10:01:00+00:00", "kind": "cart", "revenue": 49.0, "items": ORDERS},
        bought | {"at": "2026-03-01T10:02:00+00:00", "path": "/thanks"},
        bought | {"at": "2026-03-01T10:03:00+00:00", "path": "/thanks"},
        {"at": "2026-03-01T10:04:00+00:00", "kind": "goal", "revenue": 5.0},
        bought | {"at": "2026-03-01T10:04:00+00:00", "visitor": "b", "path": "/thanks"},
    )
    expected = [2, 198.0, 99.0, 6.0, 412.0]
    metrics = "orders,revenue,revenue_per_order,item_quantity,item_revenue"

    assert [float(value) for value in rows(events, metrics)[0]] == expected
    assert [float(value) for value in rows(events, metrics, "date")[0][1:]] == expected
    assert [
        float(value) for value in rows(events, "orders,revenue,revenue_per_order", "path")[0][1:]
    ] == expected[:3]
    assert [float(value) for value in rows(events, "requests,orders,revenue")[0]] == [1, 2, 198.0]


def test_by_a_time_visits_count_when_they_began_and_pages_when_they_were_shown(
    make_events: MakeEvents,
) -> None:
    events = make_events({"at": "2026-03-01T23:50:00+00:00"}, {"at": "2026-03-02T00:10:00+00:00"})

    assert rows(events, "visits,page_views,visitors,requests", "date") == [
        (date(2026, 3, 1), 1, 1, 1, 1),
        (date(2026, 3, 2), 0, 1, 1, 1),
    ]


def test_pages_count_when_they_were_shown_also_without_requests_beside_them(make_events: MakeEvents) -> None:
    events = make_events({"at": "2026-03-01T23:50:00+00:00"}, {"at": "2026-03-02T00:10:00+00:00"})

    assert rows(events, "page_views", "day") == [(1, 1), (2, 1)]
    assert rows(events, "visits", "day") == [(1, 1)]


def test_goals_count_in_visits_and_abandons_are_a_share_of_starts(make_events: MakeEvents) -> None:
    events = make_events(
        {"path": "/cart"},
        {"path": "/thanks", "at": "2026-03-01T12:01:00+00:00"},
        {"path": "/cart", "visitor": "b"},
        {"path": "/", "visitor": "c"},
    )
    starts, reached = (
        Matcher(url, pl.col("path") == url, {"path": pl.col("path")}) for url in ("/cart", "/thanks")
    )
    view = View(goals=(Goal("order", reached, starts=starts, value=5.0),))
    asked = report(("goals", "goal_starts", "goal_value", "goal_conversion_rate", "goal_abandon_rate"))
    facts = Facts(events, view.rule, goals=view.goals)

    assert asked.build(facts, view).collect().rows() == [(1, 2, 5.0, 0.333333, 0.5)]


def test_times_are_those_of_the_views_zone(make_events: MakeEvents) -> None:
    events = make_events({"at": "2026-01-04T23:30:00+00:00"})
    by = "hour,minute,day,day_of_week,day_of_year,week,week_of_year,month,month_of_year,quarter,year"

    assert rows(events, "visits", by, View("Europe/Berlin")) == [
        (0, 30, 5, 1, 5, "2026-W02", 2, "2026-01", 1, "2026-Q1", 2026, 1)
    ]
    assert rows(events, "visits", by) == [(23, 30, 4, 7, 4, "2026-W01", 1, "2026-01", 1, "2026-Q1", 2026, 1)]


def test_requests_are_everybodys_and_pages_of_people(make_events: MakeEvents) -> None:
    events = make_events(
        {"status": 404, "duration_ms": 10.0},
        {"cache_status": "TCP_HIT", "duration_ms": 30.0},
        {"cache_status": "MISS", "bot": "Bot", "visitor": "b"},
    )

    assert rows(events, "requests,errors,error_rate,bot_share,page_views,clients,cache_hit_rate") == [
        (3, 1, 0.333333, 0.333333, 1, 2, 0.5)
    ]
    assert rows(events, "duration_mean,duration_p50,duration_p99") == [(20.0, 10.0, 30.0)]
    assert rows(events, "requests", "status_class") == [("2xx", 2), ("4xx", 1)]


def test_quantiles_are_nearest_ranks_whatever_the_partition(make_events: MakeEvents) -> None:
    events = make_events(
        *({"duration_ms": float(number), "visitor": "vwxy"[number % 4]} for number in range(1, 11))
    )
    asked = report(("duration_p50", "duration_p90", "duration_p95"))

    for parts in ([events.collect()], by_visitor(events.collect(), 3)):
        assert answered([asked], VIEW, *parts)[0].rows() == [(5.0, 9.0, 10.0)]


def test_custom_variables_come_from_owas_and_matomos_properties(make_events: MakeEvents) -> None:
    events = make_events(
        {"props": '{"cv1":{"name":"plan","value":"pro"}}'},
        {"props": '{"cvar":{"1":["plan","free"]}}'},
        {"props": '{"_cvar":{"1":["plan","none"]}}'},
        {"props": "broken"},
    )

    assert rows(events, "page_views", "custom_name_1,custom_value_1") == [
        ("plan", "free", 1),
        ("plan", "none", 1),
        ("plan", "pro", 1),
        (None, None, 1),
    ]


def test_rows_in_which_nothing_was_counted_are_left_out(make_events: MakeEvents) -> None:
    events = make_events({"path": "/a"}, {"path": "/b", "kind": "click", "target": "https://c.example/x"})

    assert rows(events, "clicks", "path") == [("/b", 1)]
    assert rows(events, "clicks", "target_host") == [("c.example", 1)]


def test_metrics_that_no_rows_have_together_are_counted_in_their_own() -> None:
    planned = plan(Query(("visits", "requests", "visit_duration"), ("country",)))

    assert {grain: [one.name for one in measured] for grain, measured in planned.items()} == {
        "visits": ["visits", "visit_seconds"],
        "events": ["requests"],
    }


def test_what_does_not_go_together_is_named_with_what_would() -> None:
    with pytest.raises(SettingsError, match=r"^No rows have visits by tls_version\.$") as caught:
        plan(Query(("requests", "visits"), ("date", "tls_version")))

    assert caught.value.details[0].startswith("visits goes by time, ")
    assert caught.value.details[1].startswith("tls_version goes with ")
    assert "visits," not in caught.value.details[1]


def test_limit_and_having_keep_rows_and_sort_orders_them(make_events: MakeEvents) -> None:
    events = make_events(*({"path": path} for path in "aabbbc"))
    query = Query(("requests",), ("path",), having=pl.col("requests") > 1, sort=("path",), limit=1)

    assert build(report_of(query, "query", "?"), events, View()).rows() == [("a", 2)]


def test_shares_are_of_all_rows_also_of_those_not_kept(make_events: MakeEvents) -> None:
    events = make_events(*({"path": path} for path in "aaab"))
    query = Query(("requests_share",), ("path",), having=pl.col("requests") > 1)

    assert build(report_of(query, "query", "?"), events, View()).rows() == [("a", 0.75)]
