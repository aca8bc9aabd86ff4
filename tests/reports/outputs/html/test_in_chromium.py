"""The page in a real browser. Each test opens a tab of its own in one browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from reports.answer import Answer
from tests.chromium import Page, Pipe, open_page
from tests.reports.outputs.html.conftest import HOSTILE, MakeTable, save

Open = Callable[[Path], AbstractContextManager[Page]]

SORTED = "[...document.querySelectorAll('tbody')].map(body => [...body.rows].map(row => row.cells[{}].textContent))"
SHOWN = "[...document.querySelectorAll('tbody tr')].filter(row => row.offsetParent).length"
HEADS = "[...document.querySelectorAll('thead th')].map(head => head.getAttribute('aria-sort'))"
BACK = "getComputedStyle(document.body).backgroundColor"
LIGHT, DARK = "rgb(245, 246, 248)", "rgb(14, 17, 22)"


@pytest.fixture(scope="module")
def ranking(make_table: MakeTable) -> Answer:
    rows: list[tuple[Any, ...]] = [
        (f"/page/{place}", place * 37 % 40, 3 ** (place * 7 % 40)) for place in range(40)
    ]
    rows[5] = ("/no-bytes", 7, None)
    return make_table([("path", "text"), ("visits", "visits"), ("bytes", "bytes")], rows, name="pages")


@pytest.fixture(scope="module")
def everything(make_table: MakeTable, ranking: Answer, hostile_answer: Answer) -> list[Answer]:
    first = date(2026, 3, 1)
    days = [(first + timedelta(days=day), 100 + 7 * day, 0.5) for day in range(30)]
    week = [(day, hour, hour * day) for day in range(1, 8) for hour in range(24)]
    many = [(f"measure_{place}", "visits") for place in range(9)]
    return [
        make_table(many, [tuple(range(10**6, 10**6 + 9))], name="summary"),
        make_table(
            [("date", "date"), ("visits", "visits"), ("rate", "share")], days, is_series=True, name="days"
        ),
        make_table(
            [("weekday", "weekday"), ("hour", "hour"), ("visits", "visits")], week, chart="heat", name="week"
        ),
        ranking,
        replace(hostile_answer, report=replace(hostile_answer.report, name="hostile")),
        make_table(
            [(f"{'long_' * 6}{place}", "visits") for place in range(9)],
            [(1,) * 9] * 3,
            name="wide",
            question="W" * 90,
        ),
    ]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory, everything: list[Answer]) -> Path:
    return save(tmp_path_factory.mktemp("page"), *everything)


@pytest.fixture(scope="module")
def open_tab(browser: Pipe) -> Open:
    return partial(open_page, browser)


@pytest.fixture
def page(open_tab: Open, file: Path) -> Iterator[Page]:
    with open_tab(file) as page:
        yield page


@pytest.fixture
def table(open_tab: Open, ranking: Answer, tmp_path: Path) -> Iterator[Page]:
    with open_tab(save(tmp_path, ranking)) as page:
        page.look(1280)
        yield page


def problems(page: Page) -> list[Any]:
    return [
        *page.events("Runtime.exceptionThrown"),
        *page.events("Runtime.consoleAPICalled"),
        *page.events("Log.entryAdded"),
    ]


def test_the_page_runs_without_a_word_on_the_console(page: Page) -> None:
    assert page.evaluate("document.querySelectorAll('section.report').length") == 6
    assert problems(page) == []


def test_nothing_is_asked_of_the_network(page: Page, file: Path) -> None:
    asked = [one["request"]["url"] for one in page.events("Network.requestWillBeSent")]

    assert [url for url in asked if not url.startswith("data:image/svg+xml,")] == [file.as_uri()]


def test_no_hostile_text_runs_or_becomes_an_element(page: Page) -> None:
    assert page.evaluate("typeof window.hacked") == "undefined"
    assert (
        page.evaluate(
            "document.querySelectorAll('img, iframe, object, td a, th a, [onerror], [onload]').length"
        )
        == 0
    )
    assert page.evaluate("document.querySelector('#report-hostile tbody th').textContent") == HOSTILE[0]


def test_what_got_past_the_escaping_would_neither_run_nor_load(
    open_tab: Open, file: Path, tmp_path: Path
) -> None:
    image = '<img src="https://example.com/x.png" onerror="window.hacked=1">'
    evil = f'<script>window.hacked=1</script>{image}<p style="color:red">'
    broken = tmp_path / "broken.html"
    broken.write_text(file.read_text(encoding="utf-8").replace("<main", f"{evil}<main"), encoding="utf-8")

    with open_tab(broken) as page:
        assert page.evaluate("typeof window.hacked") == "undefined"
        blocked = [one["entry"]["text"] for one in page.events("Log.entryAdded")]
        assert sum("violates" in text for text in blocked) >= 3
        loaded = {one["requestId"] for one in page.events("Network.responseReceived")}
        outside = [
            one
            for one in page.events("Network.requestWillBeSent")
            if one["request"]["url"].startswith("https:")
        ]
        assert not [one for one in outside if one["requestId"] in loaded]


@pytest.mark.parametrize("width", [320, 360, 390, 768, 1024, 1280, 1920])
def test_no_width_makes_the_page_scroll_sideways(page: Page, width: int) -> None:
    # What is out of sight is not laid out, and clipped.
    page.evaluate("document.styleSheets[0].insertRule('.report { content-visibility: visible !important }')")
    page.look(width)

    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize(("width", "pixels"), [(1280, 1280), (390, 780)])
@pytest.mark.parametrize(("scheme", "back"), [("light", LIGHT), ("dark", DARK)])
def test_it_looks_as_the_system_does_at_a_desk_and_on_a_phone(
    page: Page, width: int, pixels: int, scheme: str, back: str
) -> None:
    page.look(width, scheme=scheme)
    picture = page.screenshot()

    assert page.evaluate(BACK) == back
    assert int.from_bytes(picture[16:20]) == pixels
    assert len(picture) > 10_000, "an empty page has a smaller picture"


def test_a_person_can_choose_the_colours(page: Page) -> None:
    page.look(1280, scheme="light")
    click = "document.querySelector('.theme').click()"
    seen = [(page.evaluate(click), page.evaluate(BACK))[1] for _ in range(3)]

    assert seen == [LIGHT, DARK, LIGHT]
    assert page.evaluate("document.querySelector('.theme').getAttribute('aria-label')") == "Colours: System"


def test_paper_is_light_and_has_no_controls(page: Page) -> None:
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.look(800, media="print", scheme="dark")
    controls = "[...document.querySelectorAll('nav, input, .theme, .rest button')]"

    assert page.evaluate(BACK) == "rgb(255, 255, 255)"
    assert page.evaluate(f"{controls}.filter(one => one.offsetParent).length") == 0
    assert len(page.ask("Page.printToPDF")["data"]) > 10_000


def test_a_click_on_a_head_sorts_and_another_turns_it_round(table: Page) -> None:
    click = "document.querySelectorAll('thead button')[1].click()"
    table.evaluate(click)
    [falling] = table.evaluate(SORTED.format(1))

    assert [int(text) for text in falling] == sorted((int(text) for text in falling), reverse=True)
    assert table.evaluate(HEADS) == [None, "descending", None]

    table.evaluate(click)
    [rising] = table.evaluate(SORTED.format(1))
    assert [int(text) for text in rising] == sorted(int(text) for text in rising)
    assert table.evaluate(HEADS) == [None, "ascending", None]


def test_bytes_sort_by_size_and_what_is_missing_comes_last(table: Page) -> None:
    keys = "[...document.querySelectorAll('tbody tr')].map(row => row.cells[2].dataset.v)"
    for direction in (-1, 1):
        table.evaluate("document.querySelectorAll('thead button')[2].click()")
        *values, last = table.evaluate(keys)

        assert last == ""
        assert [int(value) for value in values] == sorted(
            map(int, values), key=lambda value: direction * value
        )


def test_texts_sort_with_their_numbers_in_order(table: Page) -> None:
    table.evaluate("document.querySelectorAll('thead button')[0].click()")
    [names] = table.evaluate(SORTED.format(0))

    assert names == ["/no-bytes", *(f"/page/{place}" for place in range(40) if place != 5)]


def test_bars_show_what_the_rows_are_sorted_by(table: Page) -> None:
    table.evaluate("document.querySelectorAll('thead button')[2].click()")

    assert table.evaluate("document.querySelector('tbody tr th').className") == "d w100"
    assert table.evaluate("document.querySelector('tbody tr:last-child th').className") == "d"
    assert table.evaluate("document.querySelector('.bar-note').textContent") == "Bars show bytes"


def test_a_head_is_reached_and_pressed_with_the_keyboard(table: Page) -> None:
    table.evaluate("document.querySelectorAll('thead button')[1].focus()")
    table.press("Enter")

    assert table.evaluate(HEADS) == [None, "descending", None]
    assert table.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_a_long_table_shows_its_first_rows_until_asked_for_all(table: Page) -> None:
    assert table.evaluate(SHOWN) == 12
    assert table.evaluate("document.querySelector('.rest span').textContent") == "12 of 40 rows"

    table.evaluate("document.querySelector('.rest button').click()")
    assert table.evaluate(SHOWN) == 40
    assert table.evaluate("document.querySelector('.rest button').getAttribute('aria-expanded')") == "true"


def test_typing_filters_the_rows(table: Page) -> None:
    table.evaluate("document.querySelector('input[type=search]').focus()")
    table.ask("Input.insertText", text="PAGE/3")

    assert table.evaluate(SHOWN) == 11
    assert "11 of 11 rows" in table.evaluate("document.querySelector('.rest span').textContent")


def test_the_pointer_over_a_chart_tells_the_value_there(page: Page) -> None:
    page.look(1280)
    page.evaluate(
        "document.querySelector('#report-days .plot').scrollIntoView({block: 'center', behavior: 'instant'})"
    )
    box = page.evaluate("document.querySelector('#report-days .plot').getBoundingClientRect().toJSON()")
    page.ask("Input.dispatchMouseEvent", type="mouseMoved", x=box["right"] - 2, y=box["top"] + 60)

    assert page.evaluate("document.querySelector('#report-days .tip').innerText.split('\\n')") == [
        "303",
        "2026-03-30",
    ]


def test_contents_are_open_at_a_desk_and_folded_on_a_phone(page: Page) -> None:
    for width, is_open in ((1280, True), (390, False)):
        page.look(width)
        assert page.evaluate("document.querySelector('nav details').open") is is_open


def test_without_scripts_everything_is_there(browser: Pipe, file: Path) -> None:
    with open_page(browser, file, has_scripts=False) as page:
        page.look(390)

        assert page.evaluate("document.documentElement.dataset.theme === undefined")
        assert page.evaluate(SHOWN) == page.evaluate("document.querySelectorAll('tbody tr').length") > 90
        assert page.evaluate("document.querySelectorAll('figure.chart path').length") > 2
        assert page.evaluate("document.querySelectorAll('button, input').length") == 0
