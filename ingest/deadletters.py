"""Keep every line that could not be stored, with the reason, in an NDJSON file.

A record has `source`, `source_id`, `line` (1-based), `offset` (decompressed bytes), `reason` (a code), `sentence`, and
the line as `raw` or, when it is not UTF-8, as `raw_base64`. Only the first `LARGEST_RAW_BYTES` of a line are kept;
`raw_bytes` says how long it was. A crash between writing here and saving the checkpoint repeats records: (source_id,
offset) tells which. A crash within a record leaves a line that is no JSON; the next record begins a line of its own.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from footfall.errors import SourceError

LARGEST_RAW_BYTES: Final = 1024 * 1024
"""As much as a line may have to be read at all: of longer ones only the beginning was kept in memory."""


class DeadLetter(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line that was refused."""

    source: str
    source_id: str
    line: int
    offset: int
    reason: str
    sentence: str
    raw_bytes: int
    raw: str | None = None
    raw_base64: str | None = None


def dead_letter(
    raw: bytes,
    *,
    source: str,
    source_id: str,
    line: int,
    offset: int,
    reason: str,
    sentence: str,
    raw_bytes: int,
) -> DeadLetter:
    """Return the record of one refused line; `raw` may be only the beginning of its `raw_bytes`."""
    kept = raw[:LARGEST_RAW_BYTES]
    text, encoded = _as_text(kept)
    return DeadLetter(
        source=source.encode("utf-8", "backslashreplace").decode(),
        source_id=source_id,
        line=line,
        offset=offset,
        reason=reason,
        sentence=sentence,
        raw_bytes=raw_bytes,
        raw=text,
        raw_base64=encoded,
    )


class DeadLetterFile:
    """An append-only NDJSON file, made when the first record comes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, letters: Iterable[DeadLetter]) -> None:
        """Write `letters` and return when they are on the disk; raises `SourceError` when they cannot be kept."""
        data = b"".join(_ENCODER.encode(letter) + b"\n" for letter in letters)
        try:
            self._write(data)
        except OSError as error:
            raise SourceError(
                f"Cannot keep refused lines in {self.path}: {error.strerror or error}.",
                hint="name another file with --dead-letters",
            ) from error

    def _write(self, data: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "a+b") as file:
            file.write(b"\n" + data if _is_torn(file) else data)
            file.flush()
            os.fsync(file.fileno())


_ENCODER: Final = msgspec.json.Encoder()


def _is_torn(file: BinaryIO) -> bool:
    """Tell whether the last record lacks its end, because a crash or a full disk cut it."""
    if not file.seek(0, os.SEEK_END):
        return False

    file.seek(-1, os.SEEK_END)
    return file.read(1) != b"\n"


def _as_text(raw: bytes) -> tuple[str | None, str | None]:
    try:
        return raw.decode(), None
    except UnicodeDecodeError:
        return None, base64.b64encode(raw).decode()
