"""Formats as nginx's `log_format` defines them.

nginx 1.27, ngx_http_log_module (`log_format`, `escape`) and the indexes of variables of ngx_http_core_module,
ngx_http_upstream_module, ngx_http_ssl_module and the GeoIP modules. A variable that is not known is read and dropped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from ingest.formats import shapes
from ingest.formats.headers import reply_header, request_header
from ingest.formats.model import Format
from ingest.formats.nginx_json import nginx_json
from ingest.formats.template import Part, Value, bad_definition, checked_length, format_of
from ingest.formats.times import APACHE, ISO

_ESCAPE = re.compile(r"escape=(?P<how>[a-z]+)\s+")
_VARIABLE = re.compile(r"\$(?:\{(?P<braced>\w+)\}|(?P<plain>\w+))", re.ASCII)
_ESCAPES: Final = ("default", "json", "none")
_HINT: Final = "footfall formats list   (variables are those of nginx log_format)"


def _value(columns: str, shape: str, meaning: str, rank: int = 0, scale: float = 1.0) -> Value:
    return Value("", tuple(columns.split()), shape, meaning, rank, scale)


def _time(shape: str, kind: str, meaning: str) -> Value:
    return Value("", ("time",), shape, meaning, time=kind)


_ARRIVED: Final = "when the request was answered"

VARIABLES: Final[Mapping[str, Value]] = MappingProxyType(
    {
        "remote_addr": _value("ip", shapes.ADDRESS, "address of the client"),
        "realip_remote_addr": _value(
            "ip", shapes.ADDRESS, "address of the connection, which may be a proxy's", 2
        ),
        "proxy_protocol_addr": _value("ip", shapes.ADDRESS, "address of the client by the PROXY protocol", 1),
        "remote_user": _value("user", shapes.USER, "authenticated user"),
        "time_local": _time(shapes.TIME, APACHE, _ARRIVED),
        "time_iso8601": _time(shapes.TIME, ISO, _ARRIVED),
        "msec": _time(shapes.NUMBER, "epoch:s", _ARRIVED),
        "request": _value(
            "method path query protocol request",
            shapes.REQUEST,
            "request line: method, target and protocol",
            -2,
        ),
        "request_method": _value("method", shapes.WORD, "method of the request"),
        "request_uri": _value("path query", shapes.TARGET, "target of the request, with its query", -1),
        "uri": _value("path", shapes.PATH, "path of the request"),
        "document_uri": _value("path", shapes.PATH, "path of the request"),
        "is_args": _value("", shapes.QUESTION_MARK, "question mark of the query, or nothing"),
        "args": _value("query", shapes.QUERY, "query of the request"),
        "query_string": _value("query", shapes.QUERY, "query of the request"),
        "request_body": _value("body", shapes.TEXT, "body of the request"),
        "server_protocol": _value("protocol", shapes.WORD, "protocol of the request"),
        "status": _value("status", shapes.STATUS, "HTTP status code of the reply"),
        "body_bytes_sent": _value("bytes", shapes.NUMBER, "size of the reply in bytes"),
        "bytes_sent": _value("bytes", shapes.NUMBER, "bytes sent, with the headers", 1),
        "request_time": _value("duration_ms", shapes.NUMBER, "time taken in seconds", 0, 1e3),
        "upstream_response_time": _value(
            "duration_ms", shapes.FIRST_NUMBER, "time the first upstream took in seconds", 1, 1e3
        ),
        "host": _value("host", shapes.HOST, "host that was asked for"),
        "server_name": _value("host", shapes.HOST, "virtual host that answered", 1),
        "ssl_protocol": _value("tls_version", shapes.WORD, "TLS version"),
        "ssl_cipher": _value("tls_cipher", shapes.WORD, "TLS cipher suite"),
        "upstream_cache_status": _value("cache_status", shapes.WORD, "what the cache did"),
    }
)
"""Variable → its value; a log's other variables are headers, or dropped."""

_COUNTRY: Final = _value("country", shapes.WORD, "country of the client")
_CITY: Final = _value("city", shapes.TEXT, "city of the client")

_PATTERNS: Final[tuple[tuple[re.Pattern[str], Callable[[str, str], Value]], ...]] = (
    (re.compile(r"geoip2?_(?:\w*_)?country_(?:iso_)?code$"), lambda _, name: replace(_COUNTRY, name=name)),
    (re.compile(r"geoip2?_(?:\w*_)?city(?:_name)?$"), lambda _, name: replace(_CITY, name=name)),
    (re.compile(r"http_(.+)$"), request_header),
    (re.compile(r"(?:sent|upstream)_http_(.+)$"), reply_header),
)
"""Variables that are many: what their names are like, and what makes a value of their own part and the name."""


def nginx(definition: str) -> Format:
    """Return the format that a `log_format` string defines, which may begin with `escape=…`.

    Raises `FormatError` for one that cannot be read.
    """
    text = checked_length("nginx", definition.strip())
    escape = _ESCAPE.match(text)
    if escape is not None and escape["how"] not in _ESCAPES:
        problem = f"an escape={escape['how']} that nginx has not"
        raise bad_definition("nginx", text, escape.start("how"), problem, f"one of {', '.join(_ESCAPES)}")

    begin = escape.end() if escape is not None else 0
    is_json = escape is not None and escape["how"] == "json"
    as_json = nginx_json(text[begin:], f"nginx:{text}", value_of) if is_json else None
    if as_json is not None:
        return as_json

    return format_of("nginx", text, list(_parts(text, begin)))


def value_of(variable: str) -> Value:
    """Return what a variable, named without its ``$``, gives of an event."""
    name = f"${variable}"
    if variable in VARIABLES:
        return replace(VARIABLES[variable], name=name)

    for pattern, make in _PATTERNS:
        if (match := pattern.match(variable)) is not None:
            return make(match[match.lastindex or 0], name)

    return Value(name, (), shapes.TEXT, "variable that is not kept")


def _parts(definition: str, begin: int) -> Iterator[Part]:
    at = begin
    while at < len(definition):
        match = _VARIABLE.match(definition, at)
        if match is not None:
            yield value_of(match["braced"] or match["plain"])
            at = match.end()
            continue

        if definition[at] == "$":
            raise bad_definition("nginx", definition, at, "a $ without the name of a variable", _HINT)

        end = definition.find("$", at)
        end = end if end >= 0 else len(definition)
        yield definition[at:end]
        at = end
