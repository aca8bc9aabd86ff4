"""What is read of a part of a line: texts, numbers, times, addresses, URLs and request lines into event columns.

A reading is columnar: it makes expressions of the expression of a text. Only what Polars has no expression for
(percent-encoding, escapes) is worked out in Python, once per distinct text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

import polars as pl

from footfall.event import TIME
from ingest.formats.finish import ABSENT
from ingest.formats.model import PLACE
from ingest.formats.times import read_apache_time

Expand = Callable[[pl.Expr], pl.Expr]
Read = Callable[[pl.Expr], Sequence[pl.Expr]]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one text gives: an expression for each of `columns`.

    `expand` is worked out first, once, where several columns need it.
    """

    columns: tuple[str, ...]
    read: Read
    expand: Expand | None = None


def derive(raw: pl.DataFrame, sources: Iterable[tuple[str, Reading]]) -> pl.DataFrame:
    """Return line_number, offset, text and the columns that `sources`, columns of `raw`, are read into.

    What several sources give is taken of the first that has it; times taken are added up, null if one is unknown.
    """
    found: dict[str, list[pl.Expr]] = {}
    expanded = []
    for group, reading in sources:
        if reading.expand is not None:
            expanded.append(reading.expand(pl.col(group)).alias(group))

        for column, expression in zip(reading.columns, reading.read(pl.col(group)), strict=True):
            found.setdefault(column, []).append(expression)

    if expanded:
        raw = raw.with_columns(expanded)

    return raw.select(*PLACE, *(_together(column, values).alias(column) for column, values in found.items()))


def _together(column: str, values: list[pl.Expr]) -> pl.Expr:
    if len(values) == 1:
        return values[0]

    return sum(values[1:], values[0]).round(3) if column == "duration_ms" else pl.coalesce(values)


def _known(text: pl.Expr) -> pl.Expr:
    return pl.when(~text.is_in(ABSENT)).then(text)


def text(column: str) -> Reading:
    """Read a text as it is, null where it is absent."""
    return Reading((column,), lambda value: (_known(value),))


def number(column: str) -> Reading:
    """Read a number; what is none becomes null (see `ingest.formats.finish`)."""
    return Reading((column,), lambda value: (value,))


STATUS: Final = Reading(("status",), lambda value: (pl.when(value.str.len_bytes() == 3).then(value),))
"""An HTTP status code; ``-1`` and the numbers of other protocols and of Windows are none."""


def duration(milliseconds: float) -> Reading:
    """Read a time taken, in units of so many milliseconds; -1 stands for unknown."""

    def read(value: pl.Expr) -> tuple[pl.Expr]:
        taken = value.cast(pl.Float64, strict=False)
        return (pl.when(taken >= 0).then((taken * milliseconds).round(6)),)

    return Reading(("duration_ms",), read)


def decoded(column: str, decode: Callable[[str], str]) -> Reading:
    """Read a text that was encoded; `decode` works on each distinct text once."""

    def read(value: pl.Expr) -> tuple[pl.Expr]:
        plain = value.map_batches(lambda texts: each_once(texts, decode), return_dtype=pl.String)
        return (_known(plain),)

    return Reading((column,), read)


def each_once(texts: pl.Series, change: Callable[[str], str]) -> pl.Series:
    """Return `texts` changed, each distinct one worked out once."""
    distinct = texts.drop_nulls().unique()
    changed = pl.Series([change(value) for value in distinct], dtype=pl.String)
    return texts.replace(distinct, changed) if len(distinct) else texts


def unquote(value: str) -> str:
    """Return a percent-encoded text decoded; what is not UTF-8 then reads ``\\xhh``."""
    return unquote_to_bytes(value).decode(errors="backslashreplace") if "%" in value else value


def unquote_twice(value: str) -> str:
    """Return a text decoded that CloudFront has encoded on top of what the client had: ``%2520`` is a space."""
    return unquote(unquote(value))


def unplus(value: str) -> str:
    """Return a text as before IIS wrote ``+`` for its spaces: the second of two in a row was a ``+`` itself."""
    return value.replace("++", " \0").replace("+", " ").replace("\0", "+")


def tls_version(value: str) -> str:
    """Return the version of TLS as OpenSSL writes it: TLSv1.2 for tlsv12 and TLSV1.2."""
    return _TLS.sub(r"TLSv\1.\2", value)


_TLS: Final = re.compile(r"^tlsv?([0-9])[._]?([0-9])$", re.IGNORECASE)

APACHE_TIME: Final = Reading(("time",), lambda value: (read_apache_time(value),))


def _naive(form: str, value: pl.Expr) -> tuple[pl.Expr]:
    times = value.str.to_datetime(form, time_unit="ms", strict=False)
    return (times.dt.replace_time_zone("UTC"),)


UTC_TIME: Final = Reading(("time",), lambda value: _naive("%Y-%m-%d %H:%M:%S%.f", value))
"""``2026-01-17 10:05:03``, in UTC."""

ISO_TIME: Final = Reading(
    ("time",), lambda value: _naive("%Y-%m-%dT%H:%M:%S%.f", value.str.strip_suffix("Z"))
)
"""``2026-01-17T10:05:03.123456Z``, in UTC with or without the letter."""

HAPROXY_TIME: Final = Reading(("time",), lambda value: _naive("%d/%b/%Y:%H:%M:%S%.f", value))
"""``17/Jan/2026:10:05:03.123``, taken to be in UTC because it does not say."""


def epoch(per_second: int) -> Reading:
    """Read a time counted from 1970, in so many units a second, with or without a fraction."""

    def read(value: pl.Expr) -> tuple[pl.Expr]:
        milliseconds = (value.cast(pl.Float64, strict=False) * (1000 / per_second)).round()
        kept = pl.when(milliseconds.is_between(0, 2.0**53)).then(milliseconds)
        return (kept.cast(pl.Int64).cast(TIME),)

    return Reading(("time",), read)


ADDRESS: Final = Reading(
    ("ip",), lambda value: (_known(value.str.extract(r"^\[?([^\]]*?)\]?(?::[0-9]+)?$")),)
)
"""An address with a port behind it, in brackets or not."""

HOST: Final = Reading(("host",), lambda value: (_known(value.str.extract(r"^(\[[^\]]*\]|[^:]*)")),))
"""A host, with a port behind it or without."""

FORWARDED_FOR: Final = Reading(
    ("ip", "forwarded_for"), lambda value: (_known(value.str.extract(r"([^ ,]*)$")), _known(value))
)
"""An X-Forwarded-For header that the proxy itself has ended with the address of who was connected to it."""

RESULT: Final = Reading(("cache_status",), lambda value: (_known(value.str.extract("^([^/:]*)")),))
"""Squid's result of a request, before a colon or slash: TCP_HIT."""

RESULT_AND_STATUS: Final = Reading(
    ("cache_status", "status"), lambda value: (*RESULT.read(value), *STATUS.read(value.str.tail(3)))
)
"""Squid's result and the status: TCP_HIT/200; 000 is none."""

_ABSOLUTE: Final = r"(?:[A-Za-z][A-Za-z0-9+.-]*://(?P<host>\[[^\] ]*\]|[^/?#:\] ]*)(?::[0-9-]*)?)?"
_URL: Final = rf"^{_ABSOLUTE}(?P<path>[^?]*)(?:\?(?P<query>.*))?$"
_METHOD: Final = r"(?P<method>[!#$%&'*+.^_`|~0-9A-Za-z-]+)"
_PROTOCOL: Final = r"(?P<protocol>HTTP/[0-9](?:\.[0-9])?)"
_STRICT_REQUEST: Final = rf"^{_METHOD} {_ABSOLUTE}(?P<path>[^ ?]*)(?:\?(?P<query>[^ ]*))? {_PROTOCOL}$"
_REQUEST: Final = (
    rf"^{_METHOD} {_ABSOLUTE}(?:(?P<path>[^ ?][^?]*?)?(?:\?(?P<query>.*?))? {_PROTOCOL}"
    r"|(?P<bare_path>/[^ ?]*)(?:\?(?P<bare_query>[^ ]*))?)$"
)
_NO_REQUEST: Final = ("-", "", "- - -", "- - - ")


def _url_columns(url: pl.Expr) -> tuple[pl.Expr, ...]:
    host, path = _known(url.struct.field("host")), url.struct.field("path").fill_null("")
    query = url.struct.field("query")
    return (
        host,
        pl.when((path == "") & host.is_not_null()).then(pl.lit("/")).otherwise(_known(path)),
        _known(query),
    )


def split_url(value: pl.Expr) -> pl.Expr:
    """Return URLs as a struct of host, path and query."""
    return value.str.extract_groups(_URL)


URL: Final = Reading(("host", "path", "query"), _url_columns, split_url)
"""A URL, absolute or from its path on. That of a CONNECT request is its authority, as path."""


QUERY: Final = Reading(("query",), lambda value: (_known(value.str.strip_prefix("?")),))
"""A query string, with its question mark or without."""


def encoded_once(reading: Reading) -> Reading:
    """Read a text in which the percent sign of what a client had encoded is encoded once more: ``%2520``."""
    expand = reading.expand

    def undo(value: pl.Expr) -> pl.Expr:
        once = value.str.replace_all("%25([0-9A-Fa-f]{2})", "%${1}")
        return once if expand is None else expand(once)

    return Reading(reading.columns, reading.read, undo)


def _request_columns(request: pl.Expr) -> tuple[pl.Expr, ...]:
    line = request.struct.field("line")
    host, path, query = _url_columns(request)
    is_http = request.struct.field("method").is_not_null()
    method, protocol = request.struct.field("method"), request.struct.field("protocol")
    return (
        _known(method),
        host,
        pl.when(is_http).then(path),
        query,
        protocol,
        pl.when(~is_http & ~line.is_in(_NO_REQUEST)).then(line),
    )


_REQUEST_PARTS: Final = ("method", "host", "path", "query", "protocol")
_REQUEST_TYPE: Final = pl.Struct(dict.fromkeys((*_REQUEST_PARTS, "line"), pl.String))


def _split_requests(lines: pl.Series) -> pl.Series:
    """Return request lines as a struct; the tolerant expression is tried only where the strict one fails."""
    parts = lines.str.extract_groups(_STRICT_REQUEST).struct.unnest()
    if parts["method"].null_count() > lines.null_count():
        more = lines.str.extract_groups(_REQUEST).struct.unnest()
        bare = {
            "path": more["path"].fill_null(more["bare_path"]),
            "query": more["query"].fill_null(more["bare_query"]),
        }
        parts = parts.with_columns(
            parts[name].fill_null(bare.get(name, more[name])) for name in _REQUEST_PARTS
        )

    return parts.select(*_REQUEST_PARTS, lines.alias("line")).to_struct(lines.name)


def request_parts(value: pl.Expr) -> pl.Expr:
    """Return request lines as a struct of their parts and of the line itself."""
    return value.map_batches(_split_requests, return_dtype=_REQUEST_TYPE)


REQUEST: Final = Reading(
    ("method", "host", "path", "query", "protocol", "request"), _request_columns, request_parts
)
"""A request line (RFC 9112, 3), of which an absolute target gives the host; one that is not HTTP is kept as it is."""
