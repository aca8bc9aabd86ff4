"""Formats of proxies, caches and media servers: HAProxy, Envoy, Traefik, Squid, Icecast and others."""

from __future__ import annotations

from typing import Final

from ingest.formats.model import Format

SERVERS: Final[tuple[Format, ...]] = ()
