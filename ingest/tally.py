"""Count what became of every line of a run.

lines_read + extra_events = events_stored + lines_rejected + lines_skipped + events_filtered, always: a chunk is
counted whole, when everything in it is stored or in the dead letters.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from footfall.store.writer.figures import Figures


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the lines of a chunk, or of several.

    `extra` counts what lines gave beyond one event each, `identified` the events with ids of their own.
    """

    lines: int = 0
    events: int = 0
    rejected: int = 0
    skipped: int = 0
    filtered: int = 0
    extra: int = 0
    identified: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.lines + other.lines,
            self.events + other.events,
            self.rejected + other.rejected,
            self.skipped + other.skipped,
            self.filtered + other.filtered,
            self.extra + other.extra,
            self.identified + other.identified,
        )

    @property
    def adds_up(self) -> bool:
        """Whether every line has become exactly one thing, or those that it carried."""
        return self.lines + self.extra == self.events + self.rejected + self.skipped + self.filtered


@dataclass(frozen=True, slots=True)
class RejectedRun:
    """How many lines one after the other were rejected in a stretch of `lines`: at its beginning, its end, at most."""

    lines: int = 0
    leading: int = 0
    trailing: int = 0
    longest: int = 0

    @classmethod
    def of(cls, line_numbers: npt.NDArray[np.int64], first: int, lines: int) -> RejectedRun:
        """Return the runs among `lines` lines from number `first` on, of which `line_numbers` were rejected."""
        gaps = np.setdiff1d(np.arange(first - 1, first + lines + 1), line_numbers, assume_unique=True)
        runs = np.diff(gaps) - 1
        return cls(lines, int(runs[0]), int(runs[-1]), int(runs.max()))

    def __add__(self, following: RejectedRun) -> RejectedRun:
        meeting = self.trailing + following.leading
        return RejectedRun(
            lines=self.lines + following.lines,
            leading=self.leading + (following.leading if self.leading == self.lines else 0),
            trailing=following.trailing + (self.trailing if following.trailing == following.lines else 0),
            longest=max(self.longest, following.longest, meeting),
        )


@dataclass(slots=True)
class Tally(Figures):
    """The running figures of one ingest, those of its writer among them; one task at a time changes them.

    `written` and `without_visitor`, events that belong to no visit, count those of chunks in hand, too.
    """

    counts: Counts = field(default_factory=Counts)
    bytes_read: int = 0
    sources: int = 0
    sources_unchanged: int = 0
    sources_failed: int = 0
    without_visitor: int = 0
    rejected_by_reason: Counter[str] = field(default_factory=Counter)
    filtered_by_reason: Counter[str] = field(default_factory=Counter)

    def summary(self, *, seconds: float, stopped: bool) -> dict[str, Any]:
        """Return the run as one JSON object; `seconds` is how long it took, `stopped` whether a signal ended it."""
        return {
            "lines_read": self.counts.lines,
            "extra_events": self.counts.extra,
            "events_stored": self.counts.events,
            "lines_rejected": self.counts.rejected,
            "lines_skipped": self.counts.skipped,
            "events_filtered": self.counts.filtered,
            "events_without_visitor": self.without_visitor,
            "batches": self.batches,
            "requests": self.requests,
            "throttled": self.throttled,
            "unprocessed_items": self.unprocessed,
            "retried": self.retried,
            "consumed_write_units": self.consumed_write_units,
            "write_units_per_second": self.write_units_per_second and round(self.write_units_per_second, 1),
            "ceiling_units_per_second": self.ceiling_units_per_second,
            "limited_by": self.limited_by or None,
            "throttle_reasons": dict(self.throttle_reasons),
            "seconds": round(seconds, 3),
            "bytes_read": self.bytes_read,
            "sources": self.sources,
            "sources_unchanged": self.sources_unchanged,
            "sources_failed": self.sources_failed,
            "rejected_by_reason": dict(self.rejected_by_reason),
            "filtered_by_reason": dict(self.filtered_by_reason),
            "stopped_by_signal": stopped,
        }
