"""Reports of one's own: metrics by dimensions, or a statement in SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, Final, get_args

from footfall.errors import SettingsError
from reports.catalogue import ALL, CATALOGUE, find_reports
from reports.definitions.file import DefinitionsFile, Entry, name
from reports.query.sql import sql_report
from reports.query.typed import Typed, report_from
from reports.report import Chart, Report
from reports.toml.values import Key, lines, one_of, text, texts, whole

KEYS: Final[Mapping[str, Key]] = MappingProxyType(
    {
        "name": Key("what the report is called", '"landing-de"', name, is_needed=True),
        "question": Key(
            "the question it answers, which heads it", '"Where do visits from Germany begin?"', text
        ),
        "remark": Key("what else there is to say of it", '"Without the shop."', text),
        "metrics": Key("what is counted", '["visits", "bounce_rate"]', texts),
        "by": Key("what there is a row for", '["entry_page"]', texts),
        "where": Key("which rows are counted, in SQL, over dimensions", "\"country = 'DE'\"", text),
        "having": Key("which rows of the answer are kept, in SQL, over metrics", '"visits > 10"', text),
        "sort": Key("the order of rows, - for the largest first", '["-visits"]', texts),
        "limit": Key("how many rows are kept", "50", whole(1)),
        "sql": Key(
            "a SELECT over events, hits and visits, instead of metrics",
            '"SELECT medium, COUNT(*) AS visits FROM visits GROUP BY medium"',
            lines,
        ),
        "chart": Key("how a picture shows it", '"bar"', one_of(get_args(Chart))),
    }
)
"""The keys of ``[[report]]``: it has either `metrics` or `sql`."""

_OF_QUERY: Final = ("metrics", "by", "where", "having", "sort", "limit")


def reports_of(file: DefinitionsFile) -> tuple[Report, ...]:
    """Return the reports of a file, in order; raises `SettingsError` that names file, report and what is wrong."""
    return tuple(_report(entry) for entry in file.entries("report", KEYS))


def find(names: Iterable[str], own: Sequence[Report]) -> tuple[Report, ...]:
    """Return the reports called `names`, of the catalogue or `own`, each once; ``all`` are all of both.

    Raises `SettingsError` for a name that is in neither.
    """
    known = {report.name: report for report in own}
    wanted: dict[str, Report] = {}
    for one in names:
        if one == ALL:
            wanted |= dict(CATALOGUE) | known
        else:
            wanted[one] = known[one] if one in known else _of_catalogue(one, known)

    return tuple(wanted.values())


def _of_catalogue(wanted: str, own: Mapping[str, Report]) -> Report:
    try:
        (found,) = find_reports([wanted])
    except SettingsError as error:
        close = get_close_matches(wanted, own, n=1)
        if not close:
            raise

        raise SettingsError(f"{error} In the definitions there is {close[0]}.", hint=error.hint) from error

    return found


def _report(entry: Entry) -> Report:
    values = entry.values
    if values["name"] in CATALOGUE or values["name"] == ALL:
        raise entry.refused("a report of the catalogue is called so.", f'name = "my-{values["name"]}"')

    asked = [key for key in _OF_QUERY if key in values]
    if ("sql" in values) == ("metrics" in values) or ("sql" in values and asked):
        raise entry.refused("it has either metrics, with by, where and others, or sql.")

    try:
        return _of_sql(values) if "sql" in values else _of_query(values)
    except SettingsError as error:
        raise SettingsError(f"{entry.place}: {error}", hint=error.hint, details=error.details) from error


def _of_sql(values: Mapping[str, Any]) -> Report:
    return sql_report(
        values["sql"],
        values["name"],
        values.get("question", ""),
        remark=values.get("remark", ""),
        chart=values.get("chart"),
    )


def _of_query(values: Mapping[str, Any]) -> Report:
    typed = Typed(**{key: values[key] for key in _OF_QUERY if key in values})
    return report_from(
        typed,
        values["name"],
        values.get("question", ""),
        remark=values.get("remark", ""),
        chart=values.get("chart"),
    )
