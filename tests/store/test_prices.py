from __future__ import annotations

import pytest

from footfall.store.prices import PRICES, read_dollars, shown_dollars


def test_a_gigabyte_read_eventually_consistent_is_less_than_two_cents() -> None:
    assert read_dollars(1024**3 / 8192) == pytest.approx(0.016384)
    assert read_dollars(1_000_000, 0.25) == 0.25


def test_prices_are_for_a_million_units() -> None:
    assert {price.per for price in PRICES.values()} == {1_000_000}
    assert PRICES["write"].dollars > PRICES["read"].dollars


@pytest.mark.parametrize(
    ("dollars", "shown"),
    [
        (0.0, "$0.00"),
        (1234.5, "$1,234.50"),
        (0.01, "$0.01"),
        (0.0000625, "$0.0000625"),
        (0.001, "$0.001"),
        (1e-12, "less than $0.0000001"),
    ],
)
def test_dollars_are_shown_with_the_digits_they_need(dollars: float, shown: str) -> None:
    assert shown_dollars(dollars) == shown
