"""Say how a run went: a few lines for a person, one JSON object for a program."""

from __future__ import annotations

from collections import Counter

import click
import msgspec

from footfall.text import counted, printable
from ingest.progress import pace_line
from ingest.run import Outcome
from ingest.settings import IngestSettings


def sum_up(outcome: Outcome, settings: IngestSettings, form: str) -> None:
    """Say on stderr how a run went; with `form` ``json`` also on stdout, as one JSON object."""
    summary = outcome.summary()
    if form == "json":
        click.echo(msgspec.json.encode(summary).decode())

    for line in summary_lines(outcome, settings):
        click.echo(line, err=True)


def summary_lines(outcome: Outcome, settings: IngestSettings) -> list[str]:
    """Return what a person wants to know of a finished run."""
    tally, counts = outcome.tally, outcome.tally.counts
    rate = counts.events / outcome.seconds if outcome.seconds else 0.0
    lines = [
        f"{counted(counts.lines, 'line')} read from {counted(tally.sources, 'source')} in {outcome.seconds:.1f} s:",
        f"{counted(counts.events, 'event')} stored ({rate:,.0f}/s), {counts.rejected:,} rejected, "
        f"{counts.skipped:,} skipped, {counts.filtered:,} filtered{_extra(counts.extra)}.",
        f"{counted(tally.batches, 'batch', 'es')}, {tally.consumed_write_units:,.0f} write units, "
        f"{counted(tally.throttled, 'request')} throttled{_reasons(tally.throttle_reasons)}.",
    ]
    if tally.limited_by:
        lines.append(f"In the end writing was {pace_line(tally)}.")

    if counts.rejected:
        kept_in = printable(str(settings.dead_letters))
        lines.append(f"Rejected lines are kept in {kept_in}{_reasons(tally.rejected_by_reason)}.")

    if counts.filtered:
        lines.append(
            f"Filtered events are only read again with --replay{_reasons(tally.filtered_by_reason)}."
        )

    if tally.without_visitor:
        lines.append(
            f"{counted(tally.without_visitor, 'event')} without visitor, in no visit: "
            "the line tells no address, or somebody asked not to be followed."
        )

    if tally.sources_unchanged:
        lines.append(
            f"{counted(tally.sources_unchanged, 'source')} had nothing new since the last run "
            "(--replay reads from the start)."
        )

    lines += [printable(notice) for notice in outcome.notices]
    if outcome.stopped and outcome.is_drained:
        lines.append("Stopped by a signal: everything read is stored, the next run goes on from there.")

    return lines


def _extra(count: int) -> str:
    return f"; {counted(count, 'event')} beyond one a line" if count else ""


def _reasons(counts: Counter[str]) -> str:
    told = ", ".join(f"{printable(reason)} {count:,}" for reason, count in counts.most_common())
    return told and f": {told}"
