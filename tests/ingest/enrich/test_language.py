from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.enrich.language import prefer_language
from ingest.enrich.settings import EnrichSettings

SETTINGS = EnrichSettings("example.com", 8, b"salt")


def preferred(*said: str | None) -> list[str | None]:
    events = pl.DataFrame({"language": pl.Series(said, dtype=pl.String)})
    return prefer_language(events, SETTINGS)["language"].to_list()


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("en-GB", "en-GB"),
        ("en-gb", "en-GB"),
        ("de_de", "de-DE"),
        ("de-DE,de;q=0.9,en-US;q=0.8", "de-DE"),
        (" fr;q=1.0, en", "fr"),
        ("zh-hans-cn,zh", "zh-Hans-CN"),
        ("es-419", "es-419"),
        ("sr-Latn", "sr-Latn"),
        ("ca-ES-valencia", "ca-ES"),
        ("*", None),
        ("", None),
        ("c", None),
        ("1' OR 1=1", None),
        ("\x1b[31men", None),
        ("abcdefghi", None),
        (None, None),
    ],
)
def test_the_first_tag_is_kept_in_one_spelling(said: str | None, kept: str | None) -> None:
    assert preferred(said, "sv") == [kept, "sv"]


def test_events_that_say_nothing_of_languages_stay_as_they_are() -> None:
    without = pl.DataFrame({"path": ["/"]})
    assert prefer_language(without, SETTINGS).equals(without)
    assert preferred(None, None) == [None, None]


@given(st.lists(st.one_of(st.none(), st.text(max_size=40)), min_size=1, max_size=5))
def test_what_is_kept_can_be_kept_again_and_is_short(said: list[str | None]) -> None:
    kept = preferred(*said)
    assert preferred(*kept) == kept
    assert kept == [preferred(one)[0] for one in said]
    assert all(one is None or (len(one) <= 17 and one.isascii()) for one in kept)
