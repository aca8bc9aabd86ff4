from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from reports.answer import Answer
from reports.outputs.html.charts import MOST_POINTS
from reports.outputs.html.heat import shade
from reports.outputs.html.pictures import Picture, heat_measure, picture_of
from tests.reports.outputs.html.conftest import HOSTILE, MakeTable, PageOf

DAYS = [date(2026, 3, 1) + timedelta(days=day) for day in range(4)]
VISITS = [("date", "date"), ("visits", "visits"), ("bytes", "bytes"), ("bounce_rate", "share")]
SERIES = [(day, 10 * place, 1_000 * place, 0.25) for place, day in enumerate(DAYS)]


@pytest.fixture(scope="module")
def series(make_table: MakeTable) -> Answer:
    return make_table(VISITS, SERIES, is_series=True)


@pytest.fixture(scope="module")
def week(make_table: MakeTable) -> Answer:
    rows = [(hour, day, hour) for hour in range(24) for day in ("Mon", "Tue") if (hour, day) != (3, "Tue")]
    return make_table([("hour", "hour"), ("weekday", "text"), ("requests", "requests")], rows, chart="heat")


@pytest.mark.parametrize(
    ("unit", "is_series", "chart", "picture"),
    [
        ("date", True, None, "line"),
        ("hour", True, None, "columns"),
        ("date", True, "bar", "columns"),
        ("text", False, None, "bars"),
        ("status", False, None, "bars"),
        ("text", False, "bar", "bars"),
        ("text", False, "line", "line"),
        ("text", False, "heat", "heat"),
    ],
)
def test_a_report_is_drawn_as_it_asks_or_as_its_rows_are(
    make_table: MakeTable, unit: str, is_series: bool, chart: str | None, picture: Picture
) -> None:
    columns = [("what", unit), ("hour", "hour"), ("visits", "visits")]
    answer = make_table(columns, [(1, 2, 3), (2, 3, 4)], is_series=is_series, chart=chart)

    assert picture_of(answer) == picture


def test_what_cannot_be_drawn_is_a_table_only(make_table: MakeTable) -> None:
    no_measure = make_table([("a", "text"), ("b", "text")], [("x", "y"), ("z", "w")])
    one_row = make_table(VISITS, SERIES[:1], is_series=True)

    assert (picture_of(no_measure), picture_of(one_row)) == ("none", "none")
    assert heat_measure(no_measure) is None


def test_a_series_with_several_rows_for_a_moment_is_no_line(make_table: MakeTable) -> None:
    columns = [("date", "date"), ("medium", "text"), ("visits", "visits")]
    rows = [(day, medium, 5) for day in DAYS for medium in ("mail", "search")]

    assert picture_of(make_table(columns, rows, is_series=True)) == "bars"


def test_hours_of_days_are_one_line(make_table: MakeTable, page_of: PageOf) -> None:
    rows = [(day, hour, hour) for day in DAYS[:2] for hour in range(24)]
    columns = [("date", "date"), ("hour", "hour"), ("visits", "visits")]
    figure = page_of(make_table(columns, rows, is_series=True)).one("figure", "chart")

    labels = figure.attributes["data-labels"].split("\n")
    assert (labels[0], labels[25]) == ("2026-03-01 00:00", "2026-03-02 01:00")
    assert [panel.one("b").text for panel in figure.all("div", "panel")] == ["Visits"]
    assert figure.all("path", "line")[0].attributes["d"].count("M") == 1


def test_a_series_has_a_panel_for_each_measure(series: Answer, page_of: PageOf) -> None:
    figure = page_of(series).one("figure", "chart")

    assert [panel.one("b").text for panel in figure.all("div", "panel")] == ["Visits", "Bytes", "Bounce rate"]
    assert figure.attributes["data-labels"].split("\n") == [str(day) for day in DAYS]
    assert figure.attributes["data-places"] == "0.0000 0.3333 0.6667 1.0000"
    drawings = [one for one in figure.all("svg") if "data-values" in one.attributes]
    assert drawings[1].attributes["data-values"].split("\n") == [
        "0\u202fB",
        "1.00\u202fkB",
        "2.00\u202fkB",
        "3.00\u202fkB",
    ]


def test_a_line_goes_through_its_values(series: Answer, page_of: PageOf) -> None:
    figure = page_of(series).one("figure", "chart")

    assert figure.all("path", "line")[0].attributes["d"] == "M0.0 100.00L333.3 66.67L666.7 33.33L1000.0 0.00"


def test_a_chart_tells_in_words_what_it_shows(series: Answer, page_of: PageOf) -> None:
    figure = page_of(series).one("figure", "chart")
    drawing = next(one for one in figure.all("svg") if one.attributes.get("role") == "img")

    assert drawing.attributes["aria-label"] == (
        "Visits: 0 at 2026-03-01, 30 at 2026-03-04, highest 30 at 2026-03-04. The table below has all values."
    )


def test_a_line_does_not_go_through_the_names_on_the_axis(make_table: MakeTable, page_of: PageOf) -> None:
    def names(first: int) -> list[str]:
        rows = [(day, 100 if place else first) for place, day in enumerate(DAYS)]
        figure = page_of(make_table(VISITS[:2], rows, is_series=True)).one("figure", "chart")
        return [text.text for text in figure.all("text", "y")]

    assert names(55) == ["100"]
    assert names(0) == names(90) == ["50", "100"]


def test_a_missing_day_breaks_the_line_and_a_day_alone_is_a_dot(
    make_table: MakeTable, page_of: PageOf
) -> None:
    rows = [(DAYS[0] + timedelta(days=day), 5) for day in (0, 1, 2, 9)]
    figure = page_of(make_table(VISITS[:2], rows, is_series=True)).one("figure", "chart")

    assert figure.all("path", "line")[0].attributes["d"].count("M") == 1
    assert figure.one("path", "dot").attributes["d"] == "M1000.0 0.00h0"


def test_hours_are_columns_as_high_as_their_values(make_table: MakeTable, page_of: PageOf) -> None:
    hours = make_table([("hour", "hour"), ("visits", "visits")], [(0, 5), (1, 0), (2, 10)], is_series=True)
    figure = page_of(hours).one("figure", "chart")

    assert [one.attributes["height"] for one in figure.all("rect", "column")] == ["50", "100"]
    assert figure.attributes["data-labels"].split("\n") == ["0:00", "1:00", "2:00"]


def test_a_long_series_is_drawn_with_means_and_says_so(make_table: MakeTable, page_of: PageOf) -> None:
    count = 2 * MOST_POINTS + 10
    frame = pl.DataFrame(
        {"date": [DAYS[0] + timedelta(days=day) for day in range(count)], "visits": range(count)}
    )
    figure = page_of(make_table(VISITS[:2], frame, is_series=True)).one("figure", "chart")

    assert len(figure.attributes["data-places"].split()) <= MOST_POINTS
    assert figure.one("figcaption").text == "Each point is the mean of 3 rows."


def test_a_series_of_nothing_is_flat(make_table: MakeTable, page_of: PageOf) -> None:
    rows = [(DAYS[0], None, 0, float("nan")), (DAYS[1], None, 0, -0.5)]
    frame = pl.DataFrame(
        rows,
        schema={"date": pl.Date, "visits": pl.Int64, "bytes": pl.Int64, "bounce_rate": pl.Float64},
        orient="row",
    )
    figure = page_of(make_table(VISITS, frame, is_series=True)).one("figure", "chart")

    assert {path.attributes["d"] for path in figure.all("path", "line")} == {"M0.0 100.00L1000.0 100.00"}


def test_hostile_names_of_points_stay_texts(make_table: MakeTable, page_of: PageOf) -> None:
    rows = [(text, place) for place, text in enumerate(HOSTILE)]
    columns = [("path", "text"), ("visits", "visits")]
    page = page_of(
        make_table(columns, rows, chart="line", name="line"),
        make_table(
            [("path", "text"), ("other", "text"), ("visits", "visits")],
            [(a, a, b) for a, b in rows],
            chart="heat",
            name="heat",
        ),
    )

    assert len(page.one("figure", "chart").attributes["data-labels"].split("\n")) == len(HOSTILE)
    assert len(page.all("script")) == 1
    assert not page.all("img")


def test_hours_of_a_heat_map_run_from_left_to_right(week: Answer, page_of: PageOf) -> None:
    heat = page_of(week).one("div", "heat")
    names, field = heat.all("svg")

    assert [one.text for one in names.all("text")] == ["Mon", "Tue"]
    assert [one.text for one in field.all("text")] == ["0", "3", "6", "9", "12", "15", "18", "21"]
    assert heat.attributes["aria-label"].startswith("requests by weekday and hour, highest 23.")


def test_a_heat_map_has_a_square_for_each_row_and_none_for_what_is_missing(
    week: Answer, page_of: PageOf
) -> None:
    squares = page_of(week).one("svg", "field").all("rect")
    titles = {square.one("title").text: square for square in squares}

    assert len(squares) == 47
    assert "Tue, 3: 3" not in titles
    assert titles["Mon, 0: 0"].classes == {"h0"}
    assert titles["Tue, 23: 23"].classes == {"h9"}


def test_a_heat_map_compares_shares_before_counts(make_table: MakeTable) -> None:
    columns = [("cohort", "date"), ("week", "weeks"), ("visitors", "visitors"), ("returned", "share")]
    measure = heat_measure(make_table(columns, [(DAYS[0], 0, 10, 1.0), (DAYS[0], 1, 5, 0.5)]))

    assert measure is not None
    assert measure.name == "returned"


@pytest.mark.parametrize(
    ("value", "highest", "expected"), [(0, 10, 0), (0.001, 10, 1), (5, 10, 5), (10, 10, 9), (1, 0, 0)]
)
def test_only_nothing_has_the_shade_of_nothing(value: float, highest: float, expected: int) -> None:
    assert shade(value, highest) == expected
