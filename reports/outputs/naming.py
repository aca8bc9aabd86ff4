"""What files are called: a pattern such as ``{site}/{date}/{report}.{suffix}`` and what stands for its placeholders.

Sites and reports may be called anything; their names never lead out of the destination, hide a file or make a folder.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timezone
from string import Formatter
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from footfall.errors import SettingsError
from footfall.text import printable
from reports.outputs.output import Output
from reports.scope import Scope

DEFAULT_NAME: Final = "{report}.{suffix}"
WHOLE: Final = "report"
"""What stands for the report in the name of a file that holds all of them."""

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\\]")
_LONGEST_VALUE: Final = 200
_LONGEST_PART_BYTES: Final = 240
"""Bytes of a folder's or file's name; file systems take 255, and a file is written under a longer name first."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a name can tell of a run: which events it is about, and when it ran (aware)."""

    scope: Scope
    run_at: datetime

    @property
    def date(self) -> date:
        """Return the last day of the range, or the day of the run where the range has no end."""
        return self.scope.last_on or self.run_at.astimezone(_zone(self.scope.time_zone)).date()


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A file to be written: its name below the destination, its form, and the places of the answers in it."""

    name: str
    output: Output
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Subject:
    report: str
    output: Output
    occasion: Occasion


_VALUES: Final[Mapping[str, tuple[str, Callable[[_Subject], object]]]] = MappingProxyType(
    {
        "report": (
            f"the report; '{WHOLE}' in forms that put all reports into one file",
            lambda subject: subject.report,
        ),
        "date": (
            "the last day of the range, or the day of the run where the range has no end",
            lambda subject: subject.occasion.date,
        ),
        "from": (
            "the first day of the range, or 'start'",
            lambda subject: subject.occasion.scope.first_on or "start",
        ),
        "to": (
            "the last day of the range, or 'end'",
            lambda subject: subject.occasion.scope.last_on or "end",
        ),
        "site": ("the site, or 'all-sites'", lambda subject: subject.occasion.scope.site or "all-sites"),
        "format": ("the form, as --format names it", lambda subject: subject.output.name),
        "suffix": ("what files of that form end in, without a dot", lambda subject: subject.output.suffix),
        "run": (
            "when the run began, as 20260301T020000Z",
            lambda subject: f"{subject.occasion.run_at.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        ),
    }
)
PLACEHOLDERS: Final[Mapping[str, str]] = MappingProxyType({name: told for name, (told, _) in _VALUES.items()})
"""What a pattern can hold, and what each stands for."""


def planned_files(
    outputs: Sequence[Output], reports: Sequence[str], pattern: str, occasion: Occasion
) -> tuple[OutputFile, ...]:
    """Return the files that `outputs` make of `reports`, by names.

    Raises `SettingsError` for a pattern that cannot be, and where two files would have one name.
    """
    pieces = _pieces(pattern)
    files = [
        OutputFile(_name(pieces, _Subject(report, output, occasion)), output, places)
        for output in outputs
        for report, places in _shares(output, reports)
    ]
    _check_distinct(files)
    return tuple(files)


def safe_value(value: object) -> str:
    """Return `value` as part of a name: letters, digits, dot, dash and underscore, no leading dot."""
    return _UNSAFE.sub("_", str(value)).lstrip(".")[:_LONGEST_VALUE] or "_"


def _shares(output: Output, reports: Sequence[str]) -> Iterator[tuple[str, tuple[int, ...]]]:
    if output.is_whole:
        yield WHOLE, tuple(range(len(reports)))
        return

    for place, report in enumerate(reports):
        yield report, (place,)


def _pieces(pattern: str) -> tuple[tuple[str, str | None], ...]:
    """Return texts and the placeholders behind them."""
    try:
        parsed = list(Formatter().parse(pattern))
    except ValueError as error:
        raise _refused(pattern, f"{error}".rstrip(".").lower()) from error

    for _, field, form, conversion in parsed:
        if field is not None and (field not in _VALUES or form or conversion):
            told = field + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "")
            raise _refused(pattern, f"there is no {{{told}}}")

    return tuple((text, field) for text, field, _, _ in parsed)


def _name(pieces: Sequence[tuple[str, str | None]], subject: _Subject) -> str:
    name = "".join(
        text + (safe_value(_VALUES[field][1](subject)) if field is not None else "") for text, field in pieces
    )
    _check_name(name)
    return name


def _check_name(name: str) -> None:
    parts = name.split("/")
    if any(part in {"", ".", ".."} for part in parts):
        raise _refused(name, "it leads out of the destination, or has an empty part")

    if _CONTROL.search(name):
        raise _refused(name, "it has a backslash or control characters")

    if any(len(part.encode("utf-8", "surrogatepass")) > _LONGEST_PART_BYTES for part in parts):
        raise _refused(name, f"a part of it is longer than {_LONGEST_PART_BYTES} bytes")


def _check_distinct(files: Sequence[OutputFile]) -> None:
    """Raise `SettingsError` where names differ in nothing, or in nothing but the case, which some places ignore."""
    same: dict[str, int] = defaultdict(int)
    for file in files:
        same[file.name.casefold()] += 1

    for file in files:
        if same[file.name.casefold()] > 1:
            raise SettingsError(
                f"{same[file.name.casefold()]} files would be called {printable(file.name, 100)}.",
                hint="a --name with {report} and {suffix} in it, as '{report}-{date}.{suffix}'",
            )


def _refused(pattern: str, reason: str) -> SettingsError:
    known = ", ".join(f"{{{name}}}" for name in _VALUES)
    return SettingsError(
        f"Files cannot be called {printable(pattern, 100)!r}: {reason}.",
        hint=f"--name takes {known}, and / for folders",
    )


def _zone(name: str) -> timezone | ZoneInfo:
    # UTC needs no time zone data, which a slim container may not have.
    return UTC if name == "UTC" else ZoneInfo(name)
