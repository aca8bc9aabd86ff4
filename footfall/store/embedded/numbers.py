"""Read DynamoDB numbers: up to 38 significant digits, magnitude 1E-130 to 9.99…E+125 (API_AttributeValue, N)."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Final

from footfall.store.embedded.problem import Problem, invalid

MAX_DIGITS: Final = 38
MAX_EXPONENT: Final = 125
MIN_EXPONENT: Final = -130

_SYNTAX = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range"
_UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range"


def parse_number(text: str) -> Decimal:
    """Return the number that `text` writes, without trailing zeros. Raises `Problem` outside DynamoDB's range."""
    if not _SYNTAX.fullmatch(text):
        raise invalid(f"The parameter cannot be converted to a numeric value: {text[:100]}")

    try:
        number = Decimal(text)
    except InvalidOperation:
        raise _out_of_range(text) from None

    if not number:
        return Decimal(0)

    exponent = number.adjusted()
    if exponent > MAX_EXPONENT:
        raise invalid(_OVERFLOW)

    if exponent < MIN_EXPONENT:
        raise invalid(_UNDERFLOW)

    return _without_zeros(number)


def write_number(number: Decimal) -> str:
    """Return a number as DynamoDB writes it back: plain digits, no exponent, no trailing zeros."""
    return format(parse_number(format(number, "E")), "f")


def number_size(text: str) -> int:
    """Return the bytes a number counts: one per two significant digits, plus one (CapacityUnitCalculations)."""
    if text.isdigit() and text.isascii() and len(text) <= MAX_DIGITS:
        return (len(text.strip("0")) + 1) // 2 + 1

    number = parse_number(text)
    digits = len(number.as_tuple().digits) if number else 0
    return (digits + 1) // 2 + 1


def canonical(text: str) -> str:
    """Return the number `text` writes as DynamoDB gives it back: zeros trimmed, no exponent, no plus sign."""
    return write_number(parse_number(text))


def sortable(number: Decimal) -> bytes:
    """Return bytes whose order is the order of the numbers, and which are equal for equal numbers.

    A byte for the sign, one for the exponent, then two digits a byte; all complemented for negative numbers, where
    a final 0xFF puts the shorter, which is the larger, last.
    """
    if not number:
        return b"\x80"

    digits = number.as_tuple().digits
    padded = (*digits, 0) if len(digits) % 2 else digits
    pairs = (10 * high + low + 1 for high, low in zip(padded[::2], padded[1::2], strict=True))
    magnitude = bytes((0xC0, number.adjusted() - MIN_EXPONENT, *pairs))
    if number > 0:
        return magnitude

    return bytes(0xFF - byte for byte in magnitude) + b"\xff"


def _without_zeros(number: Decimal) -> Decimal:
    sign, digits, exponent = number.as_tuple()
    written = "".join(map(str, digits)).lstrip("0")
    significant = written.rstrip("0")
    if len(significant) > MAX_DIGITS:
        raise invalid("Attempting to store more than 38 significant digits in a Number")

    shifted = int(exponent) + len(written) - len(significant)
    return Decimal((sign, tuple(map(int, significant)), shifted))


def _out_of_range(text: str) -> Problem:
    return invalid(_UNDERFLOW if "E-" in text.upper() else _OVERFLOW)
