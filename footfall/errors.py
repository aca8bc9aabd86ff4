"""What can go wrong, as the user meets it: one sentence, one hint, one exit code.

::

    FootfallError            1  unexpected
    ├── SettingsError        2  an option or a setting does not make sense
    ├── TooManyRejected      3  more lines were refused than the run allows
    ├── StoreError           4  the store cannot be used
    │   ├── StoreUnreachable 4  no answer from the endpoint
    │   ├── AccessDenied     4  credentials missing, wrong, expired or not allowed
    │   ├── TableMissing     4  the table does not exist
    │   ├── SchemaMismatch   4  the table was made by another version or layout
    │   └── SourceTaken      4  another run reads the source, or has taken it over
    ├── StoppedEarly         5  stopped before everything read was acknowledged; nothing is lost
    ├── InputError           6  a source or a format
    │   ├── SourceError      6  a file cannot be opened or read, or is damaged
    │   └── FormatError      6  lines are in no known format
    └── GapFound             7  less is stored or kept than is accounted for

Exit code 0 is success, 2 also what click uses for a wrong command line.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar


class FootfallError(Exception):
    """Say what failed, on what and why; `details` are lines of evidence, `hint` is what to type next."""

    exit_code: ClassVar[int] = 1

    def __init__(self, sentence: str, *, hint: str | None = None, details: Sequence[str] = ()) -> None:
        super().__init__(sentence)
        self.hint = hint
        self.details = tuple(details)


class SettingsError(FootfallError):
    """An option, an environment variable or a combination of them makes no sense."""

    exit_code = 2


class TooManyRejected(FootfallError):
    """More lines were refused than the run allows."""

    exit_code = 3


class StoreError(FootfallError):
    """The store refuses or cannot do what is asked."""

    exit_code = 4


class StoreUnreachable(StoreError):
    """The store's endpoint does not answer."""


class AccessDenied(StoreError):
    """Credentials are missing, wrong, expired or do not allow the operation."""


class TableMissing(StoreError):
    """A table of the store does not exist."""


class SchemaMismatch(StoreError):
    """The table's recorded layout or version is not the one this run would write."""


class SourceTaken(StoreError):
    """Another run reads the source, or has taken it over from this one."""


class StoppedEarly(FootfallError):
    """The run ended before everything it read was acknowledged; the next run goes on from there."""

    exit_code = 5


class InputError(FootfallError):
    """Something about the input."""

    exit_code = 6


class SourceError(InputError):
    """A source cannot be opened, read or decompressed."""


class FormatError(InputError):
    """Lines are in no known format, or not in the one named."""


class GapFound(FootfallError):
    """`footfall verify` found that less is stored, or kept in the dead letters, than the checkpoints account for; or
    `footfall forget` found that something of a person is left.
    """

    exit_code = 7
