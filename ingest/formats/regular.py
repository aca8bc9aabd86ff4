"""Formats that are a table of fields, read by regular expressions.

A line is read in two stages. Nearly all lines of nearly all logs pass the strict expression, which is fast.
What it refuses is tried with the tolerant one; blank lines and comments are set aside first. What both refuse
is rejected, with its reason, never dropped.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from ingest.formats.fields import CLOSED_OR_CUT, Field
from ingest.formats.finish import TimeReader, finish, is_skipped
from ingest.formats.model import NO_MATCH, PLACE, Explanation, Format, Parsed, rejecting
from ingest.formats.times import read_apache_time
from ingest.formats.values import split_requests, unescape

_ESCAPED_TEXTS = ("user", "referrer", "user_agent")


@dataclass(frozen=True, slots=True)
class RegularFormat(Format):
    """A format of fields in the order of the line, separated by one space.

    `rest` is a tolerant expression of what may follow the last field.
    """

    name: str
    title: str
    fields: tuple[Field, ...]
    rest: str
    example: str
    family: str = "Web servers"
    read_time: TimeReader = read_apache_time

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

    def parse(self, lines: pl.DataFrame, header: str = "") -> Parsed:
        """Read lines; see `Format.parse`."""
        strict = _extract(lines, self.strict)
        is_read = strict["time"].is_not_null()
        if is_read.all():
            return finish(strict, rejecting(strict.clear(), NO_MATCH), 0, self.read_time)

        rest = lines.filter(~is_read)
        unread = rest.filter(~is_skipped())
        tolerant = _extract(unread, self.tolerant)
        is_event = tolerant["time"].is_not_null()
        events = pl.concat([strict.filter(is_read), _cook(tolerant.filter(is_event))], how="diagonal")
        unmatched = rejecting(unread.filter(~is_event), NO_MATCH)
        skipped = len(rest) - len(unread)
        return finish(events.sort("line_number", "offset"), unmatched, skipped, self.read_time)

    def is_whole(self, line: str) -> bool:
        """Tell whether a line surely has its end: every quotation mark is closed."""
        return bool(pl.Series([line]).str.contains(self.whole).all())

    def explain(self, line: str, header: str = "") -> Explanation:
        """Return how `line` is read."""
        return Explanation(())


def _extract(lines: pl.DataFrame, expression: str) -> pl.DataFrame:
    """Return the lines with one column for each named group; all are null where a line does not match."""
    groups = pl.col("text").str.extract_groups(expression).struct.unnest()
    return lines.select(*PLACE, groups)


def _cook(events: pl.DataFrame) -> pl.DataFrame:
    """Give what the tolerant expression read the columns and the meaning of what the strict one reads."""
    plain = events.with_columns(unescape(events[name]) for name in _ESCAPED_TEXTS if name in events.columns)
    return split_requests(plain)
