"""Tell what is surely no log, so that a folder with other things in it can be read as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

DATASET_MARKER: Final = ".footfall.json"
"""File that says that a folder is a dataset of our reports."""

_BEGINNING_BYTES: Final = 4096
_MAGICS: Final[Mapping[bytes, str]] = {
    b"SQLite format 3\0": "an SQLite database",
    b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7": "the journal of an SQLite database",
    b"\x37\x7f\x06\x82": "the write-ahead log of an SQLite database",
    b"\x37\x7f\x06\x83": "the write-ahead log of an SQLite database",
    b"\x18\xe2\x2d\x00": "the index of an SQLite database",
    b"PK\x03\x04": "a ZIP archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"\x7fELF": "a program",
    b"MZ\x90\x00": "a program",
    b"\xca\xfe\xba\xbe": "a program",
    b"\xcf\xfa\xed\xfe": "a program",
    b"\x89PNG\r\n\x1a\n": "an image",
    b"\xff\xd8\xff": "an image",
    b"GIF87a": "an image",
    b"GIF89a": "an image",
    b"\x00\x00\x01\x00": "an image",
    b"%PDF-": "a PDF document",
    b"wOFF": "a font",
    b"wOF2": "a font",
    b"LPKSHHRH": "a journal of systemd",
}
"""First bytes → what has them."""

_TAR_PLACE: Final = 257
_TAR_MAGIC: Final = b"ustar"
_LETTER_BEGINS: Final = (b'{"source":"', b'{"outcome":"')
_LETTER_HAS: Final = (b'"source_id":"', b'"offset":')


def what_else(path: Path | str) -> str | None:
    """Return what a file is that is surely no log; None for all others, and for what cannot be read."""
    try:
        with Path(path).open("rb") as file:
            beginning = file.read(_BEGINNING_BYTES)
    except OSError:
        return None

    if beginning.startswith(_LETTER_BEGINS) and all(part in beginning for part in _LETTER_HAS):
        return "a file of dead letters"

    if beginning[_TAR_PLACE:].startswith(_TAR_MAGIC):
        return "a TAR archive"

    return next((name for magic, name in _MAGICS.items() if beginning.startswith(magic)), None)
