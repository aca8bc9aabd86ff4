from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from reports.outputs.table.grid import GAP, NARROWEST_TEXT, fitted, grid_column, lines, with_room

TEXTS = st.lists(st.text(alphabet="ab ä漢\u0301\U0001f600"), min_size=1, max_size=5)


def plainly(_: str) -> type[str]:
    return str


def test_texts_begin_on_the_left_and_numbers_end_on_the_right() -> None:
    columns = [
        grid_column("path", ["/", "/abcde"], is_left=True, is_text=True),
        grid_column("n", ["1", "100"]),
    ]

    assert list(lines(columns, plainly)) == ["path       n", "─" * 12, "/          1", "/abcde   100"]


def test_a_style_is_put_round_the_text_and_not_round_its_space() -> None:
    column = grid_column("", ["█", "███"], is_left=True, style="cyan")

    assert list(lines([column], lambda style: lambda text: f"<{style} {text}>"))[2:] == [
        "<cyan █>",
        "<cyan ███>",
    ]


@pytest.mark.parametrize(("width", "count"), [(5, 1), (15, 1), (16, 1), (18, 2), (23, 2), (24, 3), (99, 3)])
def test_columns_are_shown_that_have_room(width: int, count: int) -> None:
    columns = [
        grid_column("t", ["x" * 50], is_text=True),
        grid_column("a", ["123"]),
        grid_column("b", ["123"]),
    ]

    assert with_room(columns, width) == count


@given(rows=TEXTS, width=st.integers(NARROWEST_TEXT + 3 + len(GAP), 60))
def test_a_fitted_grid_is_as_wide_as_its_place_or_less(rows: list[str], width: int) -> None:
    columns = [grid_column("text", rows, is_left=True, is_text=True), grid_column("n", ["123"] * len(rows))]
    shown = list(lines(fitted(columns, width), plainly))

    assert max(map(cell_len, shown)) <= width
    assert all(line.endswith("123") for line in shown[2:])
