"""What a writer tells of itself while it writes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Figures:
    """The running figures of one writer; one task at a time changes them.

    `written` are the puts that the table has. `write_units_per_second` is the rate the writer keeps to at the moment,
    None while there is no limit; `ceiling_units_per_second` the one it never exceeds, if the user or the table has
    set one; `limited_by` what it is that limits it, empty while nothing does. `throttle_reasons` are DynamoDB's own
    words.
    """

    batches: int = 0
    written: int = 0
    requests: int = 0
    throttled: int = 0
    unprocessed: int = 0
    retried: int = 0
    consumed_write_units: float = 0.0
    write_units_per_second: float | None = None
    ceiling_units_per_second: float | None = None
    limited_by: str = ""
    throttle_reasons: Counter[str] = field(default_factory=Counter)
