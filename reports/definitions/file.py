"""A definitions file: lists of tables (``[[report]]``), each an entry of a section.

What its keys are and how each is read is a table of `Key`, one for each section, in the section's own file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from footfall.errors import SettingsError
from footfall.text import printable
from reports.toml.file import Table, called, check_keys, load, values_of
from reports.toml.values import MOST, Key, Wrong, text

SECTIONS: Final = ("report", "goal", "funnel")
DOCUMENTED: Final = "docs/definitions.md begins with a file to copy"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


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
            yield entry_of(f"{self.name}, {called(section, number, table)}", table, keys)


def load_file(path: Path) -> DefinitionsFile:
    """Return the content of a file; raises `SettingsError` for one that cannot be read or has other sections."""
    return file_of(load(path, DOCUMENTED), str(path))


def file_of(content: Table, name: str) -> DefinitionsFile:
    """Return a file of `content`; raises `SettingsError` for sections that there are not."""
    check_keys(name, content, SECTIONS, DOCUMENTED)
    return DefinitionsFile(printable(name, 200), content)


def entry_of(place: str, table: Any, keys: Mapping[str, Key]) -> Entry:
    """Return what `table`, found at `place`, says; raises `SettingsError` for what `keys` do not allow."""
    return Entry(place, values_of(place, table, keys, DOCUMENTED))


def name(value: Any) -> str:
    """Read what something is called."""
    if not _NAME.fullmatch(text(value)):
        raise Wrong("has lower-case letters, digits and dashes, 64 at most")

    return text(value)
