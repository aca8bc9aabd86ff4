"""Say how a run went: a few lines for a person, one JSON object for a program."""

from __future__ import annotations

import click
import msgspec

from footfall.text import printable
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
    stored = f"{counts.events:,} {_plural('event', counts.events)} stored"
    rate = counts.events / outcome.seconds if outcome.seconds else 0.0
    lines = [
        f"{counts.lines:,} {_plural('line', counts.lines)} read from {tally.sources:,} "
        f"{_plural('source', tally.sources)} in {outcome.seconds:.1f} s: {stored} "
        f"({rate:,.0f}/s), {counts.rejected:,} rejected, {counts.skipped:,} skipped, {counts.filtered:,} filtered.",
        f"{tally.batches:,} {_plural('batch', tally.batches, 'es')}, {tally.consumed_write_units:,.0f} write units, "
        f"{tally.throttled:,} {_plural('request', tally.throttled)} throttled.",
    ]
    if tally.throttle_reasons:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in tally.throttle_reasons.most_common())
        lines.append(f"Throttled for these reasons: {reasons}.")

    if tally.limited_by:
        lines.append(f"Writing was {pace_line(tally)}.")

    if counts.rejected:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in tally.rejected_by_reason.most_common())
        lines.append(f"Rejected lines are kept in {printable(str(settings.dead_letters))}: {reasons}.")

    if counts.filtered:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in tally.filtered_by_reason.most_common())
        lines.append(f"Filtered events are only read again with --replay: {reasons}.")

    if tally.sources_unchanged:
        lines.append(
            f"{tally.sources_unchanged:,} {_plural('source', tally.sources_unchanged)} had nothing new since the last "
            "run (--replay reads from the start)."
        )

    lines += [printable(notice) for notice in outcome.notices]
    if outcome.stopped:
        lines.append("Stopped by a signal: everything read is stored, the next run goes on from there.")

    return lines


def _plural(noun: str, count: int, ending: str = "s") -> str:
    return noun if count == 1 else noun + ending
