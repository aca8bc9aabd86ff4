from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from footfall.text import printable
from reports.answer import Answer
from reports.outputs import MarkdownOutput
from reports.outputs.markdown import cell, prose
from tests.reports.outputs.answers import HOSTILE, answer_of, everything, hostile, written

READER = MarkdownIt("commonmark").enable("table")
TEXTS = {"text", "text_special", "code_inline"}
"""What is left of Markdown when nothing in it means anything."""


def text_of(*answers: Answer) -> str:
    return written(MarkdownOutput(), *answers).decode()


def inside(tag: str, markdown: str) -> list[list[Token]]:
    """What a reader of Markdown finds in the elements called `tag`."""
    tokens = READER.parse(markdown)
    return [
        after.children or []
        for before, after in pairwise(tokens)
        if before.tag == tag and before.nesting == 1
    ]


def read(parts: Sequence[Token]) -> str:
    assert {part.type for part in parts} <= TEXTS
    return "".join(part.content for part in parts)


def test_a_report_is_a_heading_a_table_and_a_definition() -> None:
    answer = answer_of(pl.DataFrame({"path": ["/a"], "page_views": [1234]}), {"page_views": "page views"})

    assert answer.definition.startswith("Remarked. Ruled. Profile footfall: ")
    assert text_of(answer) == (
        "## What is tried?\n\n"
        "**tried** · site example.org · all days · time zone America/New\\_York · profile footfall\n\n"
        "| path | page views |\n"
        "| --- | ---: |\n"
        "| `/a` | 1,234 |\n\n"
        f"{answer.definition}\n"
    )


@given(text=st.one_of(st.text(), st.text(alphabet="|\\` a<&*"), st.sampled_from(HOSTILE)))
def test_any_text_comes_back_from_its_cell_and_is_no_markup(text: str) -> None:
    cells = inside("td", f"| a | b |\n| --- | --- |\n| {cell(text)} | x |\n")

    assert [read(parts) for parts in cells] == [printable(text) if printable(text).strip() else "", "x"]


@given(text=st.one_of(st.text(), st.text(alphabet="|\\` a<&*#_"), st.sampled_from(HOSTILE)))
def test_a_sentence_stays_a_sentence(text: str) -> None:
    [parts] = inside("p", f"Begin {prose(text)} end.")

    assert read(parts).split() == f"Begin {printable(text)} end.".split()


@pytest.mark.parametrize("text", HOSTILE)
def test_github_finds_no_link_and_nobody_to_notify_in_a_cell(text: str) -> None:
    bare = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", cell(text))

    assert not re.search(r"[@#:/.<\[]|www", bare.replace("&#124;", ""))


def test_plain_words_are_no_code() -> None:
    assert [cell(text) for text in ("Germany", "Mac OS, old", "Côte d Azur", "-", "404")] == [
        "Germany", "Mac OS, old", "Côte d Azur", "-", "404",
    ]  # fmt: skip
    assert cell("deadbeef0") == "`deadbeef0`", "the hash of a commit is a link"


def test_a_table_of_hostile_texts_has_as_many_rows_and_columns_as_it_should() -> None:
    rows = inside("td", text_of(hostile()))

    assert len(rows) == 2 * len(HOSTILE)
    assert [read(parts) for parts in rows[::2]] == [
        printable(text) if printable(text).strip() else "" for text in HOSTILE
    ]


def test_names_of_columns_and_reports_are_as_harmless_as_cells() -> None:
    text = text_of(answer_of(pl.DataFrame({"a|<b>": [1]}), name="*x*", question="<b>Why?</b>"))

    assert [read(parts) for parts in inside("th", text)] == ["a|<b>"]
    assert [read(parts) for parts in inside("h2", text)] == ["<b>Why?</b>"]
    assert "**\\*x\\***" in text


def test_numbers_are_aligned_on_the_right() -> None:
    answer = everything()
    marks = text_of(answer).splitlines()[5].strip("| ").split(" | ")

    assert dict(zip(answer.report.column_names, marks, strict=True))["day"] == "---"
    assert dict(zip(answer.report.column_names, marks, strict=True))["bytes"] == "---:"


def test_durations_and_shares_are_written_for_people() -> None:
    row = text_of(everything()).splitlines()[6]

    assert all(f" {text} |" in row for text in ("1:02:05", "2:05", "50.00%", "+12.3%", "1,234.50", "yes"))


def test_what_a_limit_cuts_off_is_said() -> None:
    answer = answer_of(pl.DataFrame({"path": ["/a", "/b", "/c"]}))

    assert "… and 2 more." in text_of(answer.first(1))
    assert "more." not in text_of(answer)


def test_no_rows_are_said_and_several_reports_are_apart() -> None:
    empty = answer_of(pl.DataFrame({"path": []}))

    assert "No rows." in text_of(empty)
    assert text_of(empty, empty).count("\n\n## ") == 1
