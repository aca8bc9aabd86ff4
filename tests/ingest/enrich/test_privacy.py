"""What is promised of all steps together: nothing that identifies a person gets into what is stored."""

from __future__ import annotations

from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from footfall.layout import encode
from ingest.enrich import Enrichment, EnrichSettings, enrich
from tests.examples import SOME
from tests.ingest.enrich.rows import events

DEFAULT = EnrichSettings(None, 8, b"salt", Enrichment(trusted_proxies=("private",)))
FOUR, SIX = "198.51.100.77", "2001:db8:1:2:3:4:5:6"
COOKIE, SESSION, MAIL = "1768644303.4242424242", "session-9f8e7d", "anna.secret@example.org"
ADDRESSED = st.sampled_from(
    [
        {"ip": FOUR},
        {"ip": f"::ffff:{FOUR}"},
        {"ip": SIX},
        {"ip": "10.0.0.1", "forwarded_for": f"{FOUR}, {SIX}, 10.0.0.2"},
        {"ip": None, "forwarded_for": f"junk, {SIX}"},
        {"ip": FOUR, "forwarded_for": f"{SIX}:80, [{SIX}]:80"},
        {"ip": "10.0.0.1", "forwarded": f'for="[{SIX}]:80", for={FOUR}'},
        {"ip": "10.0.0.1", "connecting_ip": FOUR, "dnt": "1"},
        {"ip": f"{FOUR}:4711"},
        {"ip": f"{FOUR} {SIX}"},
        {"ip": "client-77.example.org"},
    ]
)
SENT = st.fixed_dictionaries(
    {
        "user_agent": st.none() | st.text(max_size=10),
        "dialect": st.sampled_from(["owa", None]),
        "visitor": st.sampled_from([COOKIE, None]),
        "session": st.sampled_from([SESSION, None]),
        "path": st.sampled_from(["/", f"/u/{MAIL}"]),
        "query": st.sampled_from([None, f"q={MAIL}", f"cip={FOUR}&uip={SIX}", f"a=1&password={SESSION}"]),
        "referrer": st.sampled_from([None, f"https://{COOKIE}:{SESSION}@example.com/?m={MAIL}"]),
        "target": st.sampled_from([None, f"mailto:{MAIL}", f"https://example.com/?ip={FOUR}"]),
        "gpc": st.sampled_from([None, "1", "0"]),
        "body": st.sampled_from([None, MAIL]),
    }
)


def stored_text(rows: list[dict[str, Any]]) -> str:
    frame = enrich(events(*rows), "0123456789abcdef", DEFAULT)
    assert len(frame) == len(rows)
    items = encode(frame)
    return "".join(str(value) for column in items for value in column if isinstance(value, str | bytes))


def _row(addressed: dict[str, Any], sent: dict[str, Any]) -> dict[str, Any]:
    return {**sent, **addressed}


@SOME
@given(st.lists(st.builds(_row, ADDRESSED, SENT), min_size=1, max_size=12))
def test_no_full_address_cookie_session_or_mail_is_stored(rows: list[dict[str, Any]]) -> None:
    text = stored_text(rows)
    assert "0123456789abcdef" in text
    for secret in (FOUR, SIX, "client-77", COOKIE, SESSION, MAIL):
        assert secret not in text


def test_the_search_would_find_what_is_stored() -> None:
    full = EnrichSettings(None, 8, b"salt", Enrichment(addresses="full", scrub=False))
    items = encode(enrich(events({"ip": FOUR, "query": MAIL}), "0123456789abcdef", full))
    text = "".join(str(value) for column in items for value in column if isinstance(value, str | bytes))
    assert FOUR in text
    assert MAIL in text
    assert isinstance(items, pl.DataFrame)
