"""Which events a run is about: a site, and a range of days in a time zone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from footfall.errors import SettingsError
from footfall.keys import is_site
from footfall.text import printable


@dataclass(frozen=True, slots=True)
class Scope:
    """A site or all, and the days from `first_on` to `last_on`, both included, as `time_zone` has them.

    None means no bound. Use `scope_of` to make one from what a user typed.
    """

    site: str | None = None
    first_on: date | None = None
    last_on: date | None = None
    time_zone: str = "UTC"

    @property
    def is_everything(self) -> bool:
        """Whether no event is left out."""
        return self.site is None and self.first_on is None and self.last_on is None

    @property
    def start_at(self) -> datetime | None:
        """Return the first moment of the range, UTC."""
        return None if self.first_on is None else _midnight(self.first_on, self.time_zone)

    @property
    def end_at(self) -> datetime | None:
        """Return the first moment after the range, UTC."""
        if self.last_on is None or self.last_on == date.max:
            return None

        return _midnight(self.last_on + timedelta(days=1), self.time_zone)

    def holds_day(self, on: date) -> bool:
        """Tell whether part of the UTC day `on` is in the range."""
        begins_at = datetime.combine(on, time.min, UTC)
        too_late = self.end_at is not None and begins_at >= self.end_at
        too_early = self.start_at is not None and on < self.start_at.date()
        return not (too_late or too_early)

    def predicate(self, moment: str = "time") -> pl.Expr:
        """Return the expression that is true for the events in scope; `moment` is the column with their time."""
        conditions = [pl.lit(value=True)]
        if self.site is not None:
            conditions.append(pl.col("site") == self.site)

        if self.start_at is not None:
            conditions.append(pl.col(moment) >= self.start_at)

        if self.end_at is not None:
            conditions.append(pl.col(moment) < self.end_at)

        return pl.all_horizontal(conditions)

    def seen_from(self, time_zone: str) -> Scope:
        """Return the same range in `time_zone`, where it has no bounds that another zone has set."""
        return self if self.first_on or self.last_on else replace(self, time_zone=time_zone)

    def since(self, days_before: int) -> Scope:
        """Return the scope that begins so many days earlier; one without a beginning stays as it is."""
        if self.first_on is None or days_before <= 0:
            return self

        earliest = date.min.toordinal()
        first_on = date.fromordinal(max(earliest, self.first_on.toordinal() - days_before))
        return replace(self, first_on=first_on)

    @property
    def days(self) -> int:
        """Return how many days the range has; 0 for one without bounds."""
        if self.first_on is None or self.last_on is None:
            return 0

        return (self.last_on - self.first_on).days + 1

    def previous(self) -> Scope | None:
        """Return the range of as many days that ends the day before this one begins; None where there is none."""
        if self.first_on is None or not self.days or self.first_on.toordinal() <= self.days:
            return None

        one = timedelta(days=1)
        return replace(self, first_on=self.first_on - self.days * one, last_on=self.first_on - one)

    def range_sentence(self) -> str:
        """Return the range of days as a few words."""
        if self.first_on is None and self.last_on is None:
            return "all days"

        if self.first_on == self.last_on:
            return f"{self.first_on}"

        return " ".join(
            f"{word} {on}" for word, on in (("from", self.first_on), ("to", self.last_on)) if on is not None
        )


def scope_of(site: str | None, first_on: date | None, last_on: date | None, time_zone: str) -> Scope:
    """Return the scope a user asked for.

    Raises `SettingsError` for a name that cannot be a site, an unknown time zone or a range that ends before
    it begins.
    """
    check_time_zone(time_zone)
    if site is not None and not is_site(site):
        raise SettingsError(
            f"{printable(site, 60)!r} cannot be the name of a site.",
            hint="--site takes lower-case letters, digits, dots, dashes and underscores, as example.org",
        )

    if first_on is not None and last_on is not None and last_on < first_on:
        raise SettingsError(
            f"The range ends on {last_on}, before it begins on {first_on}.",
            hint=f"--from {last_on} --to {first_on}",
        )

    return Scope(site, first_on, last_on, time_zone)


def check_time_zone(name: str) -> None:
    """Raise `SettingsError` unless `name` is an IANA time zone this machine knows."""
    try:
        _zone(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SettingsError(
            f"{printable(name, 60)!r} is not a time zone.",
            hint="--timezone takes an IANA name, as Europe/Berlin",
        ) from error


def _zone(name: str) -> tzinfo:
    # UTC needs no time zone data, which a slim container may not have.
    return UTC if name == "UTC" else ZoneInfo(name)


def _midnight(on: date, time_zone: str) -> datetime:
    # An offset can push the first days of year 1 out of what a datetime can say; those days hold no events.
    try:
        return datetime.combine(on, time.min, _zone(time_zone)).astimezone(UTC)
    except OverflowError:
        return datetime.combine(on, time.min, UTC)
