r"""Formats as Apache's `LogFormat` defines them.

Apache HTTP Server 2.4, mod_log_config ("Custom Log Formats", "Modifiers"), mod_logio (``%I %O %S``), mod_ssl
(``%{…}x``, ``%{…}c``). Which status codes a directive is limited to does not matter: a value that is left out is
``-``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from ingest.formats import shapes
from ingest.formats.headers import reply_header, request_header
from ingest.formats.regular import RegularFormat
from ingest.formats.template import Part, Value, bad_definition, checked_length, format_of
from ingest.formats.time_parts import FRACTION, unknown_directive
from ingest.formats.times import APACHE

_DIRECTIVE = re.compile(
    r"%[!<>,0-9]*(?:\{(?P<argument>[^}]*)\})?[!<>,0-9]*(?P<letter>\^[A-Za-z]{2}|[A-Za-z%])"
)
_TEXT = re.compile(r"(?:[^%\\]|\\.|\\$)+", re.DOTALL)
_CHARACTERS: Final = {"\\n": "\n", "\\t": "\t", '\\"': '"', "\\\\": "\\"}
_HINT: Final = "footfall formats list   (directives are those of Apache mod_log_config)"


def _value(columns: str, shape: str, meaning: str, rank: int = 0, scale: float = 1.0) -> Value:
    return Value("", tuple(columns.split()), shape, meaning, rank, scale)


def _dropped(meaning: str) -> Value:
    return _value("", shapes.TEXT, f"{meaning}; not kept")


_PLAIN: Final[Mapping[str, Value]] = MappingProxyType(
    {
        "a": _value("ip", shapes.ADDRESS, "address of the client"),
        "h": _value("ip", shapes.ADDRESS, "address of the client, or its host name", 1),
        "l": _value("", shapes.WORD, "identity by RFC 1413, nearly always `-`; not kept"),
        "u": _value("user", shapes.USER, "authenticated user"),
        "r": _value(
            "method path query protocol request",
            shapes.REQUEST,
            "request line: method, target and protocol",
            -1,
        ),
        "m": _value("method", shapes.WORD, "method of the request"),
        "U": _value("path", shapes.PATH, "path of the request"),
        "q": _value("query", shapes.MARKED_QUERY, "query with its question mark, or nothing"),
        "H": _value("protocol", shapes.WORD, "protocol of the request"),
        "s": _value("status", shapes.STATUS, "HTTP status code of the reply"),
        "b": _value("bytes", shapes.NUMBER, "size of the reply in bytes"),
        "B": _value("bytes", shapes.NUMBER, "size of the reply in bytes"),
        "O": _value("bytes", shapes.NUMBER, "bytes sent, with the headers", 1),
        "D": _value("duration_ms", shapes.NUMBER, "time taken in microseconds", 0, 1e-3),
        "v": _value("host", shapes.HOST, "virtual host that answered"),
        "V": _value("host", shapes.HOST, "virtual host that answered", 1),
        "A": _dropped("address of the server"),
        "f": _dropped("file of the reply"),
        "k": _value("", shapes.NUMBER, "number of requests on the connection before; not kept"),
        "L": _dropped("id in the error log"),
        "p": _value("", shapes.NUMBER, "port of the server; not kept"),
        "P": _value("", shapes.NUMBER, "process that answered; not kept"),
        "R": _dropped("handler of the reply"),
        "X": _dropped("state of the connection"),
        "I": _value("", shapes.NUMBER, "bytes received; not kept"),
        "S": _value("", shapes.NUMBER, "bytes received and sent; not kept"),
        "^FB": _value("", shapes.NUMBER, "time to the first byte; not kept"),
    }
)
"""Directive → its value, whether it has an argument or not, unless `_WITH_ARGUMENT` has it."""

_TLS: Final[Mapping[str, Value]] = MappingProxyType(
    {
        **dict.fromkeys(("SSL_PROTOCOL", "version"), _value("tls_version", shapes.WORD, "TLS version")),
        **dict.fromkeys(("SSL_CIPHER", "cipher"), _value("tls_cipher", shapes.WORD, "TLS cipher suite")),
    }
)

_VARIABLES: Final[Mapping[str, Value]] = MappingProxyType(
    {
        "cache-status": _value("cache_status", shapes.TEXT, "what the cache did"),
        **dict.fromkeys(
            ("GEOIP_COUNTRY_CODE", "MM_COUNTRY_CODE"), _value("country", shapes.WORD, "country of the client")
        ),
        **_TLS,
    }
)

_PEER: Final = {
    "a": _value("ip", shapes.ADDRESS, "address of the connection, which may be a proxy's", 2),
    "h": _value("ip", shapes.ADDRESS, "host of the connection, which may be a proxy's", 3),
}

_UNITS: Final[Mapping[str, Value]] = MappingProxyType(
    {
        "us": _value("duration_ms", shapes.NUMBER, "time taken in microseconds", 0, 1e-3),
        "ms": _value("duration_ms", shapes.NUMBER, "time taken in milliseconds", 1),
        "s": _value("duration_ms", shapes.NUMBER, "time taken in seconds", 2, 1e3),
    }
)

_TIMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "sec": "epoch:s",
        "msec": "epoch:ms",
        "usec": "epoch:us",
        "%s": "epoch:s",
        "msec_frac": FRACTION,
        "usec_frac": FRACTION,
    }
)
"""Argument of ``%{…}t`` that is no strftime pattern → kind of part of the time."""


def _time(argument: str, name: str) -> Value:
    if not argument:
        meaning = "when the request arrived, with time zone offset"
        return Value(name, ("time",), shapes.BRACKETED_TIME, meaning, time=APACHE)

    pattern = argument.removeprefix("begin:").removeprefix("end:")
    kind = _TIMES.get(pattern, pattern)
    shape = shapes.TIME if kind == pattern else shapes.NUMBER
    meaning = f"when the request arrived, as {pattern}"
    return Value(name, ("time",), shape, meaning, rank=argument.startswith("end:"), time=kind)


def _duration(argument: str, name: str) -> Value:
    return replace(_UNITS[argument or "s"], name=name)


def _variable(argument: str, name: str) -> Value:
    return replace(_VARIABLES.get(argument, _dropped(f"variable {argument}")), name=name)


def _note(argument: str, name: str) -> Value:
    return replace(_dropped(argument), name=name)


_WITH_ARGUMENT: Final[Mapping[str, Callable[[str, str], Value]]] = MappingProxyType(
    {
        "i": request_header,
        "o": reply_header,
        "t": _time,
        "T": _duration,
        "e": _variable,
        "x": _variable,
        "c": _variable,
        **dict.fromkeys(("C", "n", "^ti", "^to"), _note),
    }
)
"""Directive → what makes its value of the argument and its name."""


def apache(definition: str) -> RegularFormat:
    """Return the format that a `LogFormat` string defines; raises `FormatError` for one that cannot be read."""
    text = checked_length("apache", definition.strip())
    return format_of("apache", text, list(_parts(text)))


def _parts(definition: str) -> Iterator[Part]:
    at = 0
    while at < len(definition):
        match = _TEXT.match(definition, at)
        if match is not None:
            yield _unescaped(definition, match)
        elif (match := _DIRECTIVE.match(definition, at)) is None:
            raise bad_definition(
                "apache", definition, at, "a % without a directive", "write %% for a percent sign"
            )
        elif match["letter"] == "%":
            yield "%"
        else:
            yield _valued(definition, match)

        at = match.end()


def _unescaped(definition: str, match: re.Match[str]) -> str:
    text = re.sub(r"\\.", lambda escape: _CHARACTERS.get(escape[0], escape[0]), match[0])
    if "\n" in text:
        raise bad_definition(
            "apache", definition, match.start(), "a line break", "lines have none: leave \\n out"
        )

    return text


def _valued(definition: str, match: re.Match[str]) -> Value:
    name, letter, argument = match[0], match["letter"], match["argument"]
    if letter in _WITH_ARGUMENT and (argument is not None or letter in {"t", "T"}):
        _check(definition, match)
        return _WITH_ARGUMENT[letter](argument or "", name)

    if letter not in _PLAIN:
        raise bad_definition(
            "apache", definition, match.start(), f"a directive {name} that is not known", _HINT
        )

    if letter in _PEER and argument == "c":
        return replace(_PEER[letter], name=name)

    # Of the status as first given and the one of the reply after internal redirects, the latter counts.
    first = 1 if letter == "s" and ">" not in name else 0
    return replace(_PLAIN[letter], name=name, rank=_PLAIN[letter].rank + first)


def _check(definition: str, match: re.Match[str]) -> None:
    """Raise `FormatError` when an argument is none that its directive has."""
    letter, argument = match["letter"], match["argument"] or ""
    if letter == "T" and argument not in {"", *_UNITS}:
        problem = f"a unit {argument!r} that %T has not"
        raise bad_definition(
            "apache", definition, match.start("argument"), problem, "%{ms}T, %{us}T or %{s}T"
        )

    pattern = argument.removeprefix("begin:").removeprefix("end:")
    if letter == "t" and pattern not in _TIMES and (unknown := unknown_directive(pattern)) is not None:
        at = match.start("argument") + len(argument) - len(pattern) + unknown[0]
        raise bad_definition(
            "apache", definition, at, f"{unknown[1]}, which cannot be read as a time", "%{%F %T %z}t"
        )
