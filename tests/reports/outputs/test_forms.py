from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.text import FORMULA_STARTS
from reports.outputs.forms import with_json_texts, with_plain_types, without_formulas
from tests.reports.outputs.answers import everything


def disarmed(text: str) -> str:
    [cell] = without_formulas(pl.DataFrame({"cell": [text]}))["cell"]
    return str(cell)


@pytest.mark.parametrize("start", [sign for sign in FORMULA_STARTS if not sign.isspace()])
@pytest.mark.parametrize(
    "before", ["", " ", "  \u00a0", "\ufeff", "\u200b", "\t", "\r\n", "\u3000", "\x00", "\u202e"]
)
def test_a_formula_is_found_behind_blanks(start: str, before: str) -> None:
    assert disarmed(f"{before}{start}1+1") == f"'{before}{start}1+1"


@pytest.mark.parametrize(
    "text", ["/a=1", "a", "1-1", "", " ", " a", "user@example.org", "'=1", "(=1)", "\u00e4"]
)
def test_other_texts_are_left_alone(text: str) -> None:
    assert disarmed(text) == text


def test_numbers_and_nulls_are_left_alone() -> None:
    rows = pl.DataFrame({"number": [-5, None], "text": [None, "-5"]})

    assert without_formulas(rows).rows() == [(-5, None), (None, "'-5")]


@given(text=st.text(max_size=20))
def test_what_is_disarmed_is_the_text_with_at_most_an_apostrophe(text: str) -> None:
    assert disarmed(text) in {text, f"'{text}"}
    assert disarmed(text).lstrip()[:1] not in {"=", "+", "-", "@"}


def test_values_take_the_form_that_the_documents_name() -> None:
    rows = with_plain_types(everything().frame)
    first, last = rows.row(0, named=True), rows.row(2, named=True)

    assert first["at"] == "2026-03-01T12:00:00.000-05:00"
    assert first["local"] == "2026-03-01T12:00:00.000"
    assert (first["lasting"], last["lasting"]) == (125.0, -86_400.0)
    assert (last["share"], last["change"], last["ratio"]) == (None, None, None)
    assert (first["kind"], first["choice"]) == ("=a", "=a")
    assert (first["raw"], last["raw"]) == ("00ff", "3d")
    assert rows.row(1) == (None,) * rows.width


def test_cells_within_cells_are_json() -> None:
    rows = with_json_texts(with_plain_types(everything().frame))

    assert rows["steps"].to_list() == ['["=/a","/b"]', None, "[]"]
    assert rows["pair"].to_list() == ['{"a":1}', None, '{"a":2}']
