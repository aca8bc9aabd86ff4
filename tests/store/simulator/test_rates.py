from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.store.simulator.rates import Rate, parse_rate, steady

UNITS = st.floats(0, 10_000).map(lambda units: round(units, 3))
SECONDS = st.floats(0, 1000).map(lambda seconds: round(seconds, 3))


@st.composite
def rates(draw: st.DrawFn) -> Rate:
    """Draw steps and ramps as a user writes them."""
    moments: list[int] = sorted(draw(st.sets(st.integers(1, 900), max_size=6)))
    parts = [f"{draw(UNITS)}"]
    while moments:
        start = moments.pop(0)
        is_ramp = draw(st.booleans()) and bool(moments)
        ramp = f"-{moments.pop(0)}" if is_ramp else ""
        parts.append(f"{draw(UNITS)}@{start}{ramp}")

    return parse_rate(",".join(parts))


def test_a_number_is_a_rate_that_never_changes() -> None:
    assert parse_rate("1000") == steady(1000)
    assert steady(1000).at(0) == steady(1000).at(1e9) == 1000


def test_a_step_counts_from_its_second_on() -> None:
    rate = parse_rate("1000,500@30,2000@90")
    assert [rate.at(second) for second in (0, 29.999, 30, 89.999, 90, 1e6)] == [
        1000, 1000, 500, 500, 2000, 2000,
    ]  # fmt: skip


def test_a_ramp_rises_evenly() -> None:
    rate = parse_rate("1000,3000@100-200,0@300-300.5")
    assert [rate.at(second) for second in (0, 100, 125, 150, 200, 299, 300.25, 300.5, 400)] == [
        1000, 1000, 1500, 2000, 3000, 3000, 1500, 0, 0,
    ]  # fmt: skip


def test_the_units_of_a_stretch_are_the_area_under_the_line() -> None:
    rate = parse_rate("100,300@10-20,50@30")
    assert rate.units(0, 10) == pytest.approx(1000)
    assert rate.units(10, 20) == pytest.approx(2000)
    assert rate.units(15, 16) == pytest.approx(210)
    assert rate.units(25, 40) == pytest.approx(5 * 300 + 10 * 50)


@given(rates(), st.lists(SECONDS, min_size=2, max_size=8).map(sorted))
def test_units_add_up_however_a_stretch_is_cut(rate: Rate, moments: list[float]) -> None:
    parts = sum(rate.units(start, end) for start, end in pairwise(moments))
    assert parts == pytest.approx(rate.units(moments[0], moments[-1]), rel=1e-9, abs=1e-6)


@given(rates(), SECONDS, SECONDS)
def test_units_are_what_a_sum_of_small_steps_gives(rate: Rate, start: float, length: float) -> None:
    steps = 2000
    small = sum(rate.at(start + length * (step + 0.5) / steps) for step in range(steps)) * length / steps
    assert rate.units(start, start + length) == pytest.approx(small, abs=10_000 * 8 * (length + 1) / steps)


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "-1", "1e3", "inf", "nan", "1000@30", "1000,500", "1000,500@", "1000,500@30-", "1000,500@90,20@30",
        "1000,500@90-60", "1000,500@30,20@30", "1000,", ",1000", "1 000", "1000,500@30-60,20@50", "\u0661\u0660",
    ],
)  # fmt: skip
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_rate(text)
