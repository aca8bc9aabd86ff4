from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.salts import FIRST_DAY, Salts, Secret, choose_salts, parse_secret

KEY = bytes(range(32))
SECRET = Secret(FIRST_DAY, KEY)
DAILY = Salts(secret=SECRET)
DAYS = st.dates(date(1970, 1, 1), date(2100, 1, 1))


@pytest.mark.parametrize(
    ("day", "salt"),
    [
        (date(1970, 1, 1), "ecfc64478c400dd947ae704ce30ff6e8f6e1cc389871e12928e0424862eba315"),
        (date(1970, 1, 2), "89cd88da4a7a19f812db5d68a54736151fb3eaaa1fecfb2f298e9c0aaab649fd"),
        (date(2026, 1, 17), "0d98482444a4e8a5cc547bebeb6747e9ba19915786a231791a9483e454810f34"),
    ],
)
def test_the_salt_of_a_day_is_stable_for_ever(day: date, salt: str) -> None:
    assert DAILY.on(day) == bytes.fromhex(salt)


def test_the_key_of_a_later_day_is_stable_for_ever() -> None:
    assert SECRET.advanced(date(2026, 1, 17)).text == (
        "footfall-salt:2026-01-17:8a7bf4922cf247effd8f6a40fc7a00b292694a30ac3c846ec916ebbd87e377d3"
    )


def test_the_lasting_salt_and_those_of_a_table_are_stable_for_ever() -> None:
    lasting = choose_salts("lasting", SECRET, b"salt")
    daily = choose_salts("daily", None, b"salt")
    assert (lasting.on(FIRST_DAY) or b"").hex() == (
        "9f06e5932ddc2b422210152357161087501e69d0ab3a6ddd7bfa22a6e79b6e5c"
    )
    assert (daily.on(date(2026, 1, 17)) or b"").hex() == (
        "4a665939f1ac44ad089183ef04c35f46dd3494532896aa8e0585dc3b76dc501c"
    )


def test_without_a_secret_the_salt_is_that_of_the_table() -> None:
    salts = choose_salts("lasting", None, b"salt")
    assert {salts.on(date(year, 1, 1)) for year in (1970, 2026, 9998)} == {b"salt"}
    assert not salts.is_daily


@given(DAYS, DAYS, DAYS)
def test_destroying_takes_the_days_before_and_changes_no_other(to: date, then: date, day: date) -> None:
    kept = Salts(secret=SECRET.advanced(to).advanced(then))
    assert kept.on(day) == (DAILY.on(day) if day >= max(to, then) else None)


def test_each_day_has_a_salt_of_its_own() -> None:
    assert len({DAILY.on(FIRST_DAY + timedelta(days=day)) for day in range(500)}) == 500


def test_the_last_day_that_an_event_can_have_has_a_salt() -> None:
    late = Salts(secret=Secret(date(9990, 1, 1), KEY))
    assert late.on(date(9998, 12, 31))


def test_a_secret_round_trips_as_text() -> None:
    assert parse_secret(SECRET.text) == SECRET
    assert parse_secret(f"\n {SECRET.text}\r\n") == SECRET


@pytest.mark.parametrize(
    "text",
    [
        "",
        KEY.hex(),
        SECRET.text[:-1],
        SECRET.text + "0",
        SECRET.text.upper(),
        SECRET.text.replace("1970-01-01", "2026-02-30"),
        SECRET.text.replace("1970-01-01", "0000-00-00"),
        f"{SECRET.text}\n{SECRET.text}",
    ],
)
def test_what_is_no_secret_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(ValueError, match=r"it is not of the form|its date is none") as refused:
        parse_secret(text)

    assert KEY.hex()[:8] not in str(refused.value)


def test_secrets_are_not_in_what_is_printed() -> None:
    shown = f"{SECRET!r} {DAILY!r} {choose_salts('lasting', SECRET, b'tablesalt')!r} {Salts(lasting=KEY)!r}"
    assert KEY.hex() not in shown
    assert repr(KEY) not in shown
    assert "tablesalt" not in shown
