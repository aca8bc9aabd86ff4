from __future__ import annotations

import pytest

from reports.outputs.table.ink import Ink


@pytest.fixture(autouse=True)
def colourful(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("COLORTERM", raising=False)


def test_a_terminal_has_colours() -> None:
    assert Ink(80).pen("cyan")("█") == "\x1b[36m█\x1b[0m"
    assert Ink(80).pen("cyan")("") == ""


def test_what_is_no_terminal_has_none() -> None:
    assert Ink(None).pen("cyan")("█") == "█"


def test_who_wants_no_colour_gets_none_but_bold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    assert Ink(80).pen("cyan")("█") == "█"
    assert Ink(80).pen("bold")("a") == "\x1b[1ma\x1b[0m"


def test_a_dumb_terminal_gets_no_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")

    assert Ink(80).pen("bold")("a") == "a"
    assert Ink(80).sentences(["a"], "dim") == "a\n"


@pytest.mark.parametrize(
    ("encoding", "has_blocks"),
    [("utf-8", True), ("UTF8", True), ("iso-8859-1", False), ("ascii", False), ("cp1252", False)],
)
def test_blocks_are_for_encodings_that_have_them(encoding: str, has_blocks: bool) -> None:
    assert Ink(encoding=encoding).has_blocks is has_blocks


def test_another_encoding_gets_plainer_signs_and_escapes() -> None:
    assert Ink(encoding="iso-8859-1").encoded("ä…─·漢") == b"\xe4~-|\\u6f22"
    assert Ink(encoding="utf-8").encoded("ä…") == "ä…".encode()


def test_sentences_are_broken_between_words() -> None:
    assert Ink().sentences(["word " * 30], "dim").splitlines() == [
        "word " * 19 + "word",
        "word " * 9 + "word",
    ]
