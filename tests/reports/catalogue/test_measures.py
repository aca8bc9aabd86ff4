from __future__ import annotations

import polars as pl

from reports.catalogue import measures as m


def test_share_of_nothing_is_null() -> None:
    frame = pl.DataFrame({"part": [0, 1], "whole": [0, 4]})

    assert frame.select(m.share(pl.col("part"), pl.col("whole"))).to_series().to_list() == [None, 0.25]
