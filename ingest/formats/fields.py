"""The fields that log formats are put together from: each is a table row with its two expressions.

`strict` reads the well-formed field. It is written so that the next character always decides what to do,
which lets the regular expression engine (the Rust crate `regex`) read a line in one pass without going back.
`tolerant` reads what servers really write, and what is left when a line was cut.

Rules are those of the Apache HTTP Server 2.4 (mod_log_config, "Custom Log Formats" and "Security
Considerations": ``\\"``, ``\\\\``, ``\\n``, ``\\t`` and ``\\xhh`` stand for characters) and nginx 1.27
(ngx_http_log_module, `escape`).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

TOKEN: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - a method is a token (RFC 9110, 5.6.2)
PROTOCOL: Final = r"HTTP/[0-9](?:\.[0-9])?"
QUOTED: Final = r'(?:[^"\\]|\\.|"[^ ])*'
"""A quoted text that may hold escapes, and quotation marks that were not escaped unless a space follows."""

REQUEST: Final = (
    rf"^(?P<method>{TOKEN}) (?:"
    rf"(?P<path>[^ ?][^?]*?)(?:\?(?P<query>.*?))? (?P<protocol>{PROTOCOL})"
    r"|(?P<bare_path>(?:/|[^ ?]*://)[^ ?]*)(?:\?(?P<bare_query>[^ ]*))?"
    r")$"
)
"""A request line (RFC 9112, 3), unescaped: with spaces in the target, or without protocol as in HTTP/0.9."""


CLOSED_OR_CUT: Final = r'(?:"|\\?$)'
"""Where a tolerant quoted field ends: at its closing quotation mark, or where the line was cut."""


_META: Final = frozenset("\\.+*?()|[]{}^$#&-~")


def literal(text: str) -> str:
    """Return the expression of exactly `text`."""
    return "".join("\\" + character if character in _META else character for character in text)


_NAMED: Final = re.compile(r"\(\?P<(?P<name>[a-z_0-9]+)>")


def captured(expression: str) -> list[str]:
    """Return the names of what `expression` captures."""
    return [match["name"] for match in _NAMED.finditer(expression)]


def capturing(expression: str, names: Collection[str] = ()) -> str:
    """Return `expression` with nothing captured but `names`."""
    return _NAMED.sub(lambda match: match[0] if match["name"] in names else "(?:", expression)


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a format: the event columns it gives and how it is read."""

    name: str
    columns: tuple[str, ...]
    strict: str
    tolerant: str
    meaning: str

    @property
    def can_be_cut(self) -> bool:
        """Whether the line may end before the closing quotation mark of the field."""
        return self.tolerant.endswith(CLOSED_OR_CUT)


def _quoted(name: str, meaning: str) -> Field:
    """Return a quoted field; a line may end before its closing quotation mark."""
    strict = rf'"(?P<{name}>[^"\\]+)"'
    return Field(name, (name,), strict, rf'"(?P<{name}>{QUOTED}){CLOSED_OR_CUT}', meaning)


def _same(name: str, columns: tuple[str, ...], expression: str, meaning: str) -> Field:
    return Field(name, columns, expression, expression, meaning)


VHOST: Final = _same(
    "vhost",
    ("host",),
    r"(?P<host>[^ #:\[\x00-][^ :]*|\[[^ \]]*\])(?::[0-9]+)?",
    "virtual host that answered, with or without port",
)
CLIENT: Final = Field(
    "client",
    ("ip",),
    r"(?P<ip>[^ #\x00\[][^ ]*)",
    # Jetty puts addresses of version 6 in brackets. Gunicorn writes nothing at all for who comes by a Unix socket.
    r"(?:\[?(?P<ip>[^ #\x00\[\]][^ \]]*)\]?)?",
    "address of the client, in brackets or not, or its host name",
)
KNOWN_CLIENT: Final = Field(
    "client",
    ("ip",),
    r"(?P<ip>[^ #\x00\[-][^ ]*)",
    r"\[?(?P<ip>[^ #\x00\[\]-][^ \]]*)\]?",
    "address of the client, in brackets or not, or its host name; never `-`",
)
IDENT: Final = Field("ident", (), "[^ ]+", "[^ ]+ ?", "identity by RFC 1413, nearly always `-`; not kept")
"""Jetty up to 9 has two spaces behind it, and in front of the time."""
USER: Final = Field(
    "user",
    ("user",),
    r"(?P<user>[^ \\]+)",
    # A name may hold spaces. It does not begin with "- ": that is a field too many, so another format.
    r"(?P<user>-|-?[^ -].*?|)",
    "authenticated user",
)
TIME: Final = Field(
    "time",
    ("time",),
    r"\[(?P<time>[^\]]+)\]",
    r" ?\[(?P<time>[^\]]*)\]",
    "when the request arrived, with time zone offset",
)
REQUEST_LINE: Final = Field(
    "request",
    ("method", "path", "query", "protocol", "request"),
    rf'"(?P<method>{TOKEN}) (?P<path>[^ ?"\\]+)(?:\?(?P<query>[^ "\\]*))? (?P<protocol>{PROTOCOL})"',
    r'"(?P<request>(?:[^"\\]|\\.|")*?)"',
    "request line: method, target and protocol",
)
STATUS: Final = Field(
    "status", ("status",), r"(?P<status>[0-9]{3})", r"(?P<status>[0-9]{3}|-)", "HTTP status code of the reply"
)
BYTES: Final = _same("bytes", ("bytes",), r"(?P<bytes>[0-9]+|-)", "size of the reply in bytes")
REFERRER: Final = _quoted("referrer", "Referer header")
USER_AGENT: Final = _quoted("user_agent", "User-Agent header")
