"""Make text that comes from log lines safe to show.

Log lines are written by strangers. What reaches a terminal must not move its cursor, set its title or reorder its
text; what reaches a spreadsheet must not be a formula.
"""

from __future__ import annotations

import re
from typing import Final

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""First characters that make spreadsheets read a cell as a formula (OWASP, CSV Injection); the last four are the
full-width forms of the first."""

_UNSAFE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    r"\U000e0000-\U000e007f]"
)


def printable(text: str, limit: int | None = None) -> str:
    """Return `text` with control, format and bidirectional characters written as ``\\xNN``, ``\\uNNNN`` or
    ``\\UNNNNNNNN``.

    With `limit`, what is longer than that many characters ends in an ellipsis.
    """
    safe = _UNSAFE.sub(_escape, text)
    if limit is not None and len(safe) > limit:
        return safe[: max(limit - 1, 0)] + "…"

    return safe


def printable_bytes(data: bytes, limit: int | None = None) -> str:
    """Return `data` as text, with what is not UTF-8 written as ``\\xNN``, safe to show."""
    return printable(data.decode("utf-8", "backslashreplace"), limit)


def counted(number: int, noun: str, ending: str = "s") -> str:
    """Return how many there are of a thing, as ``1 line`` or ``2,000 lines``."""
    return f"{number:,} {noun if number == 1 else noun + ending}"


def without_password(text: str) -> str:
    """Return `text`, a URL or a line with one in it, without user name and password."""
    # Greedy, because a password may have an @ or a / in it that should have been escaped.
    return re.sub(r"//.*@", "//", text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x100:
        return f"\\x{code:02x}"

    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
