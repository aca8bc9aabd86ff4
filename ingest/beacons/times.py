"""Say when what a beacon tells of happened."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import polars as pl

LONGEST_WAIT: Final = timedelta(days=7)
"""How long a tracker may have kept an event before it sent it."""

LATEST_BEFORE: Final = timedelta(hours=24)
EARLIEST_AFTER: Final = timedelta(minutes=5)
"""How far a client's clock is believed when it does not say when it sent the event: so long before it was received,
so long after."""


def happened_at(received: pl.Expr, created: pl.Expr, sent: pl.Expr) -> pl.Expr:
    """Return the time of events: `received` by the log's clock, `created` and `sent` by the client's, any of them
    null.

        * All three: received - (sent - created), which needs no clock of the client's to be right; where sent - created
          is less than nothing or more than `LONGEST_WAIT`, received.
        * Received and created: created, where it is at most `LATEST_BEFORE` before received and at most
          `EARLIEST_AFTER` after it; received elsewhere.
        * Received alone, or with sent: received.
        * Created without received: created. Sent alone: sent.
        * None of them: null.
    """
    waited = sent - created
    early = received - created
    zero = timedelta()
    return (
        pl.when(received.is_null())
        .then(pl.coalesce(created, sent))
        .when(waited.is_between(zero, LONGEST_WAIT))
        .then(received - waited)
        .when(waited.is_null() & early.is_between(-EARLIEST_AFTER, LATEST_BEFORE))
        .then(created)
        .otherwise(received)
    )
