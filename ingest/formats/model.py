"""A format: a table of fields and how a frame of lines is read with it.

A line is read in two stages. Nearly all lines of nearly all logs pass the strict expression, which is fast.
What it refuses is tried with the tolerant one; blank lines and comments are set aside first. What both refuse
is rejected, with its reason, never dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from ingest.formats.fields import CLOSED_OR_CUT, Field
from ingest.formats.times import is_time, read_time
from ingest.formats.values import split_requests, unescape

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

LARGEST_COUNT: Final = 2**53
"""A number of bytes above this is no number of bytes, and sums of them would not fit into 64 bits."""

_BLANK: Final = " \t\v\f\r\n\0"
_ABSENT: Final = ("-", "")
_NUMBERS: Final = ("status", "bytes")
_OPTIONAL_TEXTS: Final = ("host", "ip", "user", "referrer", "user_agent")
_ESCAPED_TEXTS: Final = ("user", "referrer", "user_agent")
_PLACE: Final = ("line_number", "offset", "text")


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a format made of some lines: as many events, rejected and skipped lines as there were lines.

    `events` has line_number, offset and the columns of `footfall.event` that the format carries, null where
    the line has no value. `rejected` has line_number, offset, reason (a code of `REJECT_REASONS`) and text.
    Both are in the order of the lines. Skipped are blank lines and comments, which begin with ``#``.
    """

    events: pl.DataFrame
    rejected: pl.DataFrame
    skipped_lines: int


@dataclass(frozen=True, slots=True)
class Format:
    """A log format: its fields, in the order of the line, separated by one space.

    `rest` is a tolerant expression of what may follow the last field.
    """

    name: str
    title: str
    fields: tuple[Field, ...]
    rest: str
    example: str

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the event columns the format carries."""
        return tuple(column for field in self.fields for column in field.columns)

    @property
    def strict(self) -> str:
        """Return the expression of a well-formed line."""
        return "^" + " ".join(field.strict for field in self.fields) + "$"

    @property
    def tolerant(self) -> str:
        """Return the expression of a line as it may be: see `ingest.formats.fields`."""
        # A field that was cut has eaten the end of the line, so the separator and the fields behind it are
        # optional.
        fields = [field.tolerant for field in self.fields]
        cuttable = sum(expression.endswith("$)") for expression in fields)
        whole, cut = fields[: len(fields) - cuttable], fields[len(fields) - cuttable :]
        expression = "^\0*" + " ".join([*whole, *cut[:1]])
        return expression + "".join(f"(?: {field})?" for field in cut[1:]) + self.rest + "$"

    @property
    def whole(self) -> str:
        """Return the expression of a line that surely has its end: tolerant, with every quotation mark closed."""
        closed = [field.tolerant.replace(CLOSED_OR_CUT, '"') for field in self.fields]
        return "^\0*" + " ".join(closed) + "$"

    def parse(self, lines: pl.DataFrame) -> Parsed:
        """Read lines with line_number, offset and text, as `ingest.lines.split_lines` gives them; never
        raises.
        """
        strict = _extract(lines, self.strict)
        is_read = strict["time"].is_not_null()
        if is_read.all():
            return _finish(strict, _rejecting(strict.clear(), NO_MATCH), 0)

        rest = lines.filter(~is_read)
        unread = rest.filter(~_is_skipped())
        tolerant = _extract(unread, self.tolerant)
        is_event = tolerant["time"].is_not_null()
        events = pl.concat([strict.filter(is_read), _cook(tolerant.filter(is_event))], how="diagonal")
        unmatched = _rejecting(unread.filter(~is_event), NO_MATCH)
        return _finish(events.sort("line_number", "offset"), unmatched, len(rest) - len(unread))

    def reject(self, lines: pl.DataFrame, reason: str) -> Parsed:
        """Return all lines as rejected for one reason, beside no events in the columns that `parse` gives."""
        return Parsed(self.parse(lines.clear()).events, _rejecting(lines, reason), 0)


def _extract(lines: pl.DataFrame, expression: str) -> pl.DataFrame:
    """Return the lines with one column for each named group; all are null where a line does not match."""
    groups = pl.col("text").str.extract_groups(expression).struct.unnest()
    return lines.select(*_PLACE, groups)


def _is_skipped() -> pl.Expr:
    text = pl.col("text").fill_null("")
    return text.str.starts_with("#") | (text.str.strip_chars(_BLANK) == "")


def _rejecting(lines: pl.DataFrame, reason: str) -> pl.DataFrame:
    return lines.select("line_number", "offset", pl.lit(reason).alias("reason"), "text")


def _cook(events: pl.DataFrame) -> pl.DataFrame:
    """Give what the tolerant expression read the columns and the meaning of what the strict one reads."""
    plain = events.with_columns(unescape(events[name]) for name in _ESCAPED_TEXTS if name in events.columns)
    return split_requests(plain)


def _finish(events: pl.DataFrame, unmatched: pl.DataFrame, skipped_lines: int) -> Parsed:
    """Type the columns and set aside the events whose time cannot be read."""
    typed = events.with_columns(_typed(events))
    is_good = is_time(typed["time"])
    if not is_good.all():
        bad_times = _rejecting(typed.filter(~is_good), BAD_TIME)
        unmatched = pl.concat([unmatched, bad_times]).sort("line_number", "offset")
        typed = typed.filter(is_good)

    return Parsed(typed.drop("text"), unmatched, skipped_lines)


def _typed(events: pl.DataFrame) -> list[pl.Expr]:
    present = set(events.columns)
    texts = [_optional(name) for name in _OPTIONAL_TEXTS if name in present]
    numbers = [_number(name) for name in _NUMBERS if name in present]
    query = pl.when(pl.col("query") != "").then("query").alias("query")
    return [read_time(pl.col("time")), *texts, *numbers, query, pl.lit("request").alias("kind")]


def _number(name: str) -> pl.Expr:
    number = pl.col(name).cast(pl.Int64, strict=False)
    return pl.when(number <= LARGEST_COUNT).then(number).alias(name)


def _optional(name: str) -> pl.Expr:
    return pl.when(~pl.col(name).is_in(_ABSENT)).then(name).alias(name)
