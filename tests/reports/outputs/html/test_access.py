from __future__ import annotations

import re
from datetime import date

import pytest

from reports.outputs.html.page import style
from tests.reports.outputs.html.conftest import MakeTable, PageOf
from tests.reports.outputs.html.tree import Element


@pytest.fixture(scope="module")
def page(make_table: MakeTable, page_of: PageOf) -> Element:
    days = [(date(2026, 3, day), day) for day in range(1, 6)]
    week = [(day, hour, hour) for day in (1, 2) for hour in range(24)]
    return page_of(
        make_table([(f"figure_{place}", "visits") for place in range(9)], [tuple(range(9))], name="summary"),
        make_table([("date", "date"), ("figure_1", "visits")], days, name="days", is_series=True),
        make_table(
            [("day", "weekday"), ("hour", "hour"), ("visits", "visits")], week, name="week", chart="heat"
        ),
        make_table([("path", "text"), ("visits", "visits")], [("/", 3), ("/a", 2)], name="pages"),
    )


def test_headings_do_not_skip_a_level(page: Element) -> None:
    levels = [one.name for one in page.walk() if re.fullmatch("h[1-6]", one.name)]

    assert levels[0] == "h1"
    assert set(levels[1:]) == {"h2"}


def test_every_table_has_a_caption_and_every_picture_a_text(page: Element) -> None:
    assert all(table.one("caption").text.strip() for table in page.all("table"))
    inner = {id(inner) for outer in page.all("svg") for inner in outer.all("svg") if inner is not outer}
    for picture in page.all("svg"):
        is_told = (
            bool(picture.attributes.get("aria-label")) or picture.attributes.get("aria-hidden") == "true"
        )
        assert is_told or id(picture) in inner


def colours(start: str) -> dict[str, str]:
    block = style()[style().index(start) :]
    return dict(re.findall(r"--(\w+): (#\w{6});", block[: block.index("}")]))


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("scheme", [":root {", ':root:not([data-theme="light"]) {'], ids=["light", "dark"])
def test_texts_can_be_read_in_both_schemes(scheme: str) -> None:
    # WCAG 2.2, 1.4.3: 4.5 to 1 for texts, 1.4.11: 3 to 1 for what a picture is made of.
    colour = colours(scheme)

    def contrast(one: str, other: str) -> float:
        light, dark = sorted((luminance(colour[one]), luminance(colour[other])), reverse=True)
        return (light + 0.05) / (dark + 0.05)

    for text in ("text", "muted", "accent"):
        for ground in ("back", "surface", "hover"):
            assert contrast(text, ground) >= 4.5, (text, ground)

    assert contrast("text", "tint") >= 4.5
    assert contrast("accent", "surface") >= 3


def test_dark_is_the_same_by_system_and_by_choice() -> None:
    assert colours(':root:not([data-theme="light"]) {') == colours(':root[data-theme="dark"] {')
    assert set(colours(":root {")) == set(colours(':root[data-theme="dark"] {'))
