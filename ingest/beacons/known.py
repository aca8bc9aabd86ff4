"""All dialects, in the order in which they are asked whether a request is theirs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ingest.beacons.model import Dialect

_ALL: Final[tuple[Dialect, ...]] = ()
DIALECTS: Final[Mapping[str, Dialect]] = MappingProxyType({dialect.name: dialect for dialect in _ALL})
