"""The generated parts of docs/derived-tables.md."""

from __future__ import annotations

from collections.abc import Iterable

from docs.generated import table
from footfall.errors import SettingsError
from reports.catalogue import CATALOGUE, Report
from reports.materialize.answer import readable
from reports.materialize.layouts import Field
from reports.materialize.rollups import ROLLUPS
from reports.materialize.sessions import SESSION_FIELDS, VISITOR_FIELDS


def sessions() -> str:
    """Return what an item of the sessions table has."""
    return _fields(SESSION_FIELDS)


def visitors() -> str:
    """Return what an item of the visitors table has."""
    return _fields(VISITOR_FIELDS)


def rollups() -> str:
    """Return the rollups, what they count and by what."""
    rows = (
        (f"`{one.name}`", one.grain, ", ".join(one.by) or "nothing", ", ".join((*one.figures, *one.sketched)))
        for one in ROLLUPS
    )
    return table(("rollup", "counts", "by site, day and", "figures"), rows)


def answered() -> str:
    """Return the reports that rollups answer."""
    return ", ".join(f"`{report.name}`" for report in CATALOGUE.values() if _is_answered(report)) + ".\n"


def _fields(fields: Iterable[Field]) -> str:
    rows = ((f"`{one.attribute}`", one.kind, one.name, one.meaning) for one in fields)
    return table(("attribute", "type", "column", "meaning"), rows)


def _is_answered(report: Report) -> bool:
    try:
        readable(report)
    except SettingsError:
        return False

    return True
