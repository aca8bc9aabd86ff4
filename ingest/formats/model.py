"""What a log format is, and what it makes of lines."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

NO_MATCH: Final = "no-match"
BAD_TIME: Final = "bad-time"
LINE_TOO_LONG: Final = "line-too-long"
LINE_CUT: Final = "line-cut"
REJECT_REASONS: Final[Mapping[str, str]] = {
    NO_MATCH: "the line is not in the format of its log",
    BAD_TIME: "the time is no date and time with an offset from UTC, or not between the years 1970 and 9998",
    LINE_TOO_LONG: "the line is longer than the limit",
    LINE_CUT: "the run was stopped when only the beginning of the line had come out of a pipe",
}

TRANSIENT: Final[Mapping[str, str]] = {
    "forwarded_for": "X-Forwarded-For header as logged",
    "forwarded": "Forwarded header (RFC 7239) as logged",
    "connecting_ip": "client address by the word of a CDN: CF-Connecting-IP, True-Client-IP, X-Real-IP",
    "dnt": "DNT header",
    "gpc": "Sec-GPC header",
    "body": "request body, of which a beacon may be made",
}
"""Columns that a format may give beside those of `footfall.event`: text that later steps read and nobody stores."""

PLACE: Final = ("line_number", "offset", "text")


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a format made of some lines: every line is an event, or several, or rejected, or skipped.

    `events` has line_number, offset and the columns of `footfall.event` (and of `TRANSIENT`) that the format
    carries, null where the line has no value. `rejected` has line_number, offset, reason (a code) and text. Both
    are in the order of the lines. Skipped are blank lines, comments and directives.

    `beacons` tells which of the events are beacons, as `ingest.beacons.recognise.recognise` does when asked for all
    dialects; None where the format has not asked.

    `sent` has the parameters of these beacons where the format has taken them apart itself, decoded and named as the
    dialect's `read_sent` wants them: row (UInt32, which of the events, in their order), name (String, or Enum of the
    distinct names), value (String). None where it has not; the events have queries and bodies then.
    """

    events: pl.DataFrame
    rejected: pl.DataFrame
    skipped_lines: int
    beacons: pl.DataFrame | None = None
    sent: pl.DataFrame | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """A part of a line: the field that took it, the event columns it gives, and the text from `begin` to `end`.

    `begin` and `end` count characters from 0. `value` is what the first of the columns became, None for nothing.
    """

    field: str
    columns: tuple[str, ...]
    begin: int
    end: int
    value: str | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a line is read: its parts in their order, and where that ends if it fails.

    `failed_at` is the column, from 1, of the first character that does not fit, and `expected` what should have stood
    there; None when the line is read. `reason` is the code it is rejected for.
    """

    taken: tuple[Taken, ...]
    failed_at: int | None = None
    expected: str = ""
    reason: str = ""


class Format(ABC):
    """A log format.

    `name` is what users call it, `spec` the text that `ingest.formats.named` makes it from again, `family` the
    heading it stands under in the documents, `example` a line. `header` is the directive that says what the lines
    behind it hold (``#Fields: …``), empty where the format has none or it is not known.
    """

    name: str
    title: str
    family: str
    example: str

    @property
    def spec(self) -> str:
        """Return the text the format can be made from again: its name, or its kind and definition."""
        return self.name

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """Return the columns the format can carry, of the event and of `TRANSIENT`."""

    @property
    def clue(self) -> str:
        """Return an expression that one of some lines matches if the format reads any of them; empty where it has
        none.

                It is quick to try: the beginning of a line, the name of a member, a directive.
        """
        return ""

    @abstractmethod
    def parse(self, lines: pl.DataFrame, header: str = "") -> Parsed:
        """Read lines with line_number, offset and text, as `ingest.lines.split_lines` gives them; never raises.

        The directive in force at the first of them is `header`.
        """

    @abstractmethod
    def is_whole(self, line: str) -> bool:
        """Tell whether a line without newline surely has its end, so that nothing of it can still come."""

    @abstractmethod
    def explain(self, line: str, header: str = "") -> Explanation:
        """Return field by field how `line` is read, or at which column it fails."""

    def reject(self, lines: pl.DataFrame, reason: str) -> Parsed:
        """Return all lines as rejected for one reason, beside no events in the columns that `parse` gives."""
        return Parsed(self.parse(lines.clear()).events, rejecting(lines, reason), 0)


def rejecting(lines: pl.DataFrame, reason: str) -> pl.DataFrame:
    """Return lines as the `rejected` of a `Parsed`."""
    return lines.select("line_number", "offset", pl.lit(reason).alias("reason"), "text")


HEADER_PREFIX: Final = b"#Fields:"
"""How a directive begins that says what the lines behind it hold (W3C Extended Log File Format, working draft)."""


@dataclass(frozen=True, slots=True)
class Headers:
    """The directives of some lines: where each begins, and the one in force before the first and behind each."""

    begins: tuple[int, ...]
    texts: tuple[str, ...]

    @classmethod
    def of(cls, data: bytes, header: str) -> Headers:
        """Return the directives of `data`, at whose beginning `header` is in force."""
        begins = []
        begin = data.find(HEADER_PREFIX)
        while begin >= 0:
            if _begins_line(data, begin):
                begins.append(begin)

            begin = data.find(HEADER_PREFIX, begin + 1)

        return cls(tuple(begins), (header, *(_header_at(data, begin) for begin in begins)))

    def at(self, place: int) -> str:
        """Return the directive in force at the line that begins at byte `place`."""
        return self.texts[bisect_left(self.begins, place)]


def header_after(data: bytes, header: str) -> str:
    """Return the directive in force behind the lines of `data`, at whose beginning it was `header`."""
    begin = data.rfind(HEADER_PREFIX)
    while begin >= 0 and not _begins_line(data, begin):
        begin = data.rfind(HEADER_PREFIX, 0, begin)

    return header if begin < 0 else _header_at(data, begin)


def _begins_line(data: bytes, at: int) -> bool:
    """Tell whether a line begins at `at`, or would without the zero bytes or the byte-order mark in front of it.

    The mark counts at the very beginning only: its last byte ends other characters, too, which strangers may send.
    """
    if at == len(_BYTE_ORDER_MARK) and data.startswith(_BYTE_ORDER_MARK):
        return True

    while at and not data[at - 1]:
        at -= 1

    return at == 0 or data[at - 1 : at] == b"\n"


def _header_at(data: bytes, begin: int) -> str:
    end = data.find(b"\n", begin)
    line = data[begin : end if end >= 0 else None]
    return line.rstrip(b"\r").decode(errors="backslashreplace")[:LONGEST_HEADER]


_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
LONGEST_HEADER: Final = 16_384
"""Characters of a directive that count: it is stored in checkpoints."""
