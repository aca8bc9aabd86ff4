from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.formats.encoded import BEHIND
from ingest.formats.php_names import Names

NAMES = (
    st.integers(-3, 12) | st.text(alphabet='ab";é', max_size=30) | st.sampled_from(["page_url", "page_urls"])
)


def token(name: str | int) -> bytes:
    return (
        f"i:{name};".encode()
        if isinstance(name, int)
        else b's:%d:"%s";' % (len(name.encode()), name.encode())
    )


def names_at(tokens: list[bytes]) -> list[tuple[str, int] | None]:
    """Return the names that tokens are, one behind the other, each with the place behind it."""
    data = np.frombuffer(b"".join(tokens) + BEHIND, np.uint8)
    places = np.cumsum([0, *map(len, tokens)])[:-1]
    names = Names(data)
    found = names.at(places)
    number, texts = names.numbered(found.number, found.begins, found.ends)
    every = texts.gather(number).to_list()
    return [
        (text, behind) if good else None
        for text, behind, good in zip(every, found.behind.tolist(), found.good, strict=True)
    ]


@given(st.lists(NAMES, max_size=20))
@example(["a", "b", "c", "d", "e", "f", "g", "h", "a"])
@example(["x" * 8 + "a", "x" * 8 + "b", "x" * 99, "x" * 999, "x" * 200])
@example([1, "1", 12, "é"])
def test_names_are_read_whatever_stands_beside_them(names: list[str | int]) -> None:
    tokens = list(map(token, names))
    ends = np.cumsum(list(map(len, tokens))).tolist()
    assert names_at(tokens) == [(str(name), end) for name, end in zip(names, ends, strict=True)]


@pytest.mark.parametrize(
    "damaged", [b's:2:"a";', b's:1:"ab";', b"i:01;", b"i:-0;", b"i:;", b"N;", b'x:1:"a";', b's:-1:"a";', b"}"]
)
def test_what_is_no_name_is_none(damaged: bytes) -> None:
    good = token("a")
    found = names_at([good, damaged, good])
    assert found == [("a", len(good)), None, ("a", 2 * len(good) + len(damaged))]
    assert names_at([damaged]) == [None]
