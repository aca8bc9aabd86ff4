"""The keys of a job in TOML: what each means, what it takes and how it is read. A key is a row of this table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import inf
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from footfall.keys import is_site
from footfall.paths import expanded
from reports.outputs.settings import OUTPUTS
from reports.schedule.job import ALL_MISSED, FILES
from reports.schedule.periods import PERIODS, WEEKDAYS
from reports.toml.values import Key, Wrong, flag, one_of, text, texts, whole
from reports.visits import VisitRule
from reports.visits.profiles import PROFILES

MOST_MISSED: Final = 1_000
"""Missed runs that a number asks for."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_CATCH_UP: Final[Mapping[str, float]] = MappingProxyType({"all": ALL_MISSED, "last": 1})


def _name(value: Any) -> str:
    if not _NAME.fullmatch(text(value)):
        raise Wrong("has lower-case letters, digits, dots, dashes and underscores, 64 at most")

    return text(value)


def _formats(value: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one_of(OUTPUTS)(one) for one in texts(value)))


def _site(value: Any) -> str:
    if not is_site(text(value)):
        raise Wrong("is to be the name of a site")

    return text(value)


def _hosts(value: Any) -> tuple[str, ...]:
    return tuple(one.lower() for one in texts(value))


def _units(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < inf:
        raise Wrong("is to be a number of read units a second, above 0")

    return float(value)


def _profile(value: Any) -> VisitRule:
    return PROFILES[one_of(PROFILES)(value)]


def _path(value: Any) -> Path:
    return expanded(text(value))


def _catch_up(value: Any) -> float:
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MOST_MISSED:
        return value

    return _CATCH_UP[one_of(_CATCH_UP)(value)]


def _weekday(value: Any) -> int:
    return WEEKDAYS.index(one_of(WEEKDAYS)(value))


KEYS: Final[Mapping[str, Key]] = MappingProxyType(
    {
        "name": Key("what the job is called; its state is kept under that name", '"daily"', _name,
                    is_needed=True),
        "cron": Key("when it is due: five fields, or a name such as @daily", '"15 2 * * *"', text,
                    is_needed=True),
        "timezone": Key("IANA zone of the cron line, the period and the reports", '"Europe/Berlin"', text,
                        usual="UTC"),
        "period": Key("the days that the reports are about", '"yesterday"', one_of(PERIODS), is_needed=True),
        "reports": Key("names of reports, also of one's own, or all", '["summary", "pages"]', texts,
                       is_needed=True),
        "formats": Key("forms of the output, each a file of every report", '["csv", "parquet"]', _formats,
                       is_needed=True),
        "out": Key("folder or s3:// address that the files go to", '"reports"', text, is_needed=True),
        "files": Key("pattern of the names of the files", '"{report}-{from}-{to}.{suffix}"', text,
                     usual=FILES),
        "definitions": Key("TOML file with goals, funnels and reports of one's own", '"definitions.toml"', _path,
                           usual="none"),
        "site": Key("only events of this site", '"example.org"', _site, usual="all sites"),
        "own_hosts": Key("hosts that are the site itself rather than referrers", '["www.example.org"]', _hosts,
                         usual="the site's name and virtual hosts"),
        "profile": Key("whose definition of visits the figures follow", '"matomo"', _profile,
                       usual="footfall"),
        "lookback_days": Key("days before the period that are read to know who came before", "30", whole(0),
                             usual="0"),
        "limit": Key("rows of each report, 0 for all", "100", whole(0),
                     usual="all, html pages show the first of them"),
        "csv_raw": Key("leave CSV cells alone that a spreadsheet would run as formulas", "true", flag,
                       usual="false"),
        "week_starts": Key("the day on which weeks start", '"sunday"', _weekday, usual="monday"),
        "catch_up": Key("missed runs that are made up: all, last, or a number of the latest", '"last"', _catch_up,
                        usual="all"),
        "store": Key("store that is read", '"dynamodb:owa_"', text, usual="that of the command"),
        "dataset": Key("folder that keeps the events read, so that only changed days are read again", '"events"', _path,
                       usual="none is kept"),
        "max_read_units": Key("read units a second that are never exceeded", "25", _units,
                              usual="what the table gives"),
        "yes": Key("Scan however much it costs", "true", flag,
                   usual="no DynamoDB table of over 1 GB is scanned"),
    }
)  # fmt: skip
"""The keys of ``[[job]]``. All but ``name`` and ``cron`` may stand in ``[defaults]`` as well."""
