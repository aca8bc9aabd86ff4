"""Look which files there are: those that the arguments name, and what their logs were rotated to."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from glob import has_magic
from pathlib import Path
from typing import Final

from footfall.errors import SourceError
from footfall.keys import logical_name
from ingest.sources.find import (
    Source,
    age,
    is_folder,
    nothing_found,
    once,
    quoted,
    shown,
    sources_of,
    unreadable_folder,
)

EXPANSION_SHARE: Final = 0.1
"""Share of the time that may go into walking through directories and expanding patterns."""

Key = tuple[int, int]
"""Device and inode: what a file is while it is there, whatever it is called."""

FamilyKey = tuple[str, str]
"""Folder and logical name: what the files of one log have in common."""

Order = tuple[tuple[int, str, int], bool, str]
"""Sorts the files of one log by age."""

_named_log = lru_cache(maxsize=65_536)(logical_name)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells that a file has changed."""

    size_bytes: int
    modified_ns: int

    @classmethod
    def of(cls, found: os.stat_result) -> Stamp:
        """Return the stamp of a file."""
        return cls(found.st_size, found.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class Seen:
    """A regular file as it was seen; `touched_ns` is when its content or its name last changed, since the epoch."""

    path: Path
    family: FamilyKey
    key: Key
    stamp: Stamp
    touched_ns: int
    is_named: bool

    @property
    def name(self) -> str:
        """Return what the user calls the file, as text that can be stored."""
        return shown(str(self.path))


@dataclass(frozen=True, slots=True)
class Look:
    """What there is: the files of each log, the oldest first, and what could not be looked at."""

    families: dict[FamilyKey, list[Seen]] = field(default_factory=dict)
    complaints: list[SourceError] = field(default_factory=list)


class Lookout:
    """Looks again and again at what some arguments name; `folders` are where it looked last."""

    def __init__(self, arguments: Sequence[str], monotonic: Callable[[], float]) -> None:
        self._arguments = arguments
        self._monotonic = monotonic
        self._named: list[Path] = []
        self._complaints: list[SourceError] = []
        self._expand_at: float | None = None
        # The folders and logical names under which the files of a log stand; a link leads to a second one.
        self._places: dict[FamilyKey, set[FamilyKey]] = {}

    @property
    def folders(self) -> set[str]:
        """Return the folders that the files of all logs are in."""
        return {folder for places in self._places.values() for folder, _ in places}

    def look(self) -> Look:
        """Return what there is now; blocks as long as the file system takes."""
        self._expand()
        look = Look(complaints=list(self._complaints))
        named = dict(self._look_at_named(look))
        unnamed = self._look_beside(named)
        families: dict[FamilyKey, list[Seen]] = {key: [] for key in self._places}
        for seen in (*named.values(), *unnamed):
            families[seen.family].append(seen)

        for key, files in families.items():
            look.families[key] = sorted(files, key=order_of)

        return look

    def _expand(self) -> None:
        began_at = self._monotonic()
        if self._expand_at is not None and began_at < self._expand_at:
            return

        self._complaints = []
        found = [source for argument in self._arguments for source in self._sources(argument)]
        self._named = [path for path in (source.path for source in once(found)) if path is not None]
        now = self._monotonic()
        self._expand_at = now + (now - began_at) / EXPANSION_SHARE

    def _sources(self, argument: str) -> Iterable[Source]:
        found = sources_of(argument, on_unreadable=self._cannot_read)
        if not found:
            problem = nothing_found(argument)
            self._complaints.append(SourceError(f"{problem} It is waited for.", hint=problem.hint))
            # A log that is missing now may have been rotated already, and will come.
            if "\0" not in argument and not has_magic(argument) and not is_folder(argument):
                self._place(Path(argument))

        return found

    def _cannot_read(self, error: OSError) -> None:
        self._complaints.append(unreadable_folder(error))

    def _place(self, path: Path) -> FamilyKey:
        key = _family(path)
        places = self._places.setdefault(key, {key})
        # Neither raises for what cannot be looked at, as the methods of `Path` do.
        if os.path.islink(path):  # noqa: PTH114
            places.add(_family(Path(os.path.realpath(path))))

        return key

    def _look_at_named(self, look: Look) -> Iterator[tuple[Key, Seen]]:
        for path in self._named:
            try:
                found = path.stat()
            except OSError:
                continue  # gone since the arguments were expanded

            if stat.S_ISREG(found.st_mode):
                yield _key(found), _seen(path, self._place(path), found, is_named=True)
            else:
                look.complaints.append(_not_followed(path))

    def _look_beside(self, named: dict[Key, Seen]) -> list[Seen]:
        paths = {str(seen.path) for seen in named.values()}
        owners: dict[FamilyKey, FamilyKey] = {}
        for family, places in self._places.items():
            for place in places:
                owners.setdefault(place, family)

        beside = {}
        for folder in self.folders:
            for entry in _entries(folder):
                if entry.path in paths:
                    continue

                owner = owners.get((folder, _named_log(entry.name)))
                found = _regular(entry) if owner else None
                if owner and found and _key(found) not in named:
                    beside[_key(found)] = _seen(Path(entry.path), owner, found, is_named=False)

        return list(beside.values())


def _family(path: Path) -> FamilyKey:
    return str(path.parent), _named_log(path.name)


def _key(found: os.stat_result) -> Key:
    return found.st_dev, found.st_ino


def _seen(path: Path, family: FamilyKey, found: os.stat_result, *, is_named: bool) -> Seen:
    touched_ns = max(found.st_mtime_ns, found.st_ctime_ns)
    return Seen(path, family, _key(found), Stamp.of(found), touched_ns, is_named)


def order_of(seen: Seen) -> Order:
    """Return what sorts the files of one log, the oldest first, by their names."""
    return _order_of(seen.path.name)


@lru_cache(maxsize=65_536)
def _order_of(name: str) -> Order:
    # Of a rotated file and its compressed copy the plain one stands first: it may be written to still.
    return age(name), Path(name).suffix in {".gz", ".bz2", ".xz", ".zst", ".zstd", ".lzma"}, name


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if not entry.name.startswith(".")]
    except OSError:
        return []


def _regular(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        # Not `entry.stat()`, which some network file systems answer from what the directory says.
        found = os.stat(entry.path)  # noqa: PTH116 - one call for each file of each round
    except OSError:
        return None

    return found if stat.S_ISREG(found.st_mode) else None


def _not_followed(path: Path) -> SourceError:
    name = shown(str(path))
    return SourceError(
        f"{name} is no regular file and cannot be followed.", hint=f"footfall ingest {quoted(path)}"
    )
