"""A definitions file: TOML, read strictly, so that a mistake is told by file, entry and key before anything is asked.

A section is a list of tables (``[[report]]``). What its keys are and how each is read is a table of `Key`, one for each
section, in the section's own file.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from footfall.errors import SettingsError
from footfall.text import printable

SECTIONS: Final = ("report", "goal", "funnel")
LARGEST_BYTES: Final = 1_000_000
MOST: Final = 1_000
"""Entries of a section, and of a list."""

LONGEST: Final = 1_000
"""Characters of a text that is a name, a question or a condition's neighbour; statements may be longer."""

DOCUMENTED: Final = "docs/definitions.md begins with a file to copy"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")

Table = Mapping[str, Any]


class Wrong(Exception):
    """What is wrong with a key's value, as the end of a sentence that begins with the key."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key of an entry: what it means, an example in TOML, how its value is read, whether an entry must have it."""

    meaning: str
    example: str
    read: Callable[[Any], Any]
    is_needed: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a section, read: `place` names it in errors, `values` are what its keys say."""

    place: str
    values: Mapping[str, Any]

    def refused(self, sentence: str, hint: str | None = None) -> SettingsError:
        """Return the error that something about the entry is wrong."""
        return SettingsError(f"{self.place}: {sentence}", hint=hint or DOCUMENTED)


@dataclass(frozen=True, slots=True)
class DefinitionsFile:
    """The content of a definitions file; `name` is what errors call it."""

    name: str
    content: Table

    def entries(self, section: str, keys: Mapping[str, Key]) -> tuple[Entry, ...]:
        """Return the entries of a section, in order; raises `SettingsError` for what `keys` do not allow.

        Names, where entries have them, are different.
        """
        tables = self.content.get(section, [])
        if not isinstance(tables, list) or len(tables) > MOST:
            raise SettingsError(
                f"{self.name}: [[{section}]] begins each {section}, {MOST:,} at most.", hint=DOCUMENTED
            )

        entries = tuple(self._read(section, keys))
        for name, count in Counter(entry.values.get("name") for entry in entries).items():
            if name is not None and count > 1:
                raise SettingsError(
                    f"{self.name} has {count} entries of {section} called {name!r}.",
                    hint=f'name = "{name}-2" for the second',
                )

        return entries

    def _read(self, section: str, keys: Mapping[str, Key]) -> Iterator[Entry]:
        for number, table in enumerate(self.content.get(section, []), 1):
            yield entry_of(f"{self.name}, {_called(section, number, table)}", table, keys)


def load_file(path: Path) -> DefinitionsFile:
    """Return the content of a file; raises `SettingsError` for one that cannot be read or has other sections."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise SettingsError(f"{path} has more than {LARGEST_BYTES:,} bytes.", hint=DOCUMENTED)

        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror or error}", hint=DOCUMENTED) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(f"{path} cannot be read as TOML: {error}", hint=DOCUMENTED) from error

    return file_of(content, str(path))


def file_of(content: Table, name: str) -> DefinitionsFile:
    """Return a file of `content`; raises `SettingsError` for sections that there are not."""
    check_keys(name, content, SECTIONS)
    return DefinitionsFile(printable(name, 200), content)


def entry_of(place: str, table: Any, keys: Mapping[str, Key]) -> Entry:
    """Return what `table`, found at `place`, says; raises `SettingsError` for what `keys` do not allow."""
    if not isinstance(table, dict):
        raise SettingsError(f"{place} is no table.", hint=DOCUMENTED)

    check_keys(place, table, tuple(keys))
    missing = next((key for key, one in keys.items() if one.is_needed and key not in table), None)
    if missing is not None:
        raise SettingsError(f"{place} has no {missing}.", hint=_hint(missing, keys[missing]))

    return Entry(place, {key: _value(place, key, keys[key], value) for key, value in table.items()})


def check_keys(place: str, table: Table, known: Sequence[str]) -> None:
    """Raise `SettingsError` for a key that is none of `known`."""
    for key in table:
        if key not in known:
            close = get_close_matches(key.lower().replace("-", "_"), known, n=1)
            maybe = f" Did you mean {close[0]}?" if close else ""
            raise SettingsError(
                f"{place}: there is no key {printable(key, 60)!r}.{maybe}",
                hint=f"keys are {', '.join(known)}",
            )


def name(value: Any) -> str:
    """Read what something is called."""
    if not _NAME.fullmatch(text(value)):
        raise Wrong("has lower-case letters, digits and dashes, 64 at most")

    return text(value)


def text(value: Any) -> str:
    """Read a line of text that can be shown as it is."""
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST or printable(value) != value:
        raise Wrong(f"is to be a line of text, {LONGEST:,} characters at most")

    return value


def lines(value: Any) -> str:
    """Read text of any number of lines."""
    if not isinstance(value, str) or not value.strip():
        raise Wrong("is to be a text")

    return value


def texts(value: Any) -> tuple[str, ...]:
    """Read a list of texts."""
    if not isinstance(value, list) or not 0 < len(value) <= MOST:
        raise Wrong("is to be a list of texts")

    return tuple(text(one) for one in value)


def count(value: Any) -> int:
    """Read a whole number above 0."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= 10**9:
        raise Wrong("is to be a whole number above 0")

    return value


def number(value: Any) -> float:
    """Read a number, whole or not, that is neither negative nor endless."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise Wrong("is to be a number, 0 or more")

    return float(value)


def flag(value: Any) -> bool:
    """Read yes or no."""
    if not isinstance(value, bool):
        raise Wrong("is to be true or false")

    return value


def as_it_is(value: Any) -> Any:
    """Read what is looked at later, with what stands around it."""
    return value


def one_of(*known: str) -> Callable[[Any], str]:
    """Return what reads one of a few words."""

    def read(value: Any) -> str:
        if value not in known:
            raise Wrong(f"is to be one of {', '.join(known)}")

        return text(value)

    return read


def _called(section: str, number: int, table: Any) -> str:
    """Return what errors call an entry: its name if it has one, else which of the section it is."""
    called = table.get("name") if isinstance(table, dict) else None
    return f"{section} {printable(called, 64)!r}" if isinstance(called, str) else f"{section} number {number}"


def _value(place: str, key: str, known: Key, value: Any) -> Any:
    try:
        return known.read(value)
    except Wrong as wrong:
        raise SettingsError(f"{place}: {key} {wrong}.", hint=_hint(key, known)) from None


def _hint(key: str, known: Key) -> str:
    return f"{key} = {known.example}, which is {known.meaning}"
