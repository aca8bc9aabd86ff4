"""Formats as GoAccess's `log-format` defines them, with its `date-format` and `time-format`.

GoAccess 1.11, manual page, "Custom log/date format". A definition is the log-format, behind it as needed
``;date=…``, ``;time=…`` and ``;datetime=…`` (for ``%x``), as ``%h [%x] "%r" %s;datetime=%Y-%m-%dT%H:%M:%S%z``.
Without them a date is ``%d/%b/%Y`` and a time ``%H:%M:%S``. A log-format that is a JSON object makes a map of members;
their times are read as those of any JSON are, whatever the options say.

GoAccess takes every time for local. Here the text skipped by ``%^`` right behind a time counts when it is a zone
(``+0200``) or, behind a point, a fraction of a second: ``[%d:%t %^]`` is the time it says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from ingest.formats import shapes
from ingest.formats.json_logs.maps import from_template
from ingest.formats.json_logs.paths import Step
from ingest.formats.model import Format
from ingest.formats.template import Part, Value, bad_definition, checked_length, format_of, options_of
from ingest.formats.time_parts import FRACTION_ZONE, ZONE, unknown_directive

_TOKEN = re.compile(r"~h\{[^}]*\}|%(?P<letter>.)|\\t|.", re.DOTALL)
_DATE: Final = "%d/%b/%Y"
_TIME: Final = "%H:%M:%S"
_ISO_DATE: Final = "%Y-%m-%d"
_OUTSIDE = re.compile(r'"(?:[^"\\]|\\.)*"|(?P<bare>%[A-Za-z^])', re.DOTALL)
_SPECIFIER = re.compile(r"~h\{[^}]*\}|%[A-Za-z^~]")
_TOGETHER: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("%x", "%d %t", "%t %d"), "time"),
        **dict.fromkeys(("%r", "%m %U %H", "%m %r %H"), "request"),
        "%d": "date",
        "%t": "clock",
        "%U": "uri",
    }
)
"""Specifiers in the value of a member of a JSON object → what a map calls them together."""

_JSON_HINT: Final = "json:time=ts,ip=request.remote_ip,uri=request.uri,status=status"
_HINT: Final = "footfall formats list   (specifiers are those of GoAccess log-format)"
_EPOCHS: Final = {"%s": "epoch:s", "%*": "epoch:ms", "%f": "epoch:us"}
_BEHIND_TIME: Final = {" ": ZONE, "": FRACTION_ZONE, ".": FRACTION_ZONE, ",": FRACTION_ZONE}


def _value(columns: str, shape: str, meaning: str, rank: int = 0, scale: float = 1.0) -> Value:
    return Value("", tuple(columns.split()), shape, meaning, rank, scale)


_DURATION: Final = "duration_ms"

_SPECIFIERS: Final[Mapping[str, Value]] = MappingProxyType(
    {
        "v": _value("host", shapes.HOST, "virtual host that answered"),
        "e": _value("user", shapes.USER, "authenticated user"),
        "C": _value("cache_status", shapes.TEXT, "what the cache did"),
        "h": _value("ip", shapes.ADDRESS, "address of the client, or its host name"),
        "r": _value(
            "method path query protocol request",
            shapes.REQUEST,
            "request line: method, target and protocol",
            -2,
        ),
        "q": _value("query", shapes.QUERY, "query of the request"),
        "m": _value("method", shapes.WORD, "method of the request"),
        "U": _value("path query", shapes.TARGET, "target of the request", -1),
        "H": _value("protocol", shapes.WORD, "protocol of the request"),
        "s": _value("status", shapes.STATUS, "HTTP status code of the reply"),
        "b": _value("bytes", shapes.NUMBER, "size of the reply in bytes"),
        "R": _value("referrer", shapes.TEXT, "Referer header"),
        "u": _value("user_agent", shapes.TEXT, "User-Agent header"),
        "K": _value("tls_version", shapes.WORD, "TLS version"),
        "k": _value("tls_cipher", shapes.WORD, "TLS cipher suite"),
        "M": _value("mime", shapes.TEXT, "content type of the reply"),
        "D": _value(_DURATION, shapes.NUMBER, "time taken in microseconds", 1, 1e-3),
        "T": _value(_DURATION, shapes.NUMBER, "time taken in seconds", 3, 1e3),
        "L": _value(_DURATION, shapes.NUMBER, "time taken in milliseconds", 2),
        "n": _value(_DURATION, shapes.NUMBER, "time taken in nanoseconds", 0, 1e-6),
        "^": _value("", shapes.TEXT, "skipped"),
        "~": _value("", shapes.BLANKS, "any number of spaces"),
    }
)
_FORWARDED: Final = _value("forwarded_for", shapes.TEXT, "addresses of an X-Forwarded-For header")
_TIMES: Final = {"d": "day of the request", "t": "time of the request", "x": "day and time of the request"}
_TARGET: Final = _value("path query", shapes.TARGET, "target of the request", -2)
_PATH: Final = _value("path", shapes.PATH, "path of the request", -1)


@dataclass(frozen=True, slots=True)
class _Predefined:
    """A format that GoAccess has a name for."""

    log: str
    date: str = _DATE
    time: str = _TIME


_CLOUDFRONT: Final = "%d %t %^ %b %h %m %v %U %s %R %u %q %^ %C %^ %^ %^ %^ %T %^ %K %k %^ %H %^".replace(
    " ", "\\t"
)

PREDEFINED: Final[Mapping[str, _Predefined]] = MappingProxyType(
    {
        "COMBINED": _Predefined('%h %^[%d:%t %^] "%r" %s %b "%R" "%u"'),
        "VCOMBINED": _Predefined('%v:%^ %h %^[%d:%t %^] "%r" %s %b "%R" "%u"'),
        "COMMON": _Predefined('%h %^[%d:%t %^] "%r" %s %b'),
        "VCOMMON": _Predefined('%v:%^ %h %^[%d:%t %^] "%r" %s %b'),
        "W3C": _Predefined("%d %t %^ %m %U %q %^ %^ %h %u %R %s %^ %^ %L", _ISO_DATE),
        "CLOUDFRONT": _Predefined(_CLOUDFRONT, _ISO_DATE),
        "CLOUDSTORAGE": _Predefined('"%x","%h",%^,%^,"%m","%U","%s",%^,"%b","%D",%^,"%R","%u"', "%f", "%f"),
        "AWSELB": _Predefined(
            '%^ %dT%t.%^ %^ %h:%^ %^ %^ %T %^ %s %^ %^ %b "%r" "%u" %k %K %^ "%^" "%v"', _ISO_DATE
        ),
        "AWSALB": _Predefined('%^ %dT%t.%^ %v %h:%^ %^ %^ %T %^ %s %^ %^ %b "%r" "%u" %k %K %^', _ISO_DATE),
        "AWSS3": _Predefined('%^ %v [%d:%t %^] %h %^"%r" %s %^ %b %^ %L %^ "%R" "%u"'),
        "SQUID": _Predefined("%^ %^ %^ %v %^: %x.%^ %~%L %h %^/%s %b %m %U", "%s", "%s"),
        "TRAEFIKCLF": _Predefined('%h - %e [%d:%t %^] "%r" %s %b "%R" "%u" %^ "%v" "%U" %Lms'),
    }
)
"""GoAccess 1.11, src/settings.c; CADDY is JSON and read by the format `caddy`."""


def goaccess(definition: str) -> Format:
    """Return the format of a log-format with its options, or of the name of a predefined one.

    Raises `FormatError` for one that cannot be read.
    """
    log, options = options_of(checked_length("goaccess", definition.strip()), ("date", "time", "datetime"))
    if log in PREDEFINED:
        known = PREDEFINED[log]
        definition = f"{known.log};date={known.date};time={known.time}"
        log, options = known.log, {"date": known.date, "time": known.time} | dict(options)

    if log.startswith("{"):
        return from_template(_members(log), f"goaccess:{definition.strip()}")

    patterns = _patterns(definition, options)
    return format_of("goaccess", definition.strip(), _with_zone(_refined(list(_parts(log, patterns)))))


def _members(template: str) -> dict[str | Sequence[Step], str]:
    """Return the column of each member of a JSON object that has a specifier, as maps write them."""
    try:
        found = json.loads(
            _OUTSIDE.sub(lambda match: f'"{match[0]}"' if match["bare"] else match[0], template)
        )
    except (ValueError, RecursionError):
        raise bad_definition(
            "goaccess", template, 0, "a JSON object that cannot be read", _JSON_HINT
        ) from None

    chosen: dict[str, tuple[int, tuple[Step, ...], str]] = {}
    for path, text in _leaves(found, ()):
        rank, column = _member(template, text)
        name = column.partition("*")[0]
        if name and (name not in chosen or rank < chosen[name][0]):
            chosen[name] = rank, path, column

    return {path: column for _, path, column in chosen.values()}


def _leaves(value: object, path: tuple[Step, ...]) -> Iterator[tuple[tuple[Step, ...], str]]:
    """Yield the place and the text of each value that is one."""
    inside: Iterable[tuple[Step, object]] = value.items() if isinstance(value, dict) else ()
    for step, inner in enumerate(value) if isinstance(value, list) else inside:
        yield from _leaves(inner, (*path, step))

    if isinstance(value, str):
        yield path, value


def _member(template: str, text: str) -> tuple[int, str]:
    """Return the rank and the column of a value by its specifiers, with its factor; no column when none is kept."""
    specifiers = [match for match in _SPECIFIER.findall(text) if match not in ("%^", "%~")]
    known = _TOGETHER.get(" ".join(specifiers))
    if known is not None or not specifiers:
        return 0, known or ""

    value = _FORWARDED if text.startswith("~h{") else _SPECIFIERS.get(specifiers[0][1:])
    if len(specifiers) > 1 or value is None:
        at = max(template.find(text), 0)
        raise bad_definition("goaccess", template, at, f"a member {text!r} that cannot be read", _JSON_HINT)

    column = value.columns[0]
    return value.rank, column if value.scale == 1 else f"{column}*{value.scale:g}"


def _patterns(definition: str, options: Mapping[str, str]) -> dict[str, str]:
    """Return the kind of part of the time that each of ``%d``, ``%t`` and ``%x`` is."""
    date, time = options.get("date", _DATE), options.get("time", _TIME)
    both = options.get("datetime", date if date == time else f"{date} {time}")
    for pattern in (date, time, both):
        if pattern not in _EPOCHS and (unknown := unknown_directive(pattern)) is not None:
            at = max(definition.find(pattern), 0) + unknown[0]
            raise bad_definition(
                "goaccess", definition, at, f"{unknown[1]}, which cannot be read as a time", _HINT
            )

    return {
        letter: _EPOCHS.get(pattern, pattern)
        for letter, pattern in zip("dtx", (date, time, both), strict=True)
    }


def _parts(log: str, patterns: Mapping[str, str]) -> Iterator[Part]:
    for match in _TOKEN.finditer(log):
        letter = match["letter"]
        if match[0].startswith("~h{"):
            yield from _enclosed(match[0], log[: match.start()][-1:])
        elif letter is None:
            yield "\t" if match[0] == "\\t" else _checked(log, match)
        elif letter in _TIMES:
            kind = patterns[letter]
            shape = shapes.NUMBER if kind.startswith("epoch:") else shapes.TIME
            yield Value(match[0], ("time",), shape, _TIMES[letter], time=kind)
        elif letter in _SPECIFIERS:
            yield replace(_SPECIFIERS[letter], name=match[0])
        elif letter == "%":
            yield "%"
        else:
            problem = f"a specifier {match[0]} that is not known"
            raise bad_definition("goaccess", log, match.start(), problem, _HINT)


def _enclosed(specifier: str, before: str) -> Iterator[Part]:
    """Yield the addresses of ``~h{," }``, whose braces have what is around them as well, if it does not stand there."""
    around = next((pair for pair in ("()", '""') if pair[0] in specifier and pair[0] != before), "")
    yield around[:1]
    yield replace(_FORWARDED, name=specifier)
    yield around[1:]


def _checked(log: str, match: re.Match[str]) -> str:
    if match[0] == "%":
        raise bad_definition(
            "goaccess", log, match.start(), "a % without a specifier", "write %% for a percent sign"
        )

    return match[0]


def _refined(parts: list[Part]) -> list[Part]:
    """Return `parts` with ``%r`` for the target where the method stands apart, ``%U`` for the path beside ``%q``."""
    names = {part.name for part in parts if isinstance(part, Value)}
    replaced = ({"%r": _TARGET} if "%m" in names else {}) | ({"%U": _PATH} if "%q" in names else {})
    return [
        replace(replaced[part.name], name=part.name)
        if isinstance(part, Value) and part.name in replaced
        else part
        for part in parts
    ]


def _with_zone(parts: Sequence[Part]) -> list[Part]:
    """Return `parts` with what is skipped right behind the time as a part of it."""
    refined, between, is_behind = [], "", False
    for part in parts:
        if isinstance(part, str):
            between += part
        elif is_behind and part.name == "%^" and between in _BEHIND_TIME:
            part = replace(
                part, time=_BEHIND_TIME[between], meaning="zone or fraction of the time, or skipped"
            )

        if isinstance(part, Value):
            between, is_behind = "", part.name in {"%d", "%t", "%x"}

        refined.append(part)

    return refined
