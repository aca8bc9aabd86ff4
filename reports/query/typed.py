"""Queries from what a user typed or wrote into a file: every name and condition is checked before anything is read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from footfall.errors import SettingsError
from footfall.text import printable
from reports.catalogue import measures as m
from reports.query import probe
from reports.query.asked import DESCENDING, Query
from reports.query.conditions import FAILURES, condition, refused, unknown
from reports.query.dimensions import DIMENSIONS
from reports.query.metrics import METRICS
from reports.query.query import report_of
from reports.report import Chart, Report, View

NAME: Final = "query"

_RULES: Final = {
    frozenset({"page_views", "unique_page_views", "unique_pages", "entries", "exits"}): m.PAGE_RULE,
    frozenset({"errors"}): m.ERROR_RULE,
    frozenset({"visits", "visitors"}): m.VISITOR_RULE,
    frozenset({"clients"}): m.CLIENT_RULE,
    frozenset({"requests", "bytes", "errors"}): m.BOTS_RULE,
}
_METRIC: Final = "metric"
_DIMENSION: Final = "dimension"
_TABLES: Final[Mapping[str, Collection[str]]] = {_METRIC: METRICS, _DIMENSION: DIMENSIONS}
_FLAGS: Final = {_METRIC: "--metrics", _DIMENSION: "--by"}
_HINTS: Final = {
    _METRIC: "footfall reports --metrics lists them",
    _DIMENSION: "footfall reports --dimensions lists them",
}


@dataclass(frozen=True, slots=True)
class Typed:
    """A query as it was typed: names, and conditions as SQL."""

    metrics: tuple[str, ...]
    by: tuple[str, ...] = ()
    where: str | None = None
    having: str | None = None
    sort: tuple[str, ...] = ()
    limit: int | None = None

    def question(self) -> str:
        """Return it as a question."""
        by = f" by {_listed(self.by)}" if self.by else ""
        where = f", where {self.where}" if self.where else ""
        having = f", having {self.having}" if self.having else ""
        return f"What are {_listed(self.metrics)}{by}{where}{having}?"


def query_of(typed: Typed) -> Query:
    """Return the query that was typed.

    Raises `SettingsError` for a name that is none, for metrics and dimensions that no rows have together, and for a
    condition that cannot be used: the query is tried on a few events.
    """
    if not typed.metrics:
        raise SettingsError("A query needs a metric.", hint="footfall report --metrics visits --by medium")

    _check(typed.metrics, METRICS, _METRIC)
    _check(typed.by, DIMENSIONS, _DIMENSION)
    _check_sort(typed)
    query = Query(
        _once(typed.metrics),
        _once(typed.by),
        sort=typed.sort,
        limit=typed.limit,
        condition="; ".join(filter(None, (typed.where, typed.having))),
    )
    if typed.where is not None:
        query = replace(query, where=_where(typed.where))
        _try(query, "--where", typed.where)

    if typed.having is not None:
        query = replace(query, having=_having(typed.having, typed.by))
        _try(query, "--having", typed.having)

    return query


def report_from(
    typed: Typed, name: str = NAME, question: str = "", *, remark: str = "", chart: Chart | None = None
) -> Report:
    """Return the report that answers what was typed; raises what `query_of` does."""
    query = query_of(typed)
    return report_of(
        query,
        name,
        question or printable(typed.question()),
        remark=remark or _remark(query, typed),
        rules=_rules(query),
        chart=chart,
    )


def _check(names: Sequence[str], known: Collection[str], what: str) -> None:
    for name in names:
        if name not in known:
            raise _not_known(name, what)


def _not_known(name: str, what: str) -> SettingsError:
    """Return the error for a name that is no metric or no dimension, though perhaps it is the other."""
    other = _DIMENSION if what == _METRIC else _METRIC
    if name in _TABLES[other]:
        return SettingsError(f"{name} is a {other}, no {what}.", hint=f"{_FLAGS[other]} {name}")

    return unknown(name, _TABLES[what], what, _HINTS[what])


def _check_sort(typed: Typed) -> None:
    for name in typed.sort:
        bare = name.removeprefix(DESCENDING)
        if bare not in METRICS and bare not in typed.by:
            known = (*typed.by, *typed.metrics)
            raise unknown(bare, (*typed.by, *METRICS), "column to sort by", f"--sort {DESCENDING}{known[-1]}")


def _where(text: str) -> pl.Expr:
    expression = condition(text, "--where")
    for name in expression.meta.root_names():
        if name in METRICS:
            raise SettingsError(
                f"{name} is a metric: --where is about the rows that are counted, --having about the answer's.",
                hint=f"--having '{name} > 1', or of visits --where 'pages_in_visit > 1'",
            )

        if name not in DIMENSIONS:
            raise unknown(name, DIMENSIONS, _DIMENSION, f"{_HINTS[_DIMENSION]}; texts stand in single quotes")

    return expression


def _having(text: str, by: Sequence[str]) -> pl.Expr:
    expression = condition(text, "--having")
    for name in expression.meta.root_names():
        if name not in METRICS and name not in by:
            if name in DIMENSIONS:
                raise SettingsError(
                    f"{name} is not among the answer's columns.", hint=f"--by {name}, or --where"
                )

            raise unknown(name, (*METRICS, *by), _METRIC, _HINTS[_METRIC])

    return expression


def _try(query: Query, option: str, text: str) -> None:
    """Raise `SettingsError` when `query` fails on a few events because of what `option` says."""
    report = report_of(query, NAME, "")
    view = View()
    try:
        report.build(probe.facts(view), view).collect()
    except FAILURES as error:
        raise refused(text, option, error) from error


def _remark(query: Query, typed: Typed) -> str:
    of = f"Only rows where {typed.where}. " if typed.where else ""
    by_time = any(dimension.is_time for dimension in query.dimensions)
    when = "Visits count when they began, all else when it happened. " if by_time else ""
    return printable(f"{of}{when}").strip()


def _rules(query: Query) -> tuple[str, ...]:
    """Return the sentences that say what is counted."""
    counted = {one.name for one in query.worked_out} | {one.name for one in query.measured}
    return tuple(sentence for names, sentence in _RULES.items() if counted & names)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(name.replace("_", " ") for name in names)


def _once(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
