"""What an output is: answers in, bytes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO, Protocol

from reports.answer import Answer


class Output(Protocol):
    """A form that answers can be written in.

    `suffix` ends the names of its files, without a dot. `is_text` says that it may be shown on a terminal,
    `takes_many` that several answers can follow each other in one stream, `is_whole` that all answers of a run
    make one file, named as if of a report called ``report``.
    """

    @property
    def name(self) -> str:
        """Return what ``--format`` calls it."""
        ...

    @property
    def suffix(self) -> str:
        """Return what its file names end in."""
        ...

    @property
    def is_text(self) -> bool:
        """Whether a terminal can show it."""
        ...

    @property
    def takes_many(self) -> bool:
        """Whether one stream can hold several answers."""
        ...

    @property
    def is_whole(self) -> bool:
        """Whether all answers of a run go into one file, rather than a file for each."""
        ...

    def write(self, answers: Sequence[Answer], stream: BinaryIO) -> None:
        """Write `answers` to `stream`, which stays open."""
        ...
