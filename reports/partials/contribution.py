"""What one partition contributes to all reports of a run, and the answers from what all of them contributed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from reports.partials.part import How, merge_rows
from reports.report import Report, View
from reports.visits import Facts


@dataclass(frozen=True, slots=True)
class Share:
    """A part, worked out: rows and how those of several partitions become one."""

    rows: pl.DataFrame
    merge: Mapping[str, How]


_EACH_READS_FOR_ITSELF: Final = pl.QueryOptFlags(comm_subplan_elim=False)
"""A scan that queries share is kept in memory for the slowest of them: 1.9 GB for 8,000,000 events and the whole
catalogue, against 250 MB, and no faster, when each reads the few columns it needs."""

_HELD: Final = 4
_AT_ONCE: Final = 8
"""All queries of the catalogue at once take 150 MB more for a million events, and no less time."""

Contribution = tuple[Mapping[str, Share], ...]
"""For each report, in order, its parts by name."""


def contribute(facts: Facts, reports: Sequence[Report], view: View) -> Contribution:
    """Return what `facts` contribute to `reports`. Pure, picklable in and out: it may run anywhere."""
    parts = [report.measure(facts, view) for report in reports]
    queries = [part.rows for of_one in parts for part in of_one]
    frames = _collected(queries)
    return tuple({part.name: Share(next(frames), part.merge) for part in of_one} for of_one in parts)


def combine(contributions: Iterable[Contribution]) -> Contribution:
    """Return what several partitions contribute together; any order and grouping of them gives the same.

    No more than `_HELD` of them are in memory at a time.
    """
    held: list[Contribution] = []
    for contribution in contributions:
        held.append(contribution)
        if len(held) == _HELD:
            held = [_together(held)]

    return held[0] if len(held) == 1 else _together(held)


def _together(contributions: Sequence[Contribution]) -> Contribution:
    of_each_report = zip(*contributions, strict=True)
    return tuple(
        {name: _joined([parts[name] for parts in of_one]) for name in of_one[0]} for of_one in of_each_report
    )


def _joined(shares: Sequence[Share]) -> Share:
    merge = shares[0].merge
    rows = pl.concat([share.rows for share in shares], how="vertical_relaxed").lazy()
    return Share(merge_rows(rows, merge).collect(engine="streaming"), merge)


def finish(contribution: Contribution, reports: Sequence[Report], view: View) -> list[pl.DataFrame]:
    """Return the rows of each report from what all partitions contributed."""
    queries = [
        report.finish(
            {name: merge_rows(share.rows.lazy(), share.merge) for name, share in shares.items()}, view
        )
        for report, shares in zip(reports, contribution, strict=True)
    ]
    return list(_collected(queries))


def _collected(queries: Sequence[pl.LazyFrame]) -> Iterator[pl.DataFrame]:
    """Give the rows of each query, in order, working on a few of them side by side."""
    for first in range(0, len(queries), _AT_ONCE):
        some = queries[first : first + _AT_ONCE]
        yield from pl.collect_all(some, engine="streaming", optimizations=_EACH_READS_FOR_ITSELF)
