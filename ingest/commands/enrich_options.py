"""The option that says by which rules of a user's own events are enriched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click

from footfall.errors import SettingsError
from footfall.store.commands import Decorator, option
from ingest.enrich import Enrichment
from ingest.enrich.rule_file import load_rules

RULES: Final = option(
    "--rules",
    type=click.Path(dir_okay=False, path_type=Path),
    usual="the built-in lists",
    metavar="FILE",
    help="TOML file of your own rules: resources, bots, referrers, campaigns, secrets; see docs/rules.md.",
)

OPTIONS: Final[tuple[Decorator, ...]] = (RULES,)
"""Decorators that add the options, in the order of the help."""

TAKES: Final[frozenset[str]] = frozenset({"rules"})
"""Names of the parameters that the options give."""


def enrichment_of(given: Mapping[str, Any], enrichment: Enrichment) -> Enrichment:
    """Return `enrichment` with what the options in `given` say; raises `click.BadParameter`."""
    path = given.get("rules")
    if path is None:
        return enrichment

    try:
        return replace(enrichment, rules=load_rules(path))
    except SettingsError as error:
        raise click.BadParameter(f"{error}; {error.hint}", param_hint="--rules") from error
