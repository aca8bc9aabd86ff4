from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.text import printable
from reports.outputs.html.markup import Html, breakable, escaped, joined, tag
from tests.reports.outputs.html.conftest import HOSTILE
from tests.reports.outputs.html.tree import read

TEXTS = st.one_of(st.text(), st.sampled_from(HOSTILE))


@given(text=TEXTS)
def test_a_browser_reads_any_text_as_the_printable_text_and_nothing_else(text: str) -> None:
    [element] = read(tag("td", text, title=text)).children
    assert not isinstance(element, str)

    assert (element.text, element.attributes) == (printable(text), {"title": printable(text)})
    assert len(element.all("td")) == len(list(element.walk())) == 1


@given(text=TEXTS)
def test_places_to_break_a_line_do_not_change_a_text(text: str) -> None:
    assert read(breakable(text)).text == printable(text)


def test_lines_break_between_the_parts_of_a_path() -> None:
    assert breakable("/blog/2026/a?x=1&y=2") == "/blog/<wbr>2026/<wbr>a?<wbr>x=1<wbr>&amp;y=2"
    assert breakable("/short/path") == "/short/path"
    assert breakable("https://example.com/") == "https://example.com/"


def test_html_is_left_as_it_is() -> None:
    assert tag("p", tag("b", "<"), None, ">") == "<p><b>&lt;</b>&gt;</p>"
    assert escaped(Html("<br>")) == "<br>"
    assert joined(["a", None, "<"], ", ") == "a, &lt;"


@pytest.mark.parametrize(
    ("attributes", "written"),
    [
        ({"class_": "n"}, ' class="n"'),
        ({"data_v": "1"}, ' data-v="1"'),
        ({"hidden": True, "open": False, "title": None}, " hidden"),
        ({"x": 1.0, "y": 0.333333, "width": 20}, ' x="1" y="0.33" width="20"'),
        ({"viewBox": '0 "0'}, ' viewBox="0 &quot;0"'),
    ],
)
def test_attributes(attributes: dict[str, str], written: str) -> None:
    assert tag("td", **attributes) == f"<td{written}></td>"


def test_an_element_without_content_has_no_end() -> None:
    assert tag("meta", charset="utf-8") == '<meta charset="utf-8">'
