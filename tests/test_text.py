from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.text import FORMULA_STARTS, printable, printable_bytes, without_password

STEERING = {"Cc", "Cs", "Zl", "Zp"}
HOSTILE = {
    "\x1b[31mred": r"\x1b[31mred",
    "\x1b]0;title\x07": r"\x1b]0;title\x07",
    "\x9b2J": r"\x9b2J",
    "a\nb\r\tc\x00": r"a\x0ab\x0d\x09c\x00",
    "user\u202egnp.exe": r"user\u202egnp.exe",
    "\u2066a\u2069": r"\u2066a\u2069",
    "a\u200bb": r"a\u200bb",
    "\ufeffa": r"\ufeffa",
    "a\udcff": r"a\udcff",
    "line\u2028line": r"line\u2028line",
    "\U000e0041tag": r"\U000e0041tag",
    "soft\u00adhyphen": r"soft\xadhyphen",
}


@pytest.mark.parametrize(("text", "shown"), HOSTILE.items())
def test_what_steers_a_terminal_is_written_out(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text(st.characters()))
def test_nothing_that_steers_is_left(text: str) -> None:
    safe = printable(text)
    assert not {unicodedata.category(character) for character in safe} & STEERING
    assert safe.encode().decode() == safe


@pytest.mark.parametrize("text", ["", "plain", "Grüße, 漢字 🎈", "C:\\path", "a b"])
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert printable(text) == text


@given(st.text(), st.integers(0, 30))
def test_a_limit_is_kept(text: str, limit: int) -> None:
    assert len(printable(text, limit)) <= max(limit, 1)


def test_a_cut_shows_as_an_ellipsis() -> None:
    assert printable("abcdef", 4) == "abc…"
    assert printable("abcd", 4) == "abcd"


@given(st.binary())
def test_any_bytes_can_be_shown(data: bytes) -> None:
    shown = printable_bytes(data)
    assert shown.encode().decode() == shown


def test_bytes_that_are_no_utf8_are_written_out() -> None:
    assert printable_bytes(b"a\xff\xc3\xa9\x1b") == r"a\xffé\x1b"


def test_what_begins_a_formula_is_what_owasp_lists() -> None:
    assert set(FORMULA_STARTS) == set("=+-@\t\r\n") | {
        unicodedata.lookup(f"FULLWIDTH {name}")
        for name in ("EQUALS SIGN", "PLUS SIGN", "HYPHEN-MINUS", "COMMERCIAL AT")
    }


@pytest.mark.parametrize(
    "url",
    [
        "http://host:1/x",
        "http://u:p@host:1/x",
        "http://u@host:1/x",
        "http://u:p/q@host:1/x",
        "http://u:p@q@host:1/x",
    ],
)
def test_a_url_is_shown_without_its_password(url: str) -> None:
    assert without_password(f"No answer from {url}.") == "No answer from http://host:1/x."
