"""Turn the arguments of a command into sources: paths, globs, directories and ``-`` for standard input."""

from __future__ import annotations

import glob
import os
import re
import shlex
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from footfall.errors import SourceError
from footfall.keys import logical_name
from footfall.text import printable
from ingest.sources.foreign import DATASET_MARKER, what_else

STDIN: Final = "-"
STDIN_SHOWN: Final = "standard input"
_DATE_DIGITS: Final = 6
_DESCRIPTOR_FOLDERS: Final = frozenset({"/dev/fd", "/proc/self/fd"})
"""Where a shell puts the pipes of `<(command)`."""

OnUnreadable = Callable[[OSError], None]
"""Is told of a directory that cannot be read and may raise."""

OnLeftOut = Callable[[str, str], None]
"""Is told of a file or folder in a directory that is surely no log, by its name, and what it is."""


@dataclass(frozen=True, slots=True)
class Source:
    """A log to read.

    `name` is what the user calls it, `file_name` the base name that its identity is made from, `path` None
    for standard input.
    """

    name: str
    file_name: str
    path: Path | None


def find_sources(
    arguments: Sequence[str], *, stdin_name: str = "stdin", on_left_out: OnLeftOut = lambda _name, _kind: None
) -> list[Source]:
    """Return the sources that `arguments` name, each file once, however often and by whichever link it is
    named.

    Directories are searched to the bottom; hidden files, what is no regular file and what is surely no log are left
    out there, the last of which `on_left_out` is told; what is named is tried, whatever it is. The order is that of
    the arguments and, within a directory or glob, of the names; the rotated files of one log stand together, the
    oldest first, where the first of them was named. Raises `SourceError` when an argument finds nothing.
    """
    found: list[Source] = []
    for argument in arguments:
        sources = sources_of(argument, stdin_name=stdin_name, on_left_out=on_left_out)
        if not sources:
            raise nothing_found(argument)

        found += sources

    return _in_order(once(found))


def sources_of(
    argument: str,
    *,
    stdin_name: str = "stdin",
    on_unreadable: OnUnreadable | None = None,
    on_left_out: OnLeftOut | None = None,
) -> list[Source]:
    """Return what one argument names, in the order of the names; nothing when there is no such file.

    With `on_left_out` the files of directories are looked into, and what is surely no log is left out.

    Raises `SourceError` for a directory that cannot be read, unless `on_unreadable` is told of it instead.
    """
    if argument == STDIN:
        return [Source(STDIN_SHOWN, stdin_name, None)]

    matches = [argument] if os.path.lexists(argument) else _glob(argument)
    names = (name for match in matches for name in _files(match, on_unreadable or _refuse, on_left_out))
    return [Source(shown(name), _file_name(Path(name), stdin_name), Path(name)) for name in names]


def _file_name(path: Path, stdin_name: str) -> str:
    """Return what a source's identity is made from: of a pipe that a shell has opened, the number says nothing."""
    return stdin_name if str(path.parent) in _DESCRIPTOR_FOLDERS or str(path) == "/dev/stdin" else path.name


def nothing_found(argument: str) -> SourceError:
    """Return the error that says that an argument names no file."""
    name = printable(argument, 200)
    folder = Path(argument).parent
    if "\0" in argument:
        return SourceError(f"There is no file {name}.", hint="ls -l")

    if is_folder(argument):
        return SourceError(f"There is no file to read in {name}.", hint=f"ls -la {quoted(argument)}")

    if reason := _why_hidden(argument):
        return SourceError(
            f"{name} cannot be looked at: {reason}.", hint=f"ls -ld {quoted(_fixed_part(folder))}"
        )

    if glob.has_magic(argument):
        return SourceError(f"No file matches {name}.", hint=f"ls -l {quoted(_fixed_part(folder))}")

    return SourceError(f"There is no file {name}.", hint=f"ls -l {quoted(_fixed_part(folder))}")


def is_folder(path: Path | str) -> bool:
    """Tell whether a path is that of a directory; what cannot be looked at is none. `Path.is_dir` would raise."""
    return os.path.isdir(path)  # noqa: PTH112


def _why_hidden(path: str) -> str | None:
    """Return why nobody can say whether there is such a file, None when there is none."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return error.strerror

    return None


def quoted(path: Path | str) -> str:
    """Return a path as it is typed at a prompt, safe to show."""
    return printable(shlex.quote(shown(os.fspath(path))), 300)


def shown(name: str) -> str:
    """Return a file name as text that can be stored: file systems allow bytes that are no UTF-8."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _fixed_part(folder: Path) -> Path:
    """Return the nearest folder that exists, of one that may have wildcards in it."""
    return next((each for each in (folder, *folder.parents) if is_folder(each)), Path())


def _glob(pattern: str) -> list[str]:
    # Not Path.glob, which refuses absolute patterns and does not leave hidden files out.
    return sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207


def _files(name: str, on_unreadable: OnUnreadable, on_left_out: OnLeftOut | None) -> Iterable[str]:
    if not is_folder(name):
        return [name]

    walked = _walk(name, on_unreadable, on_left_out)
    return walked if on_left_out is None else _logs(walked, on_left_out)


def _logs(names: Iterable[str], on_left_out: OnLeftOut) -> Iterator[str]:
    for name in names:
        if kind := what_else(name):
            on_left_out(shown(name), kind)
        else:
            yield name


def _walk(directory: str, on_unreadable: OnUnreadable, on_left_out: OnLeftOut | None) -> Iterator[str]:
    for parent, directories, names in os.walk(directory, onerror=on_unreadable):
        if on_left_out is not None and DATASET_MARKER in names:
            on_left_out(shown(parent), "a dataset of reports")
            directories.clear()
            continue

        directories[:] = sorted(name for name in directories if not name.startswith("."))
        paths = [os.path.join(parent, name) for name in sorted(names) if not name.startswith(".")]  # noqa: PTH118
        yield from filter(_is_regular, paths)


def _refuse(error: OSError) -> None:
    raise unreadable_folder(error) from error


def unreadable_folder(error: OSError) -> SourceError:
    """Return the error that says that a directory cannot be read."""
    folder = str(error.filename)
    sentence = f"The directory {printable(shown(folder), 200)} cannot be read: {error.strerror}."
    return SourceError(sentence, hint=f"ls -ld {quoted(folder)}   (then chmod +rx, or run as a user who may)")


def _is_regular(path: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode)  # noqa: PTH116 - one call for a file of which only the kind counts
    except OSError:
        return False


def once(sources: Iterable[Source]) -> list[Source]:
    """Return each file once, by the name it came by first."""
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

    return sorted(sources, key=lambda source: (places[_log(source)], age(source.file_name), source.name))


def _log(source: Source) -> tuple[Path | None, str]:
    """Return what all rotated files of one log have in common."""
    return source.path and source.path.parent, logical_name(source.file_name)


def age(file_name: str) -> tuple[int, str, int]:
    """Return a key that sorts the files of one log by age, the file that is still written to last.

    Dated files, oldest date first, stand before numbered ones, highest number first.
    """
    suffix = file_name.removeprefix(logical_name(file_name))
    digits = "".join(re.findall(r"\d+", re.sub(r"\.(?:bz2|gz|xz|zst|zstd|lzma)$", "", suffix)))
    if len(digits) >= _DATE_DIGITS:
        return 0, digits, 0

    return (1, "", -int(digits or 0)) if suffix else (2, "", 0)
