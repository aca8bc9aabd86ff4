"""Make the texts of columns from those that logs have: prefixes, ports, percent signs, capitals, codes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote, unquote_plus

import polars as pl

_ORIGIN: Final = r"^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*"
_HOST: Final = r"^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?(\[[^\]/?#]*\]|[^/?#:]+)"
_PORT: Final = r"^(?:\[([^\]]+)\]|([^:]+)):\d+$"

TLS_VERSIONS: Final[Mapping[str, str]] = MappingProxyType(
    {"768": "SSLv3", "769": "TLSv1", "770": "TLSv1.1", "771": "TLSv1.2", "772": "TLSv1.3"}
)
"""Protocol version as a decimal number (RFC 8446, 4.2.1) → as OpenSSL and nginx write it."""

TLS_CIPHERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "47": "TLS_RSA_WITH_AES_128_CBC_SHA",
        "53": "TLS_RSA_WITH_AES_256_CBC_SHA",
        "156": "TLS_RSA_WITH_AES_128_GCM_SHA256",
        "157": "TLS_RSA_WITH_AES_256_GCM_SHA384",
        "4865": "TLS_AES_128_GCM_SHA256",
        "4866": "TLS_AES_256_GCM_SHA384",
        "4867": "TLS_CHACHA20_POLY1305_SHA256",
        "49161": "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
        "49162": "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
        "49171": "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
        "49172": "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
        "49195": "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        "49196": "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "49199": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "49200": "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "52392": "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        "52393": "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    }
)
"""Cipher suite as a decimal number → its name (IANA, TLS Cipher Suites): all that Go's crypto/tls offers today."""


def prefixed(prefix: str) -> Callable[[pl.Expr], pl.Expr]:
    """Return what puts `prefix` in front of a text that begins with a digit."""
    return lambda text: text.str.replace(r"^(\d)", f"{prefix}${{1}}")


def without_port(text: pl.Expr) -> pl.Expr:
    """Return addresses without the port behind them."""
    parts = text.str.extract_groups(_PORT)
    return pl.coalesce(parts.struct.field("1"), parts.struct.field("2"), text)


def without_question_mark(text: pl.Expr) -> pl.Expr:
    """Return query strings without the question mark that Apache's ``%q`` has in front."""
    return text.str.strip_prefix("?")


def in_capitals(text: pl.Expr) -> pl.Expr:
    """Return codes in capital letters."""
    return text.str.to_uppercase()


def method_of_route(text: pl.Expr) -> pl.Expr:
    """Return the method of ``GET`` and of ``GET /shop``, null for a route of any method, and for ``$default``."""
    method = text.str.extract(r"^([A-Za-z_-]+)(?: /|$)")
    return pl.when(method != "ANY").then(method)


def path_of_route(text: pl.Expr) -> pl.Expr:
    """Return the path of ``/shop`` and of ``GET /shop``, null for a route without one, as ``$default``."""
    return text.str.extract(r"^(?:[A-Z]+ )?(/.*)$")


def host_of(url: pl.Expr) -> pl.Expr:
    """Return the host of a URL, null for a path."""
    return url.str.extract(_HOST)


def path_of(url: pl.Expr) -> pl.Expr:
    """Return the path of a URL or of a path with its query; that of ``https://www.example.com`` is ``/``."""
    path = url.str.replace(_ORIGIN, "").str.splitn("?", 2).struct.field("field_0")
    return pl.when(path == "").then(pl.lit("/")).otherwise(path)


def query_of(url: pl.Expr) -> pl.Expr:
    """Return the query of a URL, null if it has none."""
    return url.str.splitn("?", 2).struct.field("field_1")


def without_unit(text: pl.Expr) -> pl.Expr:
    """Return seconds without the letter behind them: ``0.021s``, as protocol buffers write durations in JSON."""
    return text.str.strip_suffix("s")


def http_version(text: pl.Expr) -> pl.Expr:
    """Return the protocol for its version: HTTP/2.0 for ``2.0.0.0`` and ``2.0``."""
    return text.str.replace(r"^(\d\.\d)(?:\.\d)*$", "HTTP/${1}")


def tls_version(text: pl.Expr) -> pl.Expr:
    """Return the version of TLS as OpenSSL writes it: TLSv1.2 for ``TLS 1.2``."""
    return text.str.replace(r"^TLS v?(\d)", "TLSv${1}")


def unplussed(text: pl.Expr) -> pl.Expr:
    """Return texts with the spaces for which IIS has written ``+``; those with spaces are as they were."""
    return (
        pl.when(text.str.contains(" ", literal=True))
        .then(text)
        .otherwise(text.str.replace_all("+", " ", literal=True))
    )


def unquoted(text: pl.Expr) -> pl.Expr:
    """Return texts with percent-encoding undone once, as CloudFront writes user agents; worked out once per text."""
    return text.map_batches(lambda texts: _each_once(texts, "%", unquote), return_dtype=pl.String)


def unformed(text: pl.Expr) -> pl.Expr:
    """Return texts with percent-encoding undone once, as of a form: ``+`` is a space where none reads ``%20``."""
    return text.map_batches(lambda texts: _each_once(texts, "[%+]", _unformed), return_dtype=pl.String)


def _unformed(text: str, errors: str) -> str:
    return (unquote if "%20" in text else unquote_plus)(text, errors=errors)


def _each_once(texts: pl.Series, sign: str, decode: Callable[..., str]) -> pl.Series:
    encoded = texts.filter(texts.str.contains(sign)).unique()
    if encoded.is_empty():
        return texts

    plain = pl.Series([decode(text, errors="backslashreplace") for text in encoded], dtype=pl.String)
    return texts.replace(encoded, plain)
