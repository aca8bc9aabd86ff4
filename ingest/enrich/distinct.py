"""Do costly work once per distinct value of a column, or combination of columns, and spread it over the rows.

Several steps look at the same columns, so `encode_texts` numbers their values once, in columns that are dropped at
the end. The one rule of these: **equal codes mean equal texts**. A step that makes different texts of one must call
`encode_again`; one that makes of each text another need not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ingest.enrich.settings import EnrichSettings

ENCODED: Final = ("ip", "path", "query", "referrer", "user_agent")
"""Columns that several steps look at."""

LONGEST_REMEMBERED: Final = 1_024
"""Longer texts are not remembered: a stranger could fill the memory with them."""

Codes = NDArray[np.uint32]
Row = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Distinct:
    """The rows of `first`, one for each distinct value in the order in which they come, and for every row of the
    frame the place of its value among those; null is a value.
    """

    first: pl.Series
    places: pl.Series

    @classmethod
    def of(cls, events: pl.DataFrame, *names: str) -> Distinct:
        """Return the distinct values of a column, or combinations of values of several."""
        codes = _codes_of(events, names[0])
        for name in names[1:]:
            codes = _paired(codes, _codes_of(events, name))

        return cls._by(codes)

    @classmethod
    def of_values(cls, values: pl.Series) -> Distinct:
        """Return the distinct values of a series."""
        return cls._by(_encoded(values))

    @classmethod
    def _by(cls, codes: Codes) -> Distinct:
        first = np.full(int(codes.max(initial=0)) + 1 if len(codes) else 0, len(codes), dtype=np.uint32)
        first[codes[::-1]] = np.arange(len(codes), dtype=np.uint32)[::-1]  # of several, the last one stays
        is_there = first < len(codes)
        if not is_there.all():
            codes = (np.cumsum(is_there, dtype=np.uint32) - np.uint32(1))[codes]
            first = first[is_there]

        return cls(pl.Series(first), pl.Series(codes))

    def values(self, column: pl.Series) -> pl.Series:
        """Return the distinct values of a column of the frame."""
        return column.gather(self.first)

    def spread(self, worked_out: pl.Series) -> pl.Series:
        """Return for every row what was worked out of its value."""
        return worked_out.rechunk().gather(self.places)


class Memory:
    """Does work on distinct texts, and remembers a limited number of them for all threads of the process.

    `work` makes of texts a frame of texts with a row for each, which depends on that text alone.
    """

    def __init__(self, work: Callable[[pl.Series], pl.DataFrame], most: int = 16_384) -> None:
        self._work = work
        self._most = most
        self._known: dict[str | None, Row] = {}
        self._names = work(pl.Series([], dtype=pl.String)).columns

    def __call__(self, texts: pl.Series) -> pl.DataFrame:
        """Return what `work` makes of `texts`."""
        if len(texts) > self._most // 4:
            return self._work(texts)  # so many different ones hardly come again: to remember them costs more

        asked = texts.to_list()
        rows = [self._known.get(text) for text in asked]
        missing = [place for place, row in enumerate(rows) if row is None]
        if len(missing) == len(asked):
            new = self._work(texts)
            self._keep(asked, new)
            return new

        if missing:
            new = self._work(texts.gather(missing))
            self._keep([asked[place] for place in missing], new)
            for place, row in zip(missing, new.iter_rows(), strict=True):
                rows[place] = row

        columns = zip(*(row for row in rows if row is not None), strict=True)
        series = (pl.Series(n, c, dtype=pl.String) for n, c in zip(self._names, columns, strict=True))
        return pl.DataFrame(list(series))

    def _keep(self, texts: Sequence[str | None], worked_out: pl.DataFrame) -> None:
        found = zip(texts, worked_out.iter_rows(), strict=True)
        short = {text: row for text, row in found if len(text or "") <= LONGEST_REMEMBERED}
        if len(self._known) + len(short) > self._most:
            self._known = {}

        self._known.update(short)


def encode_texts(events: pl.DataFrame, settings: EnrichSettings) -> pl.DataFrame:  # noqa: ARG001  # as all steps
    """Add the codes of `ENCODED`, for the steps that follow."""
    return _with_codes(events, (name for name in ENCODED if name in events.columns))


def encode_again(events: pl.DataFrame, *names: str) -> pl.DataFrame:
    """Return `events` with the codes of columns that have changed made anew, where they have any."""
    return _with_codes(events, (name for name in names if code_name(name) in events.columns))


def code_name(name: str) -> str:
    """Return the name of the column with the codes of a column."""
    return f"_{name}_code"


def join_back(events: pl.DataFrame, worked_out: pl.DataFrame, on: Sequence[str]) -> pl.DataFrame:
    """Return `events`, in their order, with the columns of `worked_out` by the columns `on`; null meets null."""
    return events.join(worked_out, on=list(on), how="left", nulls_equal=True, maintain_order="left")


def _with_codes(events: pl.DataFrame, names: Iterable[str]) -> pl.DataFrame:
    return events.with_columns(pl.Series(code_name(name), _encoded(events[name])) for name in names)


def _codes_of(events: pl.DataFrame, name: str) -> Codes:
    code = code_name(name)
    return events[code].to_numpy() if code in events.columns else _encoded(events[name])


def _paired(codes: Codes, others: Codes) -> Codes:
    width = int(others.max(initial=0)) + 1
    return _encoded(pl.Series(codes.astype(np.uint64) * width + others))


def _encoded(values: pl.Series) -> Codes:
    if values.null_count() == len(values):
        return np.zeros(len(values), dtype=np.uint32)

    encoded: Any = values.to_arrow().dictionary_encode(null_encoding="encode")
    codes: Codes = encoded.indices.to_numpy().astype(np.uint32)
    return codes
