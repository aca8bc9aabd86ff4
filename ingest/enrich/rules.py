"""Lists that enrichment goes by, and that a user can extend in a TOML file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules of a user's own, beside those that come with footfall."""
