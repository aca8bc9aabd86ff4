"""Formats of proxies that are their own: HAProxy, Envoy, Istio, Squid.

Orders and meanings are those of: HAProxy 3.0 Configuration Manual (8.2.3, HTTP log format, 8.2.5,
HTTPS log format, and `option httplog clf`, as HAProxy 2.6.12 was seen to write it), Envoy 1.32 and Istio 1.24 ("access
logging", default format), Squid 6 (logformat `squid`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from footfall.errors import FormatError
from footfall.text import printable
from ingest.formats import readings as r
from ingest.formats.delimited import DelimitedFormat
from ingest.formats.fields import CLOSED_OR_CUT
from ingest.formats.parts import BRACED, BRACKETED, QUOTED, Part, Row, Shape

_FAMILY: Final = "Proxies and load balancers"
_NUMBER: Final = "[0-9]+"
_SIZE: Final = "[0-9]+|-"
_AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64)"


_TIME_TAKEN: Final = r"[-+]?[0-9]+"
_ERRORS: Final = "-?[0-9]+(?:/[-0-9a-fA-F]+){2,4}"
_CIPHERS: Final = "(?:[^ /]*/)?[^ /]*/[^ /]*"
"""What `option httpslog` (HAProxy 2.6, 8.2.5) writes behind the request."""

_CONNECTIONS: Final = ("actconn", "feconn", "beconn", "srv_conn", "retries", "srv_queue", "backend_queue")


def _milliseconds(value: pl.Expr) -> tuple[pl.Expr, ...]:
    return tuple(r.duration(1).read(value.str.extract("(-?[0-9]+)$")))


_TOTAL_TIME: Final = r.Reading(("duration_ms",), _milliseconds)
"""The last of HAProxy's times, Ta or Tt, in milliseconds; -1 for a request that came to nothing."""

_CUT_REQUEST: Final = Shape('"', r'[^"\\]*', ".*?", CLOSED_OR_CUT)
"""A request line; HAProxy cuts lines that are longer than the `len` of its log, 1024 bytes if not told otherwise."""

_TLS: Final = r.Reading(
    ("host", "tls_version", "tls_cipher"),
    lambda value: [
        part.replace("-", None)
        for part in (value.str.extract(r"^(?:([^/]*)/)?([^/]*)/([^/]*)$", group) for group in (1, 2, 3))
    ],
)
"""The name that the client has sent (SNI), where it is logged, TLS version and cipher: ``-`` for what is not known."""

_HEADER_COLUMNS: Final = {
    "host": "host",
    "referer": "referrer",
    "referrer": "referrer",
    "user-agent": "user_agent",
    "x-forwarded-for": "forwarded_for",
    "forwarded": "forwarded",
    "cf-connecting-ip": "connecting_ip",
    "true-client-ip": "connecting_ip",
    "x-real-ip": "connecting_ip",
    "accept-language": "language",
    "dnt": "dnt",
    "sec-gpc": "gpc",
}


def haproxy(definition: str = "") -> DelimitedFormat:
    """Return HAProxy's HTTP log, of which `definition` names the captured request headers: ``Host|User-Agent``.

    Names are in the order of the configuration's ``capture request header``; those without a column are passed over.
    """
    names = _header_names("haproxy", definition)
    return _haproxy(definition, _captured(names) if set(names) & set(_HEADER_COLUMNS) else None)


def haproxy_clf(definition: str = "") -> DelimitedFormat:
    """Return HAProxy's log in the order of the common log; see `haproxy` for the `definition`.

    Captured headers stand at the end, in quotation marks each, those of the response behind those of the request.
    """
    headers = [
        Part(f"captured request header {name}", QUOTED, r.text(column) if column else None)
        for name in _header_names("haproxy_clf", definition)
        for column in [_HEADER_COLUMNS.get(name)]
    ]
    return _haproxy_clf(definition, headers)


def _header_names(format_name: str, definition: str) -> list[str]:
    """Return the names of captured headers in lower case."""
    names = [name.strip().lower() for name in definition.split("|")] if definition else []
    if not all(names):
        sentence = f"A header without name among the captured ones: {printable(definition, 60)!r}."
        raise FormatError(sentence, hint=f"--format '{format_name}:Host|User-Agent|Referer'")

    return names


def _captured(names: Sequence[str]) -> r.Reading:
    """Read the captured headers, separated by bars, as the columns that `names` stand for."""
    places = {_HEADER_COLUMNS[name]: place for place, name in enumerate(names) if name in _HEADER_COLUMNS}

    def read(value: pl.Expr) -> list[pl.Expr]:
        texts = value.str.split("|")
        return [texts.list.get(place, null_on_oob=True) for place in places.values()]

    return r.Reading(tuple(places), read)


def _haproxy(definition: str, captured: r.Reading | None) -> DelimitedFormat:
    return DelimitedFormat(
        "haproxy",
        "HAProxy HTTP log, without the prefix of syslog",
        _FAMILY,
        Row(
            (
                Part("client_ip:client_port", r"[0-9A-Za-z.:\[\]-]+", r.ADDRESS),
                Part("[request_date]", BRACKETED, r.HAPROXY_TIME),
                Part("frontend_name"),
                Part("backend_name/server_name", "[^ /]+/[^ ]+"),
                Part("TR/Tw/Tc/Tr/Ta", r"[-+0-9]+(?:/[-+0-9]+){3,4}", _TOTAL_TIME),
                Part("status_code", "[0-9]{3}|-1", r.STATUS),
                Part("bytes_read", Shape(r"\+?", _NUMBER, _NUMBER, ""), r.number("bytes")),
                Part("captured_request_cookie", "[^ ]+"),
                Part("captured_response_cookie", "[^ ]+"),
                Part("termination_state", "[-A-Za-z]{2,4}"),
                Part("actconn/feconn/beconn/srv_conn/retries", "[0-9+/]+"),
                Part("srv_queue/backend_queue", "[0-9]+/[0-9]+"),
                Part("{captured_request_headers}", BRACED, captured, may_lack=True),
                Part("{captured_response_headers}", BRACED, may_lack=True),
                Part("http_request", _CUT_REQUEST, r.REQUEST, is_glued=True),
                Part("(errors)", Shape(" ", _ERRORS, _ERRORS, ""), may_lack=True, is_glued=True),
                Part("sni/ssl_version/ssl_ciphers", Shape(" ", _CIPHERS, _CIPHERS, ""), _TLS, may_lack=True),
            )
        ),
        "192.0.2.7:33317 [17/Jan/2026:10:05:03.655] http-in static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 "
        '{www.example.com} {} "GET /shop?page=2 HTTP/1.1"',
        definition=definition,
    )


def _haproxy_clf(definition: str, headers: Sequence[Part]) -> DelimitedFormat:
    return DelimitedFormat(
        "haproxy_clf",
        "HAProxy HTTP log in the order of the common log (`option httplog clf`)",
        _FAMILY,
        Row(
            (
                Part("client_ip", r"[0-9A-Za-z.:]+", r.text("ip")),
                Part("-", "-"),
                Part("-", "-"),
                Part("[gmt_date_time]", BRACKETED, r.APACHE_TIME),
                Part("http_request", QUOTED, r.REQUEST),
                Part("status_code", "[0-9]{3}|-1", r.STATUS),
                Part("bytes_read", Shape(r"\+?", _NUMBER, _NUMBER, ""), r.number("bytes")),
                Part("(referrer of the common log)", '""'),
                Part("(user agent of the common log)", '""'),
                Part("client_port", _NUMBER),
                Part("request_date_ms", _NUMBER),
                *(Part(name, QUOTED) for name in ("frontend_name", "backend_name", "server_name")),
                *(Part(name, _TIME_TAKEN) for name in ("TR", "Tw", "Tc", "Tr")),
                Part("Ta", _TIME_TAKEN, _TOTAL_TIME),
                Part("termination_state", "[-A-Za-z]{2,4}"),
                *(Part(name, r"\+?[0-9]+") for name in _CONNECTIONS),
                Part("captured_request_cookie", QUOTED),
                Part("captured_response_cookie", QUOTED),
                *headers,
            ),
            may_grow=True,
        ),
        '192.0.2.7 - - [17/Jan/2026:10:05:03 +0000] "GET /shop?page=2 HTTP/1.1" 200 2750 "" "" 33317 655 "http-in" '
        '"static" "srv1" 10 0 30 69 109 ---- 1 1 1 1 0 0 0 "" "" "www.example.com" ""',
        definition=definition,
    )


_ENVOY_REQUEST: Final = (Part("START_TIME", BRACKETED, r.ISO_TIME), Part("request", QUOTED, r.REQUEST))
_ENVOY_CODE: Final = (Part("RESPONSE_CODE", "[0-9]+|-", r.STATUS), Part("RESPONSE_FLAGS"))
_ENVOY_TRAFFIC: Final = (
    Part("BYTES_RECEIVED", _SIZE),
    Part("BYTES_SENT", _SIZE, r.number("bytes")),
    Part("DURATION", _SIZE, r.duration(1)),
    Part("X-ENVOY-UPSTREAM-SERVICE-TIME"),
    Part("X-FORWARDED-FOR", QUOTED, r.FORWARDED_FOR),
    Part("USER-AGENT", QUOTED, r.text("user_agent")),
    Part("X-REQUEST-ID", QUOTED),
    Part(":AUTHORITY", QUOTED, r.HOST),
    Part("UPSTREAM_HOST", QUOTED),
)
_ISTIO_DETAILS: Final = (
    Part("RESPONSE_CODE_DETAILS"),
    Part("CONNECTION_TERMINATION_DETAILS"),
    Part("UPSTREAM_TRANSPORT_FAILURE_REASON", QUOTED),
)
_ISTIO_PEERS: Final = (
    Part("UPSTREAM_CLUSTER"),
    Part("UPSTREAM_LOCAL_ADDRESS"),
    Part("DOWNSTREAM_LOCAL_ADDRESS"),
    Part("DOWNSTREAM_REMOTE_ADDRESS", reading=r.ADDRESS),
    Part("REQUESTED_SERVER_NAME"),
    Part("ROUTE_NAME"),
)
_ENVOY_LINE: Final = '[2026-01-17T10:05:03.000Z] "GET /shop?page=2 HTTP/1.1" 200 -'
_ENVOY_REST: Final = (
    f'0 5316 12 11 "203.0.113.9,192.0.2.7" "{_AGENT}" "cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2" "www.example.com" '
    '"198.51.100.8:80"'
)

_SQUID_URL: Final = r.Reading(
    r.URL.columns,
    r.URL.read,
    lambda value: r.split_url(pl.when(~value.str.starts_with("error:")).then(value)),
)
"""A URL, or Squid's word for a request that was none."""

_SQUID: Final = Row(
    (
        Part("time", r"[0-9]+\.[0-9]{3}", r.epoch(1)),
        Part("elapsed", Shape(" *", "-?[0-9]+", "-?[0-9]+", ""), r.duration(1)),
        Part("client", "[^ ]+", r.text("ip")),
        Part("code/status", "[A-Z_]+/[0-9]{3}", r.RESULT_AND_STATUS),
        Part("bytes", _SIZE, r.number("bytes")),
        Part("method", "[^ ]+", r.text("method")),
        Part("URL", Shape("", "[^ ]+", ".*?", ""), _SQUID_URL),
        Part("user", "[^ ]+", r.text("user")),
        Part("hierarchy/from", "[A-Z_]+/[^ ]+"),
        Part("type", "[^ ]+", r.text("mime")),
    ),
    may_grow=True,
)

PROXIES: Final = (
    haproxy(),
    haproxy_clf(),
    DelimitedFormat(
        "envoy",
        "Envoy, default format of access logs",
        _FAMILY,
        Row((*_ENVOY_REQUEST, *_ENVOY_CODE, *_ENVOY_TRAFFIC)),
        f"{_ENVOY_LINE} {_ENVOY_REST}",
    ),
    DelimitedFormat(
        "istio",
        "Istio: Envoy's format with details and peers",
        _FAMILY,
        Row((*_ENVOY_REQUEST, *_ENVOY_CODE, *_ISTIO_DETAILS, *_ENVOY_TRAFFIC, *_ISTIO_PEERS), may_grow=True),
        f'{_ENVOY_LINE} via_upstream - "-" {_ENVOY_REST} outbound|80||shop.example.org 198.51.100.3:53122 '
        "198.51.100.3:8080 192.0.2.7:41214 - default",
    ),
    DelimitedFormat(
        "squid",
        "Squid, native format",
        _FAMILY,
        _SQUID,
        "1768644303.123     57 192.0.2.7 TCP_MISS/200 5316 GET http://www.example.com/shop?page=2 - "
        "HIER_DIRECT/198.51.100.8 text/html",
    ),
)
