"""The generated parts of the document about schedules: keys of a job, periods, and what the commands print."""

from __future__ import annotations

from datetime import date

from docs.generated import ROOT, captured, table
from reports.schedule.cron import NAMES
from reports.schedule.keys import KEYS
from reports.schedule.periods import PERIODS

_SUNDAY = date(2026, 3, 15)


def keys() -> str:
    """Return the keys of a job."""
    rows = (
        (
            f"`{key}`",
            row.meaning,
            "has to be given" if row.is_needed else row.usual,
            f"`{key} = {row.example}`",
        )
        for key, row in KEYS.items()
    )
    return table(("key", "meaning", "without it", "example"), rows)


def periods() -> str:
    """Return the periods, with the days of each for a run that is due on Sunday, 2026-03-15."""
    rows = ((f"`{name}`", period.meaning, _days(name)) for name, period in PERIODS.items())
    return table(("period", "days", f"when due on {_SUNDAY}"), rows)


def names() -> str:
    """Return the names that stand for cron expressions."""
    return table(("name", "expression"), ((f"`{name}`", f"`{line}`") for name, line in NAMES.items()))


def example() -> str:
    """Return the jobs that `deploy/` comes with."""
    return f"```toml\n{(ROOT / 'deploy' / 'footfall.toml').read_text()}```\n"


def refusal() -> str:
    """Return what is said of a job with a mistake in it."""
    wrong = (ROOT / "deploy" / "footfall.toml").read_text().replace('"yesterday"', '"yesterdays"')
    return captured("footfall schedule check", files={"footfall.toml": wrong}, codes=(2,))


def _days(name: str) -> str:
    first_on, last_on = PERIODS[name].days(_SUNDAY, 0)
    if first_on is None or first_on == last_on:
        return str(first_on or "all")

    return f"{first_on} to {last_on}"
