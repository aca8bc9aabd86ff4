"""What DynamoDB asks for, as far as footfall says it beforehand: a table, since no service is asked.

On-demand throughput in us-east-1, standard table class, since it was halved in November 2024: the figures of AWS Labs'
DynamoDB MCP server (cost_calculator.py), not compared with AWS's own list since. Other regions, table classes and
contracts differ: `--read-price` overrides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for `per` of a `unit`."""

    dollars: float
    per: int
    unit: str


PRICES: Final[Mapping[str, Price]] = {
    "read": Price(0.125, 1_000_000, "read units"),
    "write": Price(0.625, 1_000_000, "write units"),
}
"""By what is bought; a read unit is 4 KB read strongly consistent, or 8 KB eventually consistent."""

READ_DOLLARS_PER_MILLION: Final = PRICES["read"].dollars
"""What a million read units cost where nobody says otherwise."""


def read_dollars(units: float, dollars_per_million: float = READ_DOLLARS_PER_MILLION) -> float:
    """Return what `units` read units cost: units / 1,000,000 * dollars_per_million."""
    return units / PRICES["read"].per * dollars_per_million


def shown_dollars(dollars: float) -> str:
    """Return an amount for a person, as ``$1,234.50``; small ones with as many digits as they need, as ``$0.00013``."""
    if dollars == 0 or dollars >= 0.01:
        return f"${dollars:,.2f}"

    return f"${dollars:.7f}".rstrip("0") if dollars >= 0.0000001 else "less than $0.0000001"
