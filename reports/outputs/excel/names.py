"""Names of sheets: at most 31 characters, without ``[ ] : * ? / \\``, each once whatever the case.

Rules: "Rename a worksheet", Microsoft Support.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from footfall.text import printable

LONGEST: Final = 31
_FORBIDDEN: Final = re.compile(r"[\[\]:*?/\\\ufffe\uffff]")
_RESERVED: Final = frozenset({"history"})


def sheet_names(wanted: Iterable[str], taken: Iterable[str] = ()) -> tuple[str, ...]:
    """Return a name for each of `wanted`, in order, that no other has and none of `taken` is."""
    used = {name.casefold() for name in taken} | _RESERVED
    names = []
    for one in wanted:
        names.append(_free(_safe(one), used))
        used.add(names[-1].casefold())

    return tuple(names)


def _safe(name: str) -> str:
    return _cut(_FORBIDDEN.sub("_", printable(name)).strip("' "), LONGEST) or "report"


def _free(name: str, used: set[str]) -> str:
    number, free = 1, name
    while free.casefold() in used:
        number += 1
        free = _cut(name, LONGEST - len(f" {number}")) + f" {number}"

    return free


def _cut(name: str, units: int) -> str:
    """Return as much of `name` as fits in `units` of UTF-16, which Excel counts."""
    return name.encode("utf-16-le")[: 2 * units].decode("utf-16-le", "ignore").rstrip("' ")
