"""The options of privacy: addresses, visitor ids, consent, what is scrubbed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from footfall.store.commands import Decorator
from ingest.enrich import Enrichment

OPTIONS: Final[tuple[Decorator, ...]] = ()
"""Decorators that add the options, in the order of the help."""

TAKES: Final[frozenset[str]] = frozenset()
"""Names of the parameters that the options give."""


def privacy_of(given: Mapping[str, Any], enrichment: Enrichment) -> Enrichment:
    """Return `enrichment` with what the options in `given` say; raises `click.BadParameter`."""
    return enrichment
