"""Find out which format a log is in, by reading its first lines with all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from ingest.formats import FORMATS, Format, Parsed

ENOUGH: Final = 0.5
"""Share of the lines that the best format has to read to be the one."""

_SHOWN_LINES: Final = 3


@dataclass(frozen=True, slots=True)
class Detection:
    """What the first lines say.

    `format` is None when no format reads at least `ENOUGH` of them; `matched` of `total` lines, blank lines
    and comments left out, are events in the best one. `scores` is the share of each format, from 0 to 1, by
    name. `offending` are the first lines the best format cannot read, as (line number, text as logged).
    """

    format: Format | None
    matched: int
    total: int
    scores: Mapping[str, float]
    offending: tuple[tuple[int, str], ...]


def detect(head: pl.DataFrame) -> Detection:
    """Read `head`, lines as `ingest.lines.split_lines` gives them, with every format.

    The largest share of events wins; of equals, the format with the most fields.
    """
    results = {form.name: form.parse(head) for form in FORMATS.values()}
    best = max(FORMATS.values(), key=lambda form: (_share(results[form.name]), len(form.columns)))
    parsed = results[best.name]
    return Detection(
        format=best if len(parsed.events) and _share(parsed) >= ENOUGH else None,
        matched=len(parsed.events),
        total=_total(parsed),
        scores={name: _share(result) for name, result in results.items()},
        offending=tuple(parsed.rejected.head(_SHOWN_LINES).select("line_number", "text").iter_rows()),
    )


def _total(parsed: Parsed) -> int:
    return len(parsed.events) + len(parsed.rejected)


def _share(parsed: Parsed) -> float:
    return len(parsed.events) / _total(parsed) if _total(parsed) else 0.0
