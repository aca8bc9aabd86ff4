from __future__ import annotations

from pathlib import Path

import pytest

from footfall.paths import expanded


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")

    assert expanded("~/logs") == Path("/home/somebody/logs")


@pytest.mark.parametrize("path", ["~0", "~nobody-of-that-name/x", "a/~", ""])
def test_a_home_that_nobody_has_is_a_name_like_any_other(path: str) -> None:
    assert expanded(path) == Path(path)
