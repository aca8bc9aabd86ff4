"""Bring answers to standard output or into a folder.

A file appears whole or not at all: it is written beside its place, forced to disk and renamed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from footfall.errors import FootfallError, SettingsError
from reports.answer import Answer
from reports.outputs.output import Output

_UNSAFE_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")


def check_stream(outputs: Sequence[Output], report_count: int, *, is_terminal: bool) -> None:
    """Raise `SettingsError` when standard output cannot take these outputs; asked before anything is read."""
    if len(outputs) > 1:
        raise SettingsError(
            "Standard output takes one --format.", hint="add --out DIR to write one file for each"
        )

    for output in outputs:
        if report_count > 1 and not output.takes_many:
            raise SettingsError(
                f"Several reports cannot share one {output.name} stream.",
                hint="add --out DIR, or name one report",
            )

        if is_terminal and not output.is_text:
            raise SettingsError(
                f"A terminal cannot show {output.name}.",
                hint="add --out DIR, or send it to a file: > report.parquet",
            )


def to_stream(output: Output, answers: Sequence[Answer], stream: BinaryIO) -> None:
    """Write `answers` to `stream` and flush it.

    Raises `BrokenPipeError` when nobody reads it any more, `FootfallError` when it takes no more, as a full disk.
    """
    try:
        output.write(answers, stream)
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise FootfallError(
            f"Cannot write to standard output: {error.strerror or error}.",
            hint="free some space where it goes, or write files elsewhere: --out DIR",
        ) from error


def prepare_folder(folder: Path) -> None:
    """Make `folder`; raises `SettingsError` where that is impossible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refused(folder, error) from error


def to_folder(output: Output, answers: Sequence[Answer], folder: Path) -> tuple[Path, ...]:
    """Write each answer to a file of its own, ``{report}.{suffix}``; return the files.

    Raises `SettingsError` when one cannot be written; what was there before is then still there.
    """
    return tuple(
        _to_file(output, answer, folder / file_name(answer.report.name, output.suffix)) for answer in answers
    )


def file_name(report: str, suffix: str) -> str:
    """Return a file name that stays in its folder: letters, digits, dot, dash, underscore, no leading dot."""
    stem = _UNSAFE_IN_NAMES.sub("_", report).lstrip(".") or "report"
    return f"{stem[:200]}.{suffix}"


def _to_file(output: Output, answer: Answer, path: Path) -> Path:
    try:
        with _replacing(path) as stream:
            output.write([answer], stream)
    except OSError as error:
        raise _refused(path, error) from error

    return path


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    try:
        with part.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())

        part.replace(path)
        _sync_folder(path.parent)
    finally:
        part.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refused(path: Path, error: OSError) -> SettingsError:
    return SettingsError(
        f"Cannot write {path}: {error.strerror or error}.", hint="--out takes a folder you may write to"
    )
