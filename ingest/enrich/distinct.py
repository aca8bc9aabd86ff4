"""Do costly work once per distinct value of a column, or combination of columns, and join it back."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl


def join_back(events: pl.DataFrame, worked_out: pl.DataFrame, on: Sequence[str]) -> pl.DataFrame:
    """Return `events`, in their order, with the columns of `worked_out` by the columns `on`; null meets null."""
    return events.join(worked_out, on=list(on), how="left", nulls_equal=True, maintain_order="left")
