"""The options of beacons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from footfall.store.commands import Decorator
from ingest.beacons import BeaconSettings

OPTIONS: Final[tuple[Decorator, ...]] = ()
"""Decorators that add the options, in the order of the help."""

TAKES: Final[frozenset[str]] = frozenset()
"""Names of the parameters that the options give."""


def beacons_of(given: Mapping[str, Any]) -> BeaconSettings:
    """Return what the options in `given` say of beacons; raises `click.BadParameter`."""
    return BeaconSettings()
