"""Make rules of text: ``path=/admin/*``, ``status=4xx,500-504``, ``address=198.51.100.0/24``, ``agent~^curl/``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ingest.filters.known import FIELDS
from ingest.filters.model import Rule

_RULE = re.compile(r"([A-Za-z_-]+)\s*([=~])(.*)", re.DOTALL)
_COMMENT: Final = "#"


def rule_of(text: str, *, excludes: bool = False) -> Rule:
    """Return the rule that ``FIELD=PATTERN[,PATTERN…]`` or ``FIELD~REGEX`` stands for.

    Raises `ValueError`, with a sentence for the user, where it stands for none.
    """
    found = _RULE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is neither FIELD=PATTERN nor FIELD~REGEX")

    name, sign, patterns = found[1].lower().replace("_", "-"), found[2], found[3].strip()
    if name not in FIELDS:
        raise ValueError(f"there is no field {name!r}; there are {', '.join(FIELDS)}")

    if sign == "~":
        return Rule(name, (patterns,), is_regex=True, excludes=excludes)

    return Rule(name, tuple(part.strip() for part in patterns.split(",")), excludes=excludes)


def rules_of_file(text: str, *, excludes: bool = False) -> Iterator[Rule]:
    """Yield the rules of a file, one a line; blank lines and lines that begin with ``#`` are none.

    Raises `ValueError` with the number of the line.
    """
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith(_COMMENT):
            continue

        try:
            yield rule_of(line, excludes=excludes)
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
