from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from datetime import date
from hashlib import sha256

import polars as pl
import pytest

from footfall.text import printable
from reports.answer import Answer
from reports.outputs.html.page import ICON, script, style
from reports.report import ReportColumn
from tests.reports.outputs.html.conftest import HOSTILE, MakeTable, PageOf, written
from tests.reports.outputs.html.tree import Element


@pytest.fixture(scope="module")
def page(make_table: MakeTable, page_of: PageOf) -> Element:
    days = [(date(2026, 3, day), day) for day in range(1, 6)]
    return page_of(
        make_table([("requests", "requests"), ("visits", "visits")], [(6, 5)], name="summary"),
        make_table([("date", "date"), ("visits", "visits")], days, name="days", is_series=True),
        make_table([("path", "text"), ("visits", "visits")], [("/", 3), ("/a", 2)], name="pages"),
    )


def test_a_hostile_text_is_shown_and_nothing_more(hostile_answer: Answer, page_of: PageOf) -> None:
    table = page_of(hostile_answer).one("table")
    shown = [row.one("th").text for row in table.one("tbody").all("tr")]

    assert shown[0] == HOSTILE[0]
    assert [text for text in shown if "…" not in text] == [
        printable(text) for text in HOSTILE if len(text) < 160
    ]
    assert {one.name for one in table.one("tbody").walk()} == {"tbody", "tr", "th", "td", "wbr"}


def test_a_page_of_hostile_texts_has_no_tag_attribute_or_link_of_theirs(
    hostile_answer: Answer, page_of: PageOf
) -> None:
    calm = replace(
        hostile_answer, frame=hostile_answer.frame.with_columns(path=pl.lit("/"), top_referrer=pl.lit("/"))
    )

    def kinds(answer: Answer) -> set[tuple[str, str]]:
        elements = page_of(answer).walk()
        return {(one.name, name) for one in elements for name in ["", *one.attributes]} - {
            ("th", "title"),
            ("td", "title"),
            ("wbr", ""),
        }

    assert kinds(hostile_answer) == kinds(calm)


def test_reports_with_hostile_names_stay_texts(make_table: MakeTable, page_of: PageOf) -> None:
    evil = HOSTILE[3]
    answer = make_table(
        [(evil, evil), ("visits", evil)],
        [("a", 1), ("b", 2)],
        name=evil,
        question=evil,
        remark=evil,
        rules=(evil,),
    )
    page = page_of(
        replace(
            answer,
            report=replace(
                answer.report,
                columns=tuple(ReportColumn(one.name, one.unit, evil) for one in answer.report.columns),
            ),
        )
    )

    assert page.one("h2").text == evil
    assert len(page.all("script")) == len(page.all("style")) == len(page.all("title")) == 1


def test_no_control_or_direction_character_is_in_the_page(hostile_answer: Answer) -> None:
    text = written([hostile_answer]).replace("\n", "")

    assert printable(text) == text


def test_giant_texts_do_not_make_a_giant_page(make_table: MakeTable) -> None:
    giants = [("/" + "x" * 1_000_000, row, "y" * 1_000_000) for row in range(20)]
    answer = make_table([("path", "text"), ("visits", "visits"), ("top", "text")], giants)

    assert len(written([answer])) < 150_000


def test_the_page_refers_to_nothing_outside_itself(page: Element) -> None:
    referring = {
        "src",
        "srcset",
        "href",
        "action",
        "data",
        "poster",
        "background",
        "formaction",
        "ping",
        "style",
    }
    references = {
        value
        for one in page.walk()
        for name, value in one.attributes.items()
        if name in referring or name.startswith("on")
    }

    assert {value for value in references if not value.startswith("#")} == {ICON}
    assert "url(" not in style()
    assert "@import" not in style()
    assert not re.search(
        r"fetch|XMLHttp|WebSocket|innerHTML|outerHTML|insertAdjacent|document\.write|eval|Function\(",
        script(),
    )


def test_the_policy_allows_this_style_and_this_script_only(page: Element) -> None:
    metas = {
        one.attributes.get("http-equiv"): one.attributes["content"]
        for one in page.all("meta")
        if "content" in one.attributes
    }
    policy = dict(part.split(" ", 1) for part in metas["Content-Security-Policy"].split("; "))

    def hashed(element: Element) -> str:
        return f"'sha256-{b64encode(sha256(element.text.encode()).digest()).decode()}'"

    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == hashed(page.one("style"))
    assert policy["script-src"] == hashed(page.one("script"))
    assert policy.get("connect-src", "'none'") == policy["base-uri"] == policy["form-action"] == "'none'"
    assert "unsafe" not in metas["Content-Security-Policy"]


def test_neither_style_nor_script_can_end_their_elements() -> None:
    assert "</" not in script()
    assert "<" not in style()


def test_the_policy_comes_before_what_it_rules(page: Element) -> None:
    head = [one for one in page.one("head").children if isinstance(one, Element)]

    assert [one.attributes.get("charset") or one.attributes.get("http-equiv") for one in head[:2]] == [
        "utf-8",
        "Content-Security-Policy",
    ]
