"""When a job is due: a cron expression in a time zone, over the changes to and from summer time.

The rules are those of Debian's cron (crontab(5), cron 3.0pl1, "DST"), which cronsim follows:

* A time that does not exist on a day is due once, at the first moment after the gap.
* A time that occurs twice on a day is due once, the first time.
* Where the minute or the hour begins with ``*``, the job goes by real time: an hourly one is due every real hour, and
  not at all in an hour that does not exist.

What is due is told in UTC and depends on the expression alone, never on when it is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from footfall.errors import SettingsError
from footfall.text import printable
from reports.scope import check_time_zone

EXAMPLE: Final = '"15 2 * * *"'
LONGEST_EXPRESSION: Final = 200
NAMES: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
"""What crontab(5) calls some expressions; ``@reboot`` is no time."""

_FIELDS: Final = 5
_LONGEST_FOLD: Final = timedelta(hours=3)
"""More than any clock was ever put back by: an ambiguous time is found again from before its first occurrence."""


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron expression of five fields and the time zone it is read in; use `cron_of` to make one."""

    expression: str
    time_zone: str = "UTC"

    @property
    def line(self) -> str:
        """Return both as one text, by which a changed schedule is known."""
        return f"{self.expression} {self.time_zone}"

    @property
    def zone(self) -> tzinfo:
        """Return the time zone; UTC needs no data, which a slim container may not have."""
        return UTC if self.time_zone == "UTC" else ZoneInfo(self.time_zone)

    def after(self, at: datetime) -> Iterator[datetime]:
        """Yield the times that are due after `at`, in order, UTC; ends where there is none for fifty years."""
        begin = (at - _LONGEST_FOLD).astimezone(self.zone)
        latest = at.astimezone(UTC)
        for local in CronSim(self.expression, begin):
            due_at = local.astimezone(UTC)
            if due_at > latest:
                latest = due_at
                yield due_at

    def next_after(self, at: datetime) -> datetime | None:
        """Return the first time that is due after `at`, None where there is none."""
        return next(self.after(at), None)

    def between(self, after: datetime, until: datetime) -> Iterator[datetime]:
        """Yield what is due after `after`, up to and including `until`."""
        for due_at in self.after(after):
            if due_at > until:
                return

            yield due_at


def cron_of(expression: str, time_zone: str) -> Cron:
    """Return a schedule; raises `SettingsError` for an expression or a zone that is none, or is never due."""
    check_time_zone(time_zone)
    known = NAMES.get(expression.strip().lower(), expression)
    if len(known) > LONGEST_EXPRESSION or len(known.split()) != _FIELDS:
        raise _refused(expression, "it has five fields: minute, hour, day of month, month, day of week")

    try:
        cron = Cron(" ".join(known.split()), time_zone)
        is_ever_due = next(CronSim(cron.expression, datetime(2026, 1, 1, tzinfo=UTC)), None)
    except CronSimError as error:
        raise _refused(expression, str(error).lower()) from error

    if is_ever_due is None:
        raise _refused(expression, "it is never due")

    return cron


def _refused(expression: str, why: str) -> SettingsError:
    return SettingsError(
        f"{printable(expression, 60)!r} is no cron expression: {why}.",
        hint=f"cron = {EXAMPLE} is a quarter past two",
    )
