from __future__ import annotations

import re
from urllib.parse import quote_plus, unquote_to_bytes

import numpy as np
import polars as pl
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.formats import encoded
from ingest.formats.encoded import BEHIND, Decoded, decode, texts_at

ENCODED = st.text(alphabet="%2B3A7DFfC9Eab+&=|é~._-", max_size=12) | st.text(max_size=6).map(quote_plus)
SOUND = re.compile(r"(?:[A-Za-z0-9._~+-]|%[0-9A-Fa-f]{2})*")


def bytes_of(decoded: Decoded) -> list[bytes | None]:
    """Return what texts stand for, None for those that are not sound."""
    places = zip(decoded.begins, decoded.ends, decoded.is_sound, strict=True)
    return [decoded.data[begin:end].tobytes() if is_sound else None for begin, end, is_sound in places]


def expected(text: str) -> bytes | None:
    """Return what the standard library makes of a text that is sound, and of UTF-8."""
    plain = unquote_to_bytes(text.replace("+", " "))
    try:
        plain.decode()
    except UnicodeDecodeError:
        return None

    return plain if SOUND.fullmatch(text) else None


@given(st.lists(ENCODED, max_size=8))
@example(["a%0Ab", "%FF", "%", "%%41", "%C3", "%A9", "%C3%A9"])
@example(["a=41", "a\nb", "=", "%4"])
def test_texts_are_decoded_as_the_standard_library_does_whatever_is_beside_them(texts: list[str]) -> None:
    assert bytes_of(decode(pl.Series(texts, dtype=pl.String))) == list(map(expected, texts))


def test_texts_of_many_blocks_are_decoded_each_on_its_own() -> None:
    long = "%41+" * (encoded._BLOCK_BYTES // 4)
    texts = ["a", long, "b%2F", *["x" * 1000] * 1500, long, "c"]
    assert bytes_of(decode(pl.Series(texts))) == list(map(expected, texts))


@given(st.lists(st.text(max_size=20), max_size=8))
@example(["", "123456789012", "1234567890123", "é" * 6, "é" * 7])
def test_texts_are_taken_out_of_a_buffer_as_they_are(texts: list[str]) -> None:
    raw = [text.encode() for text in texts]
    data = np.frombuffer(b"".join(raw) + BEHIND, np.uint8)
    ends = np.cumsum([0, *map(len, raw)])
    taken = texts_at(data, ends[:-1], ends[1:])
    assert taken.dtype == pl.String
    assert taken.to_list() == texts
    assert taken.sort().to_list() == sorted(texts)
