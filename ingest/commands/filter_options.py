"""The options that say which events are wanted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from footfall.store.commands import Decorator
from ingest.filters import Filters

OPTIONS: Final[tuple[Decorator, ...]] = ()
"""Decorators that add the options, in the order of the help."""

TAKES: Final[frozenset[str]] = frozenset()
"""Names of the parameters that the options give."""


def filters_of(given: Mapping[str, Any], filters: Filters) -> Filters:
    """Return `filters` with what the options in `given` say; raises `click.BadParameter`."""
    return filters
