"""Find out which format a log is in, by reading its first lines with all of them, and say how sure that is.

A sample of the first lines is read with every format that has a clue in them (`Format.clue`; JSON only by those that
are JSON, and the other way round), and all of them with the few that did best. Best is what gives most: the share of
the lines that a format reads, times the number of columns that get a value. How sure that is, from 0 to 1, is

    share of the lines read * fill * sense * (1 - 0.4 * doubt)

*Fill* is the number of columns with a value, of `TELLING_COLUMNS` or as many as the format has: prose, tables and
application logs that a generous format reads by accident fill few. A beacon tells by itself, and counts as all.
*Sense* is halved for each column of `SENSIBLE` of which most values make none: a user who is half a line. *Doubt* is
that of the strongest rival: the share of the same lines that it reads, divided by one more than the number of columns
that it gives less. Who makes the same events of the same lines is no rival.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from ingest.formats import FORMATS, Format, named
from ingest.formats.bodies import BODIES
from ingest.formats.finish import is_skipped
from ingest.formats.wrapped import MOST_WRAPPERS, WrappedFormat, unwrap, wrapper_of, wrapping

ENOUGH: Final = 0.5
"""Share of the lines that the best format has to read to be the one, and how sure it has to be of those."""

SAMPLE_LINES: Final = 200
"""How many lines every format reads."""

CONTENDERS: Final = 4
"""How many formats read the whole head."""

SURE: Final = 0.8
"""How sure a format has to be for nobody to look for another one inside of the lines."""

TELLING_COLUMNS: Final = 6
"""How many columns with a value tell that a line of a log was meant."""

SENSIBLE: Final[Mapping[str, str]] = {
    "ip": r"^(?:[0-9a-fA-F.:%\[\]]+|[A-Za-z0-9_.-]+)$",
    "host": r"^[^\s<>\"]+$",
    "user": r"^\S+$",
    "method": r"^[A-Za-z_-]{1,20}$",
    "path": r"^\S*$",
    "protocol": r"^[\w./-]{1,20}$",
}
"""Columns that a generous format fills with what stands in their place, and expressions that they match in a log."""

_DOUBT_WEIGHT: Final = 0.4
_SHOWN_LINES: Final = 3
_JSON: Final = r"^[\s\x00\[]*\{"
_NO_EVIDENCE: Final = frozenset({"line_number", "offset", "kind", "dialect"})


@dataclass(frozen=True, slots=True)
class Detection:
    """What the first lines say.

    `format` is None when no format reads at least `ENOUGH` of them and is sure enough of that. `nearest` names the
    best one all the same, and `runner_up` the next best; None for none that reads anything. `matched` of `total`
    lines, blank lines and comments left out, are events in the best one, which is `confidence` sure, from 0 to 1.
    `scores` is the share of each format, from 0 to 1, by name. `offending` are the first lines the best format cannot
    read, as (line number, text as logged).
    """

    format: Format | None
    matched: int
    total: int
    scores: Mapping[str, float]
    offending: tuple[tuple[int, str], ...]
    confidence: float = 0.0
    nearest: str | None = None
    runner_up: str | None = None


@dataclass(frozen=True, slots=True)
class _Reading:
    """What a format made of lines: the events and their columns with values, the lines read, the lines refused."""

    form: Format
    events: pl.DataFrame
    columns: tuple[str, ...]
    numbers: pl.Series
    rejected: pl.DataFrame
    sense: float

    @property
    def filled(self) -> int:
        return len(self.columns)

    @property
    def total(self) -> int:
        return len(self.numbers) + len(self.rejected)

    @property
    def share(self) -> float:
        return len(self.numbers) / self.total if self.total else 0.0

    @property
    def merit(self) -> tuple[float, int]:
        """Return what the best has most of; of equals the one with fewer columns is made for such lines."""
        return self.share * self.filled * self.sense, -len(self.form.columns)

    @property
    def fill(self) -> float:
        if _innermost(self.form) in BODIES:  # which read what a dialect has recognised, and nothing else
            return 1.0

        return min(1.0, self.filled / max(1, min(TELLING_COLUMNS, len(self.form.columns))))


def detect(head: pl.DataFrame) -> Detection:
    """Read `head`, lines as `ingest.lines.split_lines` gives them, with every format; never raises.

    What is no format, or none for sure, may be one inside of lines of syslog or Docker: ``docker:combined``.
    """
    return _detect(head, MOST_WRAPPERS)


def _detect(head: pl.DataFrame, wrappers: int) -> Detection:
    found = _among(FORMATS.values(), head)
    if found.confidence >= SURE or not wrappers:
        return found

    kind = wrapper_of(_sample(head))
    inside = None if kind is None else _detect(unwrap(kind, head), wrappers - 1)
    if kind is None or inside is None or inside.nearest is None:
        return found

    names = [name for name in (inside.nearest, inside.runner_up) if name is not None]
    wrapped = _among([wrapping(kind, named(name)) for name in names], head)
    return max(found, wrapped, key=lambda each: (each.format is not None, each.confidence))


def _among(forms: Iterable[Format], head: pl.DataFrame) -> Detection:
    """Return which of `forms` the lines are in."""
    sample, every = _sample(head), tuple(forms)
    readings = _ranked(_read(form, sample) for form in _possible(every, sample))
    if len(sample) < len(head):
        readings = _closer(readings, every, head)

    best, rivals = readings[0], [rival for rival in readings[1:] if len(rival.numbers)]
    certainty = _certainty(best, rivals)
    is_the_one = len(best.numbers) and best.share >= ENOUGH and certainty >= ENOUGH
    return Detection(
        format=best.form if is_the_one else None,
        matched=len(best.numbers),
        total=best.total,
        scores=dict.fromkeys(FORMATS, 0.0) | {reading.form.name: reading.share for reading in readings},
        offending=tuple(best.rejected.head(_SHOWN_LINES).select("line_number", "text").iter_rows()),
        confidence=best.share * certainty,
        nearest=best.form.name if len(best.numbers) else None,
        runner_up=rivals[0].form.name if rivals else None,
    )


def _possible(forms: Sequence[Format], lines: pl.DataFrame) -> list[Format]:
    """Return the formats that lines can be in by their first characters and the formats' clues; at least one."""
    # To read lines with a format costs some milliseconds, whatever the lines; to look for all clues, one or two.
    is_json = lines.filter(~is_skipped()).get_column("text").str.contains(_JSON)
    alike = [form for form in forms if bool(re.match(_JSON, form.example)) == is_json.first()]
    asked = alike if len(is_json) and is_json.n_unique() == 1 and alike else forms
    clues = [pl.lit(value=True) if not form.clue else _has(form.clue) for form in asked]
    found = lines.select(clue.alias(str(at)) for at, clue in enumerate(clues)).row(0)
    return [form for form, is_possible in zip(asked, found, strict=True) if is_possible] or [asked[0]]


def _has(clue: str) -> pl.Expr:
    return pl.col("text").str.contains(clue).any()


def _closer(readings: Sequence[_Reading], forms: Sequence[Format], head: pl.DataFrame) -> list[_Reading]:
    """Return the best of `readings` by the whole head, the others as they are, behind them."""
    # In a log with much rubbish, the sample may be nothing else: then everybody reads on.
    if not len(readings[0].numbers):
        return _ranked(_read(form, head) for form in _possible(forms, head))

    contenders = _ranked(_read(reading.form, head) for reading in readings[:CONTENDERS])
    return contenders + list(readings[CONTENDERS:])


def _sample(head: pl.DataFrame) -> pl.DataFrame:
    """Return lines from all over the head, `SAMPLE_LINES` at most, and the directives and blank lines among them."""
    is_record = ~is_skipped()
    every = head.select(is_record.sum()).item() // SAMPLE_LINES + 1
    return head.filter(~is_record | (is_record.cum_sum() % every == 1 % every))


def _read(form: Format, lines: pl.DataFrame) -> _Reading:
    parsed = form.parse(lines)
    if parsed.events.is_empty():
        return _Reading(form, parsed.events, (), parsed.events["line_number"], parsed.rejected, 1.0)

    numbers = parsed.events.get_column("line_number").unique()
    rejected = parsed.rejected.filter(~pl.col("line_number").is_in(numbers.implode()))
    return _Reading(form, parsed.events, _filled(parsed.events), numbers, rejected, _sense(parsed.events))


def _innermost(form: Format) -> Format:
    while isinstance(form, WrappedFormat):
        form = form.inner

    return form


def _sense(events: pl.DataFrame) -> float:
    columns = [name for name in SENSIBLE if name in events.columns]
    verdicts = events.select(pl.col(name).str.contains(SENSIBLE[name]).mean() < ENOUGH for name in columns)
    return float(0.5 ** verdicts.row(0).count(True)) if columns else 1.0


def _filled(events: pl.DataFrame) -> tuple[str, ...]:
    names = sorted(name for name in events.columns if name not in _NO_EVIDENCE)
    return tuple(name for name in names if events.get_column(name).null_count() < len(events))


def _ranked(readings: Iterable[_Reading]) -> list[_Reading]:
    """Return the best first; of equals the last, since families begin with their most general format."""
    return sorted(readings, key=lambda reading: reading.merit)[::-1]


def _certainty(best: _Reading, rivals: Sequence[_Reading]) -> float:
    """Return how sure it is that the lines which `best` reads are in its format."""
    doubt = max((_doubt(best, rival) for rival in rivals), default=0.0)
    return best.fill * best.sense * (1 - _DOUBT_WEIGHT * doubt)


def _doubt(best: _Reading, rival: _Reading) -> float:
    if best.columns == rival.columns and best.events.select(best.columns).equals(
        rival.events.select(best.columns)
    ):
        return 0.0

    both = int(best.numbers.is_in(rival.numbers.implode()).sum())
    return both / len(best.numbers) / (1 + max(0, best.filled - rival.filled))
