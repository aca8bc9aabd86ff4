"""The W3C Extended Log File Format, read by its own directives: IIS, CloudFront, ISA, NetScaler, SHOUTcast.

``#Fields:`` says what the lines behind it hold, and may say something else further down. Lines are separated by
tabs where they hold one, else by single spaces; texts may stand in quotation marks, doubled inside. Times are in
UTC. A line of which no directive is known is rejected, and so is one under a list of fields that is another
dialect's, when a dialect was asked for by name; `w3c` reads them all. A list with a time and no date gives no
event: the date would depend on what was read before. Times that are named as local ones (IIS Advanced Logging) are
taken to be in UTC where the list has no others, because it does not say how far they are from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from footfall.errors import FormatError
from footfall.event import SCHEMA
from ingest.formats.delimited import as_it_is, explain_row, read_row
from ingest.formats.finish import finish
from ingest.formats.model import LONGEST_HEADER, NO_MATCH, PLACE, Explanation, Format, Parsed, rejecting
from ingest.formats.readings import derive
from ingest.formats.w3c_fields import (
    ANY,
    COLUMNS,
    DIALECTS,
    REALTIME,
    REALTIME_FIELDS,
    REALTIME_NEEDED,
    Dialect,
)
from ingest.formats.w3c_layout import PREFIX, Layout, layout_of

_DIRECTIVE: Final = "^[\0\ufeff]*#"


@dataclass(frozen=True, slots=True)
class W3CFormat(Format):
    """The format in one dialect, or in any when `dialect` is None.

    `definition` is the list of fields that a user gave: it is in force until a directive comes, and for good when it
    `is_fixed`. Lines then have at least the first `needed` of the fields, or all.
    """

    name: str
    title: str
    family: str
    example: str
    dialect: Dialect | None = None
    definition: str = ""
    is_fixed: bool = False
    needed: int = 0

    @property
    def spec(self) -> str:
        """Return the name, and the list of fields when a user gave one."""
        return f"{self.name}:{self.definition}" if self.definition and not self.needed else self.name

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that any list of fields gives."""
        return ("time", *(column for column in COLUMNS if column != "time"))

    @property
    def clue(self) -> str:
        """Return the expression of the directive that no line is read without; see `Format.clue`."""
        return "" if self.is_fixed or self.definition else _DIRECTIVE + PREFIX[1:]

    def parse(self, lines: pl.DataFrame, header: str = "") -> Parsed:
        """Read lines, under `header` until they hold a directive; see `Format.parse`."""
        is_directive = lines["text"].str.contains(_DIRECTIVE).fill_null(value=False)
        if self.is_fixed or not is_directive.any():
            return self._parse_under(lines.filter(~is_directive), header, int(is_directive.sum()))

        in_force = pl.when(pl.col("text").str.contains(_DIRECTIVE + PREFIX[1:])).then("text").forward_fill()
        named = lines.with_columns(in_force.fill_null(header).str.head(LONGEST_HEADER).alias("header"))
        runs = named.filter(~is_directive).partition_by("header", maintain_order=True)
        parsed = [self._parse_under(run.select(*PLACE), run["header"][0]) for run in runs]
        return _together([self._parse_under(lines.clear(), header), *parsed], int(is_directive.sum()))

    def _parse_under(self, lines: pl.DataFrame, header: str, skipped: int = 0) -> Parsed:
        """Read lines that hold no directive."""
        layout = self._layout(header)
        if layout is None:
            blank = lines["text"].fill_null("").str.strip_chars(" \t\v\f\0") == ""
            nothing = _filled(lines.clear().select("line_number", "offset"))
            return Parsed(nothing, rejecting(lines.filter(~blank), NO_MATCH), skipped + int(blank.sum()))

        raw, unmatched, blank_lines = _read(lines, layout)
        parsed = finish(_derived(raw, layout), unmatched, skipped + blank_lines, as_it_is)
        return Parsed(_filled(parsed.events), parsed.rejected, parsed.skipped_lines)

    def _layout(self, header: str) -> Layout | None:
        """Return how lines are read under a directive; None when there is none, or one of another dialect."""
        if self.is_fixed:
            return layout_of(self.definition, self.dialect, self.needed)

        layout = layout_of(header or self.definition)
        is_foreign = layout is not None and self.dialect is not None and layout.dialect != self.dialect
        return None if is_foreign else layout

    def is_whole(self, line: str) -> bool:
        """Return False: a line does not tell that its last value has its end."""
        return False

    def explain(self, line: str, header: str = "") -> Explanation:
        """Return field by field how `line` is read under `header`."""
        if line.lstrip("\0\ufeff").startswith("#"):
            return Explanation(())

        layout = self._layout(header)
        if layout is None:
            return Explanation((), 1, f"a line {PREFIX} before it, of this dialect", NO_MATCH)

        return explain_row(line, layout.tabbed if "\t" in line else layout.spaced, self, header)


def _read(lines: pl.DataFrame, layout: Layout) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """Return the captured texts of lines, those rejected, and how many are blank."""
    is_tabbed = lines["text"].str.contains("\t", literal=True).fill_null(value=False)
    if not is_tabbed.any():
        return read_row(lines, layout.spaced, "", _unquoted)

    tabbed, rest, skipped = read_row(lines.filter(is_tabbed), layout.tabbed, "", _unquoted)
    if is_tabbed.all() and rest.is_empty():
        return tabbed, rest, skipped

    others = pl.concat([lines.filter(~is_tabbed), rest.select(*PLACE)]).sort("line_number", "offset")
    spaced, unmatched, blank = read_row(others, layout.spaced, "", _unquoted)
    return pl.concat([tabbed, spaced]).sort("line_number", "offset"), unmatched, skipped + blank


def _unquoted(value: str) -> str:
    """Return a value without the quotation marks around it."""
    if len(value) > 1 and value[0] == value[-1] == '"':
        return value[1:-1].replace('""', '"')

    return value


def _derived(raw: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    if layout.moment is not None:
        raw = raw.with_columns(pl.concat_str(layout.moment, separator=" ").alias("moment"))

    extracted = derive(raw, layout.sources)
    return extracted if "time" in extracted.columns else extracted.with_columns(_null("time"))


def _null(column: str) -> pl.Expr:
    return pl.lit(None, SCHEMA.get(column, pl.String)).alias(column)


def _filled(events: pl.DataFrame) -> pl.DataFrame:
    """Return events with all columns of the format, null where the list of fields has none."""
    kind = pl.col("kind") if "kind" in events.columns else _null("kind")
    present = (pl.col(column) if column in events.columns else _null(column) for column in _EVENT)
    return events.select("line_number", "offset", *present, kind)


_EVENT: Final = ("time", *(column for column in COLUMNS if column != "time"))


def _together(parts: list[Parsed], skipped: int) -> Parsed:
    events = pl.concat([part.events for part in parts]).sort("line_number", "offset")
    rejected = pl.concat([part.rejected for part in parts]).sort("line_number", "offset")
    return Parsed(events, rejected, skipped + sum(part.skipped_lines for part in parts))


def w3c(definition: str) -> W3CFormat:
    """Return the format with a list of fields in force from the beginning: ``#Fields: date time …``."""
    if layout_of(definition) is None:
        raise _no_fields("w3c", "#Fields: date time c-ip cs-method cs-uri-stem sc-status")

    return W3CFormat("w3c", ANY.title, ANY.family, ANY.example, definition=definition)


def cloudfront_realtime(definition: str) -> W3CFormat:
    """Return CloudFront's real-time log with the fields, in their order, of its configuration."""
    if layout_of(definition, REALTIME) is None:
        raise _no_fields(REALTIME.name, "timestamp c-ip sc-status cs-method cs-host cs-uri-stem")

    return W3CFormat(
        REALTIME.name, REALTIME.title, REALTIME.family, _REALTIME_LINE, REALTIME, definition, is_fixed=True
    )


def _no_fields(kind: str, example: str) -> FormatError:
    return FormatError(
        "The list of fields has none that is known, or too many.", hint=f"--format '{kind}:{example}'"
    )


_REALTIME_LINE: Final = (
    "1768644303.123\t192.0.2.7\t0.002\t200\t5316\tGET\thttps\td111111abcdef8.cloudfront.net\t/shop?page=2\t423\t"
    "FRA56-P1\tabc==\twww.example.com\t0.012\tHTTP/2.0\tIPv4\tMozilla/5.0%20(X11;%20Linux%20x86_64)\t-\t-\tpage=2\t"
    "Hit\t-\tTLSv1.3\tTLS_AES_128_GCM_SHA256\tHit\t-\t-\ttext/html\t5316\t-\t-\t51234\tHit\tDE\tgzip\t*/*\t*\t"
    "Host:www.example.com\tHost\t1\tE1EXAMPLE\td111111abcdef8.cloudfront.net\t-\t-\t64496"
)

W3C: Final = (
    # The general one first: of formats that make the same of a log, it is in the last (`ingest.formats.detect`).
    W3CFormat("w3c", ANY.title, ANY.family, ANY.example),
    *(W3CFormat(own.name, own.title, own.family, own.example, own) for own in DIALECTS),
    W3CFormat(
        REALTIME.name,
        REALTIME.title,
        REALTIME.family,
        _REALTIME_LINE,
        REALTIME,
        REALTIME_FIELDS,
        is_fixed=True,
        needed=REALTIME_NEEDED,
    ),
)
