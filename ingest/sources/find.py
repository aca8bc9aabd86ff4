"""Turn the arguments of a command into sources: paths, globs, directories and ``-`` for standard input."""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from footfall.errors import SourceError
from footfall.keys import logical_name
from footfall.text import printable

STDIN: Final = "-"
_HINT: Final = "footfall ingest --help"
_DATE_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class Source:
    """A log to read.

    `name` is what the user calls it, `file_name` the base name that its identity is made from, `path` None
    for standard input.
    """

    name: str
    file_name: str
    path: Path | None


def find_sources(arguments: Sequence[str], *, stdin_name: str = "stdin") -> list[Source]:
    """Return the sources that `arguments` name, each file once, however often and by whichever link it is
    named.

    Directories are searched to the bottom; hidden files and what is no regular file are left out there. The
    order is that of the arguments and, within a directory or glob, of the names; the rotated files of one log
    stand together, the oldest first, where the first of them was named. Raises `SourceError` when an argument
    finds nothing.
    """
    found = [source for argument in arguments for source in _sources_of(argument, stdin_name)]
    return _in_order(_once(found))


def _sources_of(argument: str, stdin_name: str) -> list[Source]:
    if argument == STDIN:
        return [Source(STDIN, stdin_name, None)]

    matches = [argument] if os.path.lexists(argument) else _glob(argument)
    sources = [
        Source(_shown(name), Path(name).name, Path(name)) for match in matches for name in _files(match)
    ]
    if not sources:
        raise SourceError(_nothing(argument, matches), hint=_HINT)

    return sources


def _shown(name: str) -> str:
    """Return a file name as text that can be stored: file systems allow bytes that are no UTF-8."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _glob(pattern: str) -> list[str]:
    # Not Path.glob, which refuses absolute patterns and does not leave hidden files out.
    return sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207


def _nothing(argument: str, matches: Sequence[str]) -> str:
    shown = printable(argument, 200)
    if matches:
        return f"There is no file to read in {shown}."

    if glob.has_magic(argument):
        return f"No file matches {shown}."

    return f"There is no file {shown}."


def _files(name: str) -> Iterable[str]:
    return _walk(name) if Path(name).is_dir() else [name]


def _walk(directory: str) -> Iterator[str]:
    for parent, directories, names in os.walk(directory, onerror=_refuse):
        directories[:] = sorted(name for name in directories if not name.startswith("."))
        paths = [os.path.join(parent, name) for name in sorted(names) if not name.startswith(".")]  # noqa: PTH118
        yield from filter(_is_regular, paths)


def _refuse(error: OSError) -> None:
    sentence = f"The directory {printable(str(error.filename), 200)} cannot be read: {error.strerror}."
    raise SourceError(sentence, hint=_HINT) from error


def _is_regular(path: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode)  # noqa: PTH116 - one call for a file of which only the kind counts
    except OSError:
        return False


def _once(sources: Iterable[Source]) -> list[Source]:
    distinct: dict[object, Source] = {}
    for source in sources:
        distinct.setdefault(_identity(source), source)

    return list(distinct.values())


def _identity(source: Source) -> object:
    if source.path is None:
        return STDIN

    try:
        found = source.path.stat()
    except OSError:
        return source.path

    return found.st_dev, found.st_ino


def _in_order(sources: Sequence[Source]) -> list[Source]:
    places: dict[object, int] = {}
    for source in sources:
        places.setdefault(_log(source), len(places))

    return sorted(sources, key=lambda source: (places[_log(source)], _age(source.file_name), source.name))


def _log(source: Source) -> tuple[Path | None, str]:
    """Return what all rotated files of one log have in common."""
    return source.path and source.path.parent, logical_name(source.file_name)


def _age(file_name: str) -> tuple[int, str, int]:
    """Return a key that sorts dated files, oldest date first, before numbered ones, highest number first, and
    the file that is still written to last.
    """
    suffix = file_name.removeprefix(logical_name(file_name))
    digits = "".join(re.findall(r"\d+", re.sub(r"\.(?:bz2|gz|xz|zst|zstd|lzma)$", "", suffix)))
    if len(digits) >= _DATE_DIGITS:
        return 0, digits, 0

    return (1, "", -int(digits or 0)) if suffix else (2, "", 0)
