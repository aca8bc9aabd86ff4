"""What a run leaves beside its files: what it was asked, what it read, what it wrote, and what that cost.

The manifest is put last. Where it lies, all files that it names were put before it.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version

import msgspec
import polars as pl

import footfall
from footfall.store.state import Day
from reports.answer import Answer
from reports.outputs.deliver import Delivered
from reports.schedule.job import Job


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A run of a job: when it is due, and which try this is."""

    job: Job
    scheduled_at: datetime
    attempt: int


def manifest(
    occurrence: Occurrence,
    answers: Sequence[Answer],
    files: Sequence[Delivered],
    days: Sequence[Day],
    started_at: datetime,
    ended_at: datetime,
) -> bytes:
    """Return the manifest as JSON; `days` are the ledger's, as they were before anything was read."""
    job, at = occurrence.job, occurrence.scheduled_at
    first_on, last_on = job.days(at)
    provenance = answers[0].provenance
    document = {
        "job": job.name,
        "scheduled_at": _moment(at),
        "cron": job.cron.expression,
        "time_zone": job.cron.time_zone,
        "period": {"name": job.period, "from": _day(first_on), "to": _day(last_on)},
        "attempt": occurrence.attempt,
        "started_at": _moment(started_at),
        "ended_at": _moment(ended_at),
        "inputs": {
            **provenance.document(),
            "days": [{"site": day.site, "date": str(day.on), "revision": day.revision} for day in days],
        },
        "cost": {"read_units": provenance.reading.read_units, "dollars": provenance.reading.dollars},
        "reports": [_about(answer) for answer in answers],
        "files": [_file(file) for file in files],
        "versions": versions(),
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def versions() -> dict[str, str]:
    """Return what the figures were made with."""
    return {
        "footfall": footfall.__version__,
        "python": platform.python_version(),
        "polars": pl.__version__,
        "tzdata": version("tzdata"),
    }


def _file(file: Delivered) -> dict[str, object]:
    return {
        "file": file.stored.where,
        "format": file.format,
        "bytes": file.stored.size_bytes,
        "sha256": file.stored.sha256,
        "rows": dict(zip(file.reports, file.rows, strict=True)),
    }


def _about(answer: Answer) -> dict[str, object]:
    return {
        "report": answer.report.name,
        "question": answer.report.question,
        "definition": answer.definition,
        "rows": answer.total_rows,
    }


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _day(on: object) -> str | None:
    return None if on is None else str(on)
