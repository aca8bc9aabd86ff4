"""The keys of a job in TOML: what each means, what it takes and how it is read. A key is a row of this table."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from math import inf
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from footfall.keys import is_site
from footfall.paths import expanded
from footfall.text import printable
from reports.outputs.settings import OUTPUTS
from reports.schedule.job import ALL_MISSED, FILES
from reports.schedule.periods import PERIODS, WEEKDAYS
from reports.visits import VisitRule
from reports.visits.profiles import PROFILES

LONGEST: Final = 1_000
"""Characters of a text."""

MOST: Final = 1_000
"""Entries of a list, and missed runs that a number asks for."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_CATCH_UP: Final[Mapping[str, float]] = MappingProxyType({"all": ALL_MISSED, "last": 1})


class Wrong(Exception):
    """Something about a key: what is wrong with it, and an example of what it takes."""


@dataclass(frozen=True, slots=True)
class Key:
    """A row: what the key means, what it is without being given, an example, and how its value is read.

    `usual` is None for what every job has to say.
    """

    meaning: str
    usual: str | None
    example: str
    read: Callable[[Any], Any]


def _text(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST or printable(value) != value:
        raise Wrong("is to be a text")

    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= MOST:
        raise Wrong("is to be a list of texts")

    return tuple(_text(one) for one in value)


def _name(value: Any) -> str:
    if not _NAME.fullmatch(_text(value)):
        raise Wrong("has lower-case letters, digits, dots, dashes and underscores, 64 at most")

    return _text(value)


def _one_of(known: Mapping[str, Any] | tuple[str, ...]) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if _text(value) not in known:
            close = get_close_matches(value.lower(), list(known), n=1)
            maybe = f"; did you mean {close[0]}?" if close else ""
            raise Wrong(f"{printable(value, 60)!r} is none of {', '.join(known)}{maybe}")

        return _text(value)

    return read


def _formats(value: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_one_of(OUTPUTS)(one) for one in _texts(value)))


def _site(value: Any) -> str:
    if not is_site(_text(value)):
        raise Wrong("is to be the name of a site")

    return _text(value)


def _hosts(value: Any) -> tuple[str, ...]:
    return tuple(one.lower() for one in _texts(value))


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 10**9:
        raise Wrong("is to be a whole number, 0 or more")

    return value


def _units(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < inf:
        raise Wrong("is to be a number of read units a second, above 0")

    return float(value)


def _profile(value: Any) -> VisitRule:
    return PROFILES[_one_of(PROFILES)(value)]


def _path(value: Any) -> Path:
    return expanded(_text(value))


def _catch_up(value: Any) -> float:
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MOST:
        return value

    return _CATCH_UP[_one_of(tuple(_CATCH_UP))(value)]


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Wrong("is to be true or false")

    return value


def _weekday(value: Any) -> int:
    return WEEKDAYS.index(_one_of(WEEKDAYS)(value))


KEYS: Final[Mapping[str, Key]] = MappingProxyType(
    {
        "name": Key("what the job is called; its state is kept under that name", None, '"daily"', _name),
        "cron": Key("when it is due: five fields, or a name such as @daily", None, '"15 2 * * *"', _text),
        "timezone": Key("IANA zone of the cron line, the period and the reports", "UTC", '"Europe/Berlin"', _text),
        "period": Key("the days that the reports are about", None, '"yesterday"', _one_of(PERIODS)),
        "reports": Key("names of reports, also of one's own, or all", None, '["summary", "pages"]', _texts),
        "formats": Key("forms of the output, each a file of every report", None, '["csv", "parquet"]', _formats),
        "out": Key("folder or s3:// address that the files go to", None, '"reports"', _text),
        "files": Key("pattern of the names of the files", FILES, '"{report}-{from}-{to}.{suffix}"', _text),
        "definitions": Key("TOML file with goals, funnels and reports of one's own", "none",
                           '"definitions.toml"', _path),
        "site": Key("only events of this site", "all sites", '"example.org"', _site),
        "own_hosts": Key(
            "hosts that are the site itself rather than referrers", "the site's name and virtual hosts",
            '["www.example.org"]', _hosts,
        ),
        "profile": Key("whose definition of visits the figures follow", "footfall", '"matomo"', _profile),
        "lookback_days": Key("days before the period that are read to know who came before", "0", "30", _count),
        "limit": Key("rows of each report, 0 for all", "all, html pages show the first of them", "100", _count),
        "csv_raw": Key("leave CSV cells alone that a spreadsheet would run as formulas", "false", "true", _flag),
        "week_starts": Key("the day on which weeks start", "monday", '"sunday"', _weekday),
        "catch_up": Key(
            "missed runs that are made up: all, last, or a number of the latest", "all", '"last"',
            _catch_up,
        ),
        "store": Key("store that is read", "that of the command", '"dynamodb:owa_"', _text),
        "dataset": Key("folder that keeps the events read, so that only changed days are read again",
                       "none is kept", '"events"', _path),
        "max_read_units": Key("read units a second that are never exceeded", "what the table gives", "25", _units),
        "yes": Key("Scan however much it costs", "no DynamoDB table of over 1 GB is scanned", "true", _flag),
    }
)  # fmt: skip
"""The keys of ``[[job]]``. All but ``name`` and ``cron`` may stand in ``[defaults]`` as well."""
