"""Help in sections: the options of commands that have dozens, under the question that each answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import click

SECTIONS: Final[Mapping[str, Sequence[str]]] = MappingProxyType(
    {
        "What is asked": ("--metrics", "--by", "--where", "--having", "--sort", "--definitions", "--approximate"),
        "Which events": ("--site", "--from", "--to", "--timezone", "--lookback", "--own-host"),
        "Where the answer goes": ("--format", "--limit", "--out", "--name", "--csv-raw", "--ddl"),
        "What is written to the tables": ("--create", "--replace", "--ask-above-writes", "--max-write-units"),
        "What a visit is": (
            "--visit-profile", "--visitors-by", "--visitors-daily", "--visit-gap", "--visit-midnight",
            "--visit-campaign", "--visit-session", "--bots", "--count", "--bounce", "--visit-duration",
        ),
        "What is read": (
            "--store", "--region", "--profile", "--endpoint-url", "--from-dataset", "--from-rollups", "--from-export",
        ),
        "How it is read, and what that may cost": (
            "--explain", "--dataset", "--yes", "--ask-above", "--max-read-units", "--segments", "--read-price",
        ),
        "Who does the work": ("--workers", "--cluster"),
    }
)  # fmt: skip
"""Heading, and the options under it, in the order in which help shows them. What has no place comes last."""

_REST: Final = "Options"


class SectionedCommand(click.Command):
    """A command whose help shows its options in `SECTIONS`."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options under their headings; a heading without any is left out."""
        records = {option.opts[0]: option.get_help_record(ctx) for option in self.get_params(ctx)}
        placed = {flag for flags in SECTIONS.values() for flag in flags}
        rest = tuple(flag for flag in records if flag not in placed)
        for heading, flags in (*SECTIONS.items(), (_REST, rest)):
            shown = [record for flag in flags if (record := records.get(flag)) is not None]
            if shown:
                with formatter.section(heading):
                    formatter.write_dl(shown)
