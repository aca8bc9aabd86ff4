"""Reports about the ways that visits take through the pages of a site."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from reports.catalogue import measures as m
from reports.partials.part import Part
from reports.report import Report, ReportColumn, View
from reports.visits import Facts

MOST_ROWS: Final = 10_000
LENGTHS: Final = (3, 4, 5)
ARROW: Final = " → "

_AGAIN_RULE: Final = "A page that is viewed again at once, as by a reload, is viewed once."
_MOST_RULE: Final = f"The first {MOST_ROWS:,} rows are kept."


def _pages(facts: Facts) -> pl.LazyFrame:
    """Return the page views of visits in order, with a page that was viewed again at once only once."""
    pages = facts.hits.filter(pl.col("is_page") & pl.col("path").is_not_null()).select("visit", "path")
    again = (pl.col("path") == pl.col("path").shift(1)) & (pl.col("visit") == pl.col("visit").shift(1))
    return pages.filter(~again.fill_null(value=False))


def _later(name: str, by: int) -> pl.Expr:
    """Return what the page view `by` later in the same visit has; null where the visit has none."""
    return pl.when(pl.col("visit").shift(-by) == pl.col("visit")).then(pl.col(name).shift(-by))


def _measure_transitions(facts: Facts, view: View) -> tuple[Part, ...]:
    del view
    steps = _pages(facts).select(pl.col("path").alias("page"), _later("path", 1).alias("next_page"))
    rows = steps.group_by("page", "next_page").agg(pl.len().cast(pl.Int64).alias("count"))
    return (m.adding("steps", rows, "count"),)


def _finish_transitions(parts: Mapping[str, pl.LazyFrame], view: View) -> pl.LazyFrame:
    del view
    left = pl.col("count").sum().over("page")
    rows = parts["steps"].with_columns(m.share(pl.col("count"), left).alias("share"))
    return m.ranked(rows, ("count",), "page", "next_page").head(MOST_ROWS).select(TRANSITIONS.column_names)


def _measure_paths(facts: Facts, view: View) -> tuple[Part, ...]:
    del view
    # A visit has as many pages as its longest sequence; each begins with the visit's first page.
    ahead = {f"page_{number}": _later("path", number - 1) for number in range(2, max(LENGTHS) + 1)}
    is_first = (pl.col("visit") != pl.col("visit").shift(1)).fill_null(value=True)
    firsts = (
        _pages(facts)
        .select(pl.col("path").alias("page_1"), is_first.alias("is_first"), **ahead)
        .filter("is_first")
    )
    return tuple(_of_length(firsts, length) for length in LENGTHS)


def _of_length(firsts: pl.LazyFrame, length: int) -> Part:
    names = [f"page_{number}" for number in range(1, length + 1)]
    long_enough = firsts.filter(pl.col(names[-1]).is_not_null())
    path = pl.concat_str(names, separator=ARROW).alias("path")
    rows = long_enough.group_by(path).agg(pl.len().cast(pl.Int64).alias("visits"))
    return m.adding(f"of {length}", rows, "visits")


def _finish_paths(parts: Mapping[str, pl.LazyFrame], view: View) -> pl.LazyFrame:
    del view
    frames = [
        parts[f"of {length}"].select(
            pl.lit(length, pl.Int64).alias("pages"),
            "path",
            "visits",
            m.share(pl.col("visits"), pl.col("visits").sum()).alias("share"),
        )
        for length in LENGTHS
    ]
    rows = m.ranked(pl.concat(frames), ("visits",), "pages", "path")
    return rows.head(MOST_ROWS).select(PATHS.column_names)


TRANSITIONS: Final = Report(
    name="transitions",
    question="Where do visits go from a page?",
    columns=(
        ReportColumn("page", "text", "path of the page"),
        ReportColumn("next_page", "text", "path of the next page in the visit; empty where the visit ended"),
        ReportColumn("count", "times", "how often one followed the other"),
        ReportColumn("share", "share", "of all that followed the page, the end of the visit included"),
    ),
    remark=f"{_AGAIN_RULE} {_MOST_RULE}",
    rules=m.VISIT_RULES,
    measure=_measure_transitions,
    finish=_finish_transitions,
)

PATHS: Final = Report(
    name="paths",
    question="Which ways do visits take through their first pages?",
    columns=(
        ReportColumn("path", "text", "the first pages of the visit, in order"),
        ReportColumn("pages", "pages", f"how many they are: {', '.join(map(str, LENGTHS))}"),
        ReportColumn("visits", "visits", "that began so"),
        ReportColumn("share", "share", "of visits with at least as many pages"),
    ),
    remark=(
        f"A visit with five pages and more has a row for its first three, its first four and its first five. "
        f"{_AGAIN_RULE} {_MOST_RULE}"
    ),
    rules=m.VISIT_RULES,
    measure=_measure_paths,
    finish=_finish_paths,
)
