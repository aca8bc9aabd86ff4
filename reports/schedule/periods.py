"""What days a report of a schedule is about: a name in the job, days when the run is due.

Days are reckoned from the day on which the run is *due*, in the job's time zone, never from when it takes place: a run
that was missed gives what it would have given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

Days = tuple[date | None, date | None]
"""The first and the last day, both included; None is no bound."""

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_DAY: Final = timedelta(days=1)
_MONTHS_OF_A_QUARTER: Final = 3


@dataclass(frozen=True, slots=True)
class Period:
    """A row of the table of periods: what it means, and its days for the day `on`; `week_starts` is 0 for Monday."""

    meaning: str
    days: Callable[[date, int], Days]


def _week(on: date, week_starts: int) -> date:
    """Return the first day of the week that `on` is in."""
    return on - timedelta(days=(on.weekday() - week_starts) % 7)


def _month(on: date, months_earlier: int = 0) -> date:
    """Return the first day of the month that `on` is in, or of an earlier one."""
    months = on.year * 12 + on.month - 1 - months_earlier
    return date(months // 12, months % 12 + 1, 1)


def _quarter(on: date, quarters_earlier: int = 0) -> date:
    """Return the first day of the quarter that `on` is in, or of an earlier one."""
    return _month(on, (on.month - 1) % _MONTHS_OF_A_QUARTER + _MONTHS_OF_A_QUARTER * quarters_earlier)


def _last_days(number: int) -> Callable[[date, int], Days]:
    return lambda on, _: (on - number * _DAY, on - _DAY)


PERIODS: Final[Mapping[str, Period]] = MappingProxyType(
    {
        "today": Period("the day on which the run is due, as far as it has come", lambda on, _: (on, on)),
        "yesterday": Period("the day before", lambda on, _: (on - _DAY, on - _DAY)),
        "this-week": Period(
            "the week the run is due in, up to that day", lambda on, start: (_week(on, start), on)
        ),
        "last-week": Period(
            "the seven days of the week before",
            lambda on, start: (_week(on, start) - 7 * _DAY, _week(on, start) - _DAY),
        ),
        "last-7-days": Period("the seven days before the day of the run", _last_days(7)),
        "last-28-days": Period("the 28 days before the day of the run", _last_days(28)),
        "last-30-days": Period("the 30 days before the day of the run", _last_days(30)),
        "last-90-days": Period("the 90 days before the day of the run", _last_days(90)),
        "month-to-date": Period(
            "the month the run is due in, up to that day", lambda on, _: (_month(on), on)
        ),
        "last-month": Period("the month before", lambda on, _: (_month(on, 1), _month(on) - _DAY)),
        "quarter-to-date": Period(
            "the quarter the run is due in, up to that day", lambda on, _: (_quarter(on), on)
        ),
        "last-quarter": Period("the quarter before", lambda on, _: (_quarter(on, 1), _quarter(on) - _DAY)),
        "year-to-date": Period(
            "the year the run is due in, up to that day", lambda on, _: (date(on.year, 1, 1), on)
        ),
        "last-year": Period(
            "the year before", lambda on, _: (date(on.year - 1, 1, 1), date(on.year - 1, 12, 31))
        ),
        "all": Period("all days", lambda _, __: (None, None)),
    }
)
"""What ``period`` takes."""
