"""Make the texts of columns from those that logs have: prefixes, ports, percent signs, capitals, codes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote

import polars as pl

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


def path_of_route(text: pl.Expr) -> pl.Expr:
    """Return the path of ``/shop`` and of ``GET /shop``, null for a route without one, as ``$default``."""
    return text.str.extract(r"^(?:[A-Z]+ )?(/.*)$")


def unquoted(text: pl.Expr) -> pl.Expr:
    """Return texts with percent-encoding undone once, as CloudFront writes user agents; worked out once per text."""
    return text.map_batches(_unquoted, return_dtype=pl.String)


def _unquoted(texts: pl.Series) -> pl.Series:
    encoded = texts.filter(texts.str.contains("%", literal=True)).unique()
    if encoded.is_empty():
        return texts

    plain = pl.Series([unquote(text, errors="backslashreplace") for text in encoded], dtype=pl.String)
    return texts.replace(encoded, plain)
