"""The fields of the W3C Extended Log File Format: what each is read into, and whose dialect a list of them is.

Names are those of the working draft (W3C, WD-logfile-960323), IIS 10 ("W3C Extended Log File Format"), CloudFront
("Standard log file fields", "Real-time log configuration fields"), ISA Server and Forefront TMG ("Web proxy log
fields"), NetScaler ("Web server logging"), SHOUTcast DNAS, and of ASP.NET Core, Blue Coat, IIS Advanced Logging,
Incapsula and Tomcat where they are their own. Cookies and request headers in bulk are never read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import polars as pl

from ingest.formats import readings as r


@dataclass(frozen=True, slots=True)
class Dialect:
    """A maker's way to write the format.

    `marks` are fields that only it has: one of them in a list is enough. `milliseconds` is the unit of `time-taken`,
    None where whole numbers are milliseconds and numbers with a fraction are seconds. `decode` gives a user agent
    back its spaces. `is_encoded` when the percent sign of what a client had encoded is encoded once more.
    """

    name: str
    title: str
    family: str
    marks: frozenset[str]
    milliseconds: float | None
    decode: Callable[[str], str]
    example: str
    is_encoded: bool = False


def plain_agent(value: str) -> str:
    """Return a user agent with its spaces back, which servers write as ``+`` or ``%20``, or in quotes as they are."""
    if " " in value:
        return value

    return r.unquote(value) if "%20" in value else r.unplus(value)


_AGENT: Final = "Mozilla/5.0+(X11;+Linux+x86_64)"

ANY: Final = Dialect(
    "w3c",
    "W3C Extended Log File Format, by its #Fields",
    "Web servers",
    frozenset(),
    None,
    plain_agent,
    "#Fields: date time c-ip cs-method cs-uri-stem cs-uri-query sc-status sc-bytes time-taken cs(User-Agent)\n"
    f"2026-01-17 10:05:03 192.0.2.7 GET /shop page=2 200 5316 0.012 {_AGENT}",
)
DIALECTS: Final = (
    Dialect(
        "cloudfront",
        "CloudFront standard log",
        "Content delivery networks",
        frozenset({"x-edge-location", "x-edge-result-type", "x-edge-request-id"}),
        1000,
        r.unquote_twice,
        "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) "
        "cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol "
        "cs-bytes time-taken\n2026-01-17\t10:05:03\tFRA56-P1\t5316\t192.0.2.7\tGET\td111111abcdef8.cloudfront.net\t"
        "/shop\t200\t-\tMozilla/5.0%20(X11;%20Linux%20x86_64)\tpage=2\t-\tHit\tabc==\twww.example.com\thttps\t"
        "423\t0.012",
        is_encoded=True,
    ),
    Dialect(
        "shoutcast",
        "SHOUTcast DNAS W3C log",
        "Media servers",
        frozenset({"x-duration", "c-status", "avgbandwidth"}),
        1000,
        r.unquote,
        "#Fields: c-ip c-dns date time cs-uri-stem c-status cs(User-Agent) sc-bytes x-duration avgbandwidth\n"
        "192.0.2.7 192.0.2.7 2026-01-17 10:05:03 /shop?title=A%20Song 200 WinampMPEG%2F5.0 2350712 147 15991",
    ),
    Dialect(
        "isa",
        "ISA Server and Forefront TMG, web proxy log",
        "Proxies and load balancers",
        frozenset(
            {"c-agent", "cs-referred", "s-object-source", "s-cache-info", "filterinfo", "sc-authenticated"}
        ),
        1,
        plain_agent,
        "#Fields: c-ip\tcs-username\tc-agent\tdate\ttime\ts-computername\tcs-referred\tr-host\ttime-taken\tsc-bytes\t"
        "cs-protocol\ts-operation\tcs-uri\tcs-mime-type\ts-object-source\tsc-status\n192.0.2.7\tanonymous\t"
        "Mozilla/5.0 (X11; Linux x86_64)\t2026-01-17\t10:05:03\tTMG1\t-\twww.example.com\t12\t5316\thttp\tGET\t"
        "http://www.example.com/shop?page=2\ttext/html\tInternet\t200",
    ),
    Dialect(
        "netscaler",
        "NetScaler web server log, W3C",
        "Proxies and load balancers",
        frozenset({"sc-servicename"}),
        1000,
        plain_agent,
        "#Fields: date time c-ip cs-username sc-servicename s-ip s-port cs-method cs-uri-stem cs-uri-query sc-status "
        "cs-bytes sc-bytes time-taken cs-version cs(User-Agent) cs(Cookie) cs(Referer)\n2026-01-17 10:05:03 "
        f"192.0.2.7 - HTTP 198.51.100.8 80 GET /shop page=2 200 423 5316 0 HTTP/1.1 {_AGENT} - -",
    ),
    Dialect(
        "iis",
        "Internet Information Services, W3C",
        "Web servers",
        frozenset({"sc-win32-status", "sc-substatus", "s-sitename"}),
        1,
        plain_agent,
        "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) "
        "cs(Referer) sc-status sc-substatus sc-win32-status time-taken\n2026-01-17 10:05:03 198.51.100.8 GET /shop "
        f"page=2 443 - 192.0.2.7 {_AGENT} - 200 0 0 12",
    ),
)
REALTIME: Final = Dialect(
    "cloudfront_realtime",
    "CloudFront real-time log",
    "Content delivery networks",
    frozenset(),
    1000,
    r.unquote_twice,
    "",
    is_encoded=True,
)


ASP_NET: Final = replace(ANY, marks=frozenset({"s-computername"}), milliseconds=1)
"""The general format as W3CLogger of ASP.NET Core writes it: milliseconds have a fraction (``59.9171``)."""


def dialect_of(fields: tuple[str, ...]) -> Dialect:
    """Return whose list of fields (in lower case) it is: the first dialect that has one of its marks in it."""
    return next((dialect for dialect in (*DIALECTS, ASP_NET) if dialect.marks.intersection(fields)), ANY)


_URL: Final = "url"
_DECODED: Final = "user_agent"
_TAKEN: Final = "duration_ms"

_PREFERRED: Final = (
    ("host", ("x-host-header", "cs(host)", "cs-host")),
    (_URL, ("cs-uri", "cs-uri-stem", "cs-uri-path")),
    ("host", ("r-host", "x-vhost")),
    ("query", ("cs-uri-query",)),
    ("ip", ("c-ip",)),
    ("forwarded_for", ("x-forwarded-for", "cs(x-forwarded-for)", "s-xff")),
    ("forwarded", ("cs(forwarded)",)),
    ("connecting_ip", ("cs(cf-connecting-ip)", "cs(true-client-ip)", "cs(x-real-ip)")),
    ("connecting_ip", ("cf-connecting-ip", "true-client-ip", "x-real-ip")),
    ("user", ("cs-username", "cs-auth-user")),
    ("method", ("cs-method", "s-operation")),
    ("protocol", ("cs-protocol-version", "cs-version")),
    ("status", ("sc-status", "c-status")),
    ("bytes", ("sc-bytes",)),
    (_TAKEN, ("time-taken",)),
    ("duration_s", ("x-duration",)),
    ("whole_ms", ("timetakenms",)),
    (_DECODED, ("cs(user-agent)", "cs-user-agent", "c-agent", "c-user-agent")),
    ("referrer", ("cs(referer)", "cs(referrer)", "cs-referer", "cs-referred", "c-referrer")),
    ("cache_status", ("x-edge-result-type", "s-object-source", "s-action")),
    ("tls_version", ("ssl-protocol",)),
    ("tls_cipher", ("ssl-cipher",)),
    ("mime", ("sc-content-type", "cs-mime-type", "rs(content-type)", "sc(content-type)")),
    ("country", ("c-country", "cs-countrycode")),
    ("language", ("cs(accept-language)",)),
    ("dnt", ("cs(dnt)",)),
    ("gpc", ("cs(sec-gpc)",)),
    ("time", ("timestamp", "x-timestamp")),
)
"""What the fields are read as, in the order in which they are preferred when several give the same column."""

RANKS: Final[Mapping[str, int]] = MappingProxyType(
    {name: rank for rank, name in enumerate(name for _, names in _PREFERRED for name in names)}
)
_KINDS: Final = MappingProxyType({name: kind for kind, names in _PREFERRED for name in names})

_CHAIN: Final = r.Reading(
    ("forwarded_for",), lambda value: r.text("forwarded_for").read(value.str.replace_all(r"\+|%20", " "))
)
"""Addresses with commas and the spaces between them, which IIS writes as ``+`` and CloudFront as ``%20``."""

_SPECIAL: Final[Mapping[str, r.Reading]] = MappingProxyType(
    {
        "forwarded_for": _CHAIN,
        _URL: r.URL,
        "host": r.HOST,
        "status": r.STATUS,
        "bytes": r.number("bytes"),
        "duration_s": r.duration(1000),
        "whole_ms": r.duration(1),
        "tls_version": r.decoded("tls_version", r.tls_version),
        "time": r.epoch(1),
        "query": r.QUERY,
    }
)
COLUMNS: Final = tuple(
    dict.fromkeys(
        column
        for kind, _ in _PREFERRED
        for column in (_SPECIAL[kind].columns if kind in _SPECIAL else (kind,))
    )
)
"""All columns that some field gives."""


def reading_of(field: str, dialect: Dialect) -> r.Reading | None:
    """Return how a dialect's field (in lower case) is read, None when it is not."""
    kind = _KINDS.get(field)
    if kind is None:
        return None

    if kind == _DECODED:
        return r.decoded("user_agent", dialect.decode)

    if kind == _TAKEN:
        return _BY_ITS_LOOK if dialect.milliseconds is None else r.duration(dialect.milliseconds)

    reading = _SPECIAL.get(kind) or r.text(kind)
    return r.encoded_once(reading) if dialect.is_encoded and kind in {_URL, "query", "referrer"} else reading


def _either_unit(value: pl.Expr) -> tuple[pl.Expr, ...]:
    seconds, milliseconds = r.duration(1000).read(value)[0], r.duration(1).read(value)[0]
    return (pl.when(value.str.contains(".", literal=True)).then(seconds).otherwise(milliseconds),)


_BY_ITS_LOOK: Final = r.Reading((_TAKEN,), _either_unit)

REALTIME_FIELDS: Final = (
    "timestamp c-ip time-to-first-byte sc-status sc-bytes cs-method cs-protocol cs-host cs-uri-stem cs-bytes "
    "x-edge-location x-edge-request-id x-host-header time-taken cs-protocol-version c-ip-version cs-user-agent "
    "cs-referer cs-cookie cs-uri-query x-edge-response-result-type x-forwarded-for ssl-protocol ssl-cipher "
    "x-edge-result-type fle-encrypted-fields fle-status sc-content-type sc-content-len sc-range-start sc-range-end "
    "c-port x-edge-detailed-result-type c-country cs-accept-encoding cs-accept cache-behavior-path-pattern cs-headers "
    "cs-header-names cs-headers-count primary-distribution-id primary-distribution-dns-name origin-fbl origin-lbl asn"
)
"""The fields of CloudFront's real-time logs in the order that they are delivered in when all are chosen.

Those behind them (of Common Media Client Data and newer ones) are passed over.
"""

REALTIME_NEEDED: Final = REALTIME_FIELDS.split().index("cs-headers-count") + 1
"""How many of them there were in 2020; a configuration has the fields of its time."""
