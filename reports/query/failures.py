"""Faults of what users asked, told as such: a condition can fail over a value that no check could know of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial

from footfall.errors import SettingsError
from footfall.text import printable
from reports.query.asked import Query
from reports.query.conditions import FAILURES
from reports.report import Report


@contextmanager
def told(reports: Iterable[Report]) -> Iterator[None]:
    """Turn what Polars raises into a `SettingsError` where a condition that a user wrote is among `reports`."""
    try:
        yield
    except FAILURES as error:
        conditions = [condition for report in reports if (condition := _condition(report))]
        if not conditions:
            raise

        reason = printable(str(error).partition("\n")[0].rstrip("."), 200)
        raise SettingsError(
            f"A condition cannot be told of some rows: {reason}.",
            hint="TRY_CAST gives nothing where CAST fails",
            details=[printable(condition, 200) for condition in conditions],
        ) from error


def _condition(report: Report) -> str:
    """Return the condition that a user wrote for `report`, an empty text where there is none."""
    asked = report.measure.args[0] if isinstance(report.measure, partial) and report.measure.args else None
    return asked.condition if isinstance(asked, Query) else ""
