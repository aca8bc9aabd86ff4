"""Know a log again by the bytes before the position it was read to."""

from __future__ import annotations

from typing import Final

from footfall.errors import SourceError
from footfall.keys import FINGERPRINT_BYTES, fingerprint
from ingest.chunks import Chunk

_TELL_APART: Final = "add --host-label NAME to tell the two apart"


class Trace:
    """What stands before the read position of a source; `fingerprint` is empty while that is not known."""

    def __init__(self, fingerprint: str) -> None:
        self.fingerprint = fingerprint
        self._before = b""
        self._is_known = True

    def recognise(self, name: str, position: int, before: bytes, passed_bytes: int) -> None:
        """Check that a source is the log that was read up to `position`; `before` are the bytes before that.

        Raises `SourceError` when it is another one, or ends before that: `passed_bytes` are what it has up to there.
        """
        if passed_bytes < position:
            raise SourceError(
                f"{name} has {passed_bytes:,} bytes, but {position:,} of it were read before: "
                "it was cut, or it is another log that begins with the same line.",
                hint=_TELL_APART,
            )

        if self.fingerprint and fingerprint(before) != self.fingerprint:
            raise SourceError(
                f"{name} begins with the same line as a log that was read before, but goes on differently.",
                hint=_TELL_APART,
            )

        self._before, self._is_known = before, True

    def follow(self, chunk: Chunk) -> None:
        """Go on behind `chunk`."""
        before = (self._before + chunk.data[-FINGERPRINT_BYTES:])[-FINGERPRINT_BYTES:]
        # Of an oversized line the end was passed over: the source is not recognised until enough was seen behind it.
        has_gap = chunk.oversized or not chunk.line_count
        self._before = b"" if has_gap else before
        self._is_known = not has_gap and (self._is_known or len(before) == FINGERPRINT_BYTES)
        self.fingerprint = fingerprint(before) if self._is_known else ""
