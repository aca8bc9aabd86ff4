from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.outputs.excel.names import LONGEST, sheet_names

NAMES = st.one_of(st.text(max_size=40), st.text(alphabet="aA[]:*?/\\' ", max_size=40), st.just("x" * 40))


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (["pages", "days"], ("pages", "days")),
        (["a/b:c*d?[e]\\f"], ("a_b_c_d__e__f",)),
        (["Pages", "pages", "PAGES"], ("Pages", "pages 2", "PAGES 3")),
        (["history", "about"], ("history 2", "about 2")),
        (["'quoted'", "", "'''"], ("quoted", "report", "report 2")),
        (["x" * 40, "x" * 40], ("x" * 31, "x" * 29 + " 2")),
        (["\U0001d518" * 20], ("\U0001d518" * 15,)),
    ],
)
def test_names_are_made_fit(wanted: list[str], expected: tuple[str, ...]) -> None:
    assert sheet_names(wanted, taken=["About"]) == expected


@given(wanted=st.lists(NAMES, max_size=12))
def test_every_name_is_one_that_excel_takes_and_no_two_are_alike(wanted: list[str]) -> None:
    names = sheet_names(wanted, taken=["About"])

    assert len({name.casefold() for name in [*names, "about"]}) == len(wanted) + 1
    for name in names:
        assert 0 < len(name.encode("utf-16-le")) // 2 <= LONGEST
        assert not re.search(r"[\[\]:*?/\\\x00-\x1f]|^'|'$", name)
