from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO

import polars as pl
import pytest

from reports.answer import Answer
from reports.catalogue import CATALOGUE
from reports.outputs import OUTPUTS, HtmlOutput
from reports.outputs.html.cells import ABSENT
from reports.outputs.html.page import style
from reports.outputs.html.tables import bar_classes
from tests.reports.conftest import MakeAnswer, MakeEvents
from tests.reports.outputs.html.conftest import MakeTable, PageOf, written
from tests.reports.outputs.html.tree import Element

FIGURES = [("requests", "requests"), ("page_views", "page views"), ("client_errors", "requests")]


@pytest.fixture(scope="module")
def answers(make_table: MakeTable) -> list[Answer]:
    days = [datetime(2026, 3, day, 12, tzinfo=UTC) for day in range(1, 6)]
    series = [(day.date(), place, place, 0) for place, day in enumerate(days)]
    hours = [(hour, 2 * hour) for hour in range(24)]
    about = [("first_at", "time"), ("last_at", "time"), *FIGURES]
    return [
        make_table(about, [(days[0], days[-1], 1_006, 5, 1)], name="summary", question="All in all?"),
        make_table([("date", "date"), *FIGURES], series, name="days", is_series=True, question="When?"),
        make_table(
            [("hour", "hour"), FIGURES[0]], hours, name="hours", is_series=True, question="At what hour?"
        ),
        make_table([("path", "text"), FIGURES[0]], [("/", 3), ("/a", 2)], name="pages", question="What?"),
        make_table([("path", "text"), FIGURES[0]], [("/x", 3)], name="not-found", question="What not?"),
    ]


@pytest.fixture(scope="module")
def page(answers: list[Answer], page_of: PageOf) -> Element:
    return page_of(*answers)


def test_all_answers_are_on_one_page_in_their_order(page: Element, answers: list[Answer]) -> None:
    sections = page.one("main").all("section", "report")

    assert [one.one("h2").text for one in sections] == [answer.report.question for answer in answers]
    links = page.one("nav").all("a")
    assert [link.attributes["href"] for link in links] == [f"#{one.attributes['id']}" for one in sections]
    assert [link.text for link in links] == ["Summary", "Days", "Hours", "Pages", "Not found"]


def test_every_report_of_the_catalogue_has_a_section(
    make_answer: MakeAnswer, make_events: MakeEvents, page_of: PageOf
) -> None:
    events = make_events({}, {"path": "/gone", "status": 404, "at": "2026-03-02T01:00:00+00:00"})
    every = [make_answer(name, events) for name in CATALOGUE]
    page = page_of(*every)

    told = [one.text for one in page.all("h2")] + [one.text for one in page.one("dl", "empty").all("dd")]
    assert {report.question for report in CATALOGUE.values()} <= set(told)
    assert page.one("section", "cards").all("div", "card")


def test_the_header_says_what_the_page_is_about(page: Element) -> None:
    facts = {one.one("dt").text: one.one("dd").text for one in page.one("header").all("div")}

    assert page.one("h1").text == "example.org"
    assert facts == {
        "Range": "2026-03-01 to 2026-03-05",
        "Time zone": "UTC",
        "Definitions": "footfall",
        "Events read": "10",
        "Made": "2026-03-02 01:02 UTC",
    }
    assert page.one("title").text == "example.org · 2026-03-01 to 2026-03-05 · footfall"


def test_the_range_is_what_was_asked_for(answers: list[Answer], page_of: PageOf) -> None:
    def range_of(first_on: date | None, last_on: date | None) -> str:
        provenance = answers[0].provenance
        scope = replace(provenance.scope, site=None, first_on=first_on, last_on=last_on)
        page = page_of(replace(answers[0], provenance=replace(provenance, scope=scope)))
        assert page.one("h1").text == "All sites"
        return page.one("header").all("dd")[0].text

    assert range_of(date(2026, 3, 1), date(2026, 3, 31)) == "2026-03-01 to 2026-03-31"
    assert range_of(date(2026, 3, 1), date(2026, 3, 1)) == "2026-03-01"
    assert range_of(None, date(2026, 3, 1)) == "to 2026-03-01"


def test_the_key_figures_are_those_of_the_summary(page: Element) -> None:
    cards = page.one("section", "cards").all("div", "card")
    figures = {card.one("p", "card-name").text: card.one("p", "card-value").text for card in cards}

    assert figures == {"Page views": "5", "Requests": "1\u202f006", "Client errors": "1"}
    assert len(page.one("section", "cards").all("svg", "spark")) == 3


def test_a_change_is_told_with_the_figure(make_table: MakeTable, page_of: PageOf) -> None:
    columns = [
        ("visits", "visits"), ("visits_change", "change"), ("pages", "pages"), ("pages_previous", "pages"),
        ("bytes", "bytes"), ("bytes_previous", "bytes"), ("errors", "requests"), ("errors_share", "share"),
    ]  # fmt: skip
    summary = make_table(columns, [(110, 0.1, 90, 100, 5, 0, 2, 0.5)], name="summary")
    cards = page_of(summary).one("section", "cards").all("div", "card")

    assert [card.one("p", "card-more").text for card in cards] == [
        "▲ 10.0% on the period before",
        "meaning of bytes",
        "▼ 10.0% on the period before",
        "50.00% meaning of errors_share",
    ]


def test_a_comparison_tells_the_changes_and_has_a_unit_in_each_row(
    make_table: MakeTable, page_of: PageOf
) -> None:
    columns = [
        ("metric", "text"),
        ("unit", "text"),
        ("value", "number"),
        ("previous", "number"),
        ("change", "change"),
    ]
    rows = [
        ("visits", "visits", 1_200.0, 1_000.0, 0.2),
        ("rate", "share", 0.5, 0.25, 1.0),
        ("lost", "visits", 1.0, 0.0, None),
    ]
    comparison = make_table(columns, rows, name="comparison")
    summary = make_table([("visits", "visits"), ("lost", "visits")], [(1_200, 1)], name="summary")
    page = page_of(summary, comparison)

    assert [one.text for one in page.all("p", "card-more")] == [
        "▲ 20.0% on the period before",
        "meaning of lost",
    ]
    table = page.all("table", "rows")[-1]
    assert [[cell.text for cell in row.all("td")[1:]] for row in table.one("tbody").all("tr")] == [
        ["1\u202f200", "1\u202f000", "+20.0%"],
        ["50.00%", "25.00%", "+100.0%"],
        ["1", "0", ABSENT],
    ]
    assert "with-bars" not in table.classes


def test_there_are_no_more_key_figures_than_one_looks_at(make_table: MakeTable, page_of: PageOf) -> None:
    many = make_table(
        [(f"figure_{place}", "visits") for place in range(30)], [tuple(range(30))], name="summary"
    )

    assert len(page_of(many).all("div", "card")) == 8


def test_without_a_summary_there_are_no_key_figures(answers: list[Answer], page_of: PageOf) -> None:
    assert not page_of(*answers[1:]).all("section", "cards")


def test_a_row_is_a_row_of_the_table_with_what_to_sort_by(make_table: MakeTable, page_of: PageOf) -> None:
    columns = [("path", "text"), ("visits", "visits"), ("bytes", "bytes"), ("last_on", "date")]
    rows = [("/a", 1_500, 2_000, date(2026, 3, 1)), (None, 3, None, None)]
    table = page_of(make_table(columns, rows)).one("table")
    head, *body = table.all("tr")

    assert [cell.attributes["scope"] for cell in head.all("th")] == ["col"] * 4
    assert [cell.attributes["title"] for cell in head.all("th")] == [
        f"meaning of {name}" for name, _ in columns
    ]
    assert [(row.one("th").text, *(cell.text for cell in row.all("td"))) for row in body] == [
        ("/a", "1\u202f500", "2.00\u202fkB", "2026-03-01"),
        (ABSENT, "3", ABSENT, ABSENT),
    ]
    assert [row.one("th").attributes["scope"] for row in body] == ["row", "row"]
    assert [cell.attributes.get("data-v") for row in body for cell in row.all("td")] == [
        None,
        "2000",
        None,
        None,
        "",
        "",
    ]
    assert [cell.classes for cell in body[0].all("td")] == [{"n"}, {"n"}, {"d"}]


def test_a_ranking_has_a_bar_behind_what_it_ranks(make_table: MakeTable, page_of: PageOf) -> None:
    rows = [("/a", 200), ("/b", 100), ("/c", 1), ("/d", 0)]
    table = page_of(make_table([("path", "text"), ("visits", "visits")], rows)).one("table", "with-bars")

    assert [row.one("th").classes for row in table.one("tbody").all("tr")] == [
        {"d", "w100"},
        {"d", "w50"},
        {"d", "w1"},
        {"d"},
    ]
    assert "Bars show visits" in table.one("caption").text


def test_short_texts_stay_on_one_line_and_long_ones_do_not(make_table: MakeTable, page_of: PageOf) -> None:
    rows = [("/a" * 40, "Google", "/b" * 40, None), ("/", "Bing", "/", None)]
    table = page_of(make_table([(name, "text") for name in ("path", "source", "top", "none")], rows)).one(
        "table"
    )
    [row, _] = table.one("tbody").all("tr")

    assert [cell.classes for cell in row.all("th") + row.all("td")] == [set(), {"d"}, set(), {"d"}]


def test_every_length_of_a_bar_is_in_the_style() -> None:
    classes = bar_classes(pl.Series([0.5 * step for step in range(1, 300)]))

    assert {f".{one}{{" for one in classes} <= set(re.findall(r"\.w\d+\{", style()))
    assert bar_classes(pl.Series([None, float("nan"), -1.0])) == [None, None, None]


def test_a_report_has_its_name_as_a_title(make_table: MakeTable, page_of: PageOf) -> None:
    names = ["ai-pages", "hour-by-weekday", "my_own", ""]
    page = page_of(*(make_table([("path", "text")], [("/",)], name=name) for name in names))

    assert [link.text for link in page.one("nav").all("a")] == [
        "AI pages",
        "Hour by weekday",
        "My own",
        "Report",
    ]


def test_one_row_of_many_measures_stands_upright(page: Element, answers: list[Answer]) -> None:
    [table] = page.all("table", "tall")

    assert len(table.one("tbody").all("tr")) == len(answers[0].report.columns)


def test_an_answer_without_rows_says_so(make_table: MakeTable, page_of: PageOf) -> None:
    page = page_of(
        make_table(
            [("path", "text"), ("visits", "visits")],
            pl.DataFrame(schema={"path": pl.String, "visits": pl.Int64}),
        )
    )

    assert page.one("dl", "empty").text == "PagesWhich pages are read most?"
    assert [link.text for link in page.one("nav").all("a")] == ["Nothing to report"]


def test_a_page_without_answers_is_a_page(page_of: PageOf) -> None:
    assert page_of().one("h1").text == "All sites"


def test_a_long_answer_is_cut_and_says_so(make_table: MakeTable, page_of: PageOf) -> None:
    long = make_table([("path", "text"), ("visits", "visits")], [(f"/{row}", row) for row in range(1_234)])

    def shown(answer: Answer, usual_rows: int | None) -> tuple[int, list[str]]:
        page = page_of(answer, usual_rows=usual_rows)
        return len(page.one("tbody").all("tr")), [note.text for note in page.all("p", "note")]

    assert shown(long, 500) == (500, ["This page has the first 500 of 1\u202f234 rows."])
    assert shown(long, None) == (1_234, [])
    assert shown(long.first(700), 500) == (700, ["This page has the first 700 of 1\u202f234 rows."])


def test_the_definition_is_folded_below_the_rows(page: Element, answers: list[Answer]) -> None:
    definition = page.all("section", "report")[1].one("details", "definition")

    assert "open" not in definition.attributes
    for rule in answers[1].rules:
        assert rule in definition.text

    assert [one.text for one in definition.all("dt")] == [
        column.name.replace("_", " ") for column in answers[1].report.columns
    ]


def test_ids_are_unique_and_every_link_leads_somewhere(make_table: MakeTable, page_of: PageOf) -> None:
    names = ["a b", "a-b", "a-b", "<a>", "", "Ä", "a-b--1"]
    page = page_of(*(make_table([("path", "text")], [("/",)], name=name) for name in names))
    ids = [one.attributes["id"] for one in page.walk() if "id" in one.attributes]

    assert len(ids) == len(set(ids)) == 2 * len(names) + 1
    links = [one.attributes["href"] for one in page.all("a")]
    assert {link.removeprefix("#") for link in links} <= set(ids)
    named = [one.attributes["aria-labelledby"] for one in page.walk() if "aria-labelledby" in one.attributes]
    assert set(named) <= set(ids)


def test_it_is_an_output_for_all_answers_at_once(answers: list[Answer]) -> None:
    output = OUTPUTS["html"]()

    assert (output.name, output.suffix, output.is_text, output.takes_many, output.is_whole) == (
        "html",
        "html",
        True,
        True,
        True,
    )
    stream = BytesIO()
    HtmlOutput().write(answers, stream)
    assert stream.getvalue().startswith(b"<!doctype html>\n")
    assert stream.getvalue().decode() == written(answers)
