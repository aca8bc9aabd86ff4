"""Make formats of text: `kind:definition`, a server's own format string, or one from its configuration file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from ingest.formats.model import Format

KINDS: Final[Mapping[str, Callable[[str], Format]]] = MappingProxyType({})
"""Kind → what makes a format of its definition; raises `FormatError` for one that cannot be."""


def made_of(spec: str) -> Format | None:
    """Return the format that `spec` defines, None when it is no definition; raises `FormatError` for a bad one."""
    kind, colon, definition = spec.partition(":")
    return KINDS[kind](definition) if colon and kind in KINDS else None
