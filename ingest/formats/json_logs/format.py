"""Formats of one JSON object a line: a table of members."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import polars as pl

from ingest.formats.fields import literal
from ingest.formats.finish import finish, is_skipped
from ingest.formats.json_logs.explaining import explain
from ingest.formats.json_logs.members import Member, extract
from ingest.formats.json_logs.objects import decoded, read_objects
from ingest.formats.json_logs.paths import Node, Path, parse_path, tree_of, value_at
from ingest.formats.model import NO_MATCH, PLACE, Explanation, Format, Parsed, rejecting

TARGETS: Final = ("path", "request", "method")
"""What an access log says of a request: an object that has none of these tells of something else."""


@dataclass(frozen=True)
class JsonFormat(Format):
    """A format of one JSON object a line.

    `members` say which of its members give which columns. `telling` are paths of which one has a value in every line,
    and `foreign` are paths that have none in any: by these the formats are told apart.
    """

    name: str
    title: str
    members: tuple[Member, ...]
    example: str
    telling: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    family: str = "JSON"
    made_of: str = field(default="", compare=False)

    @property
    def spec(self) -> str:
        """Return the text the format can be made from again."""
        return self.made_of or self.name

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Return the columns the format can carry, each once."""
        return tuple(dict.fromkeys(name for member in self.members for name in member.columns))

    @property
    def clue(self) -> str:
        """Return an expression of the names of which a line has one; see `Format.clue`."""
        names = ([step for step in path if isinstance(step, str)] for path in self._telling)
        return f'"(?:{"|".join(literal(steps[-1]) for steps in names)})"' if self._telling else ""

    @cached_property
    def _telling(self) -> tuple[Path, ...]:
        return tuple(parse_path(path) for path in self.telling)

    @cached_property
    def _foreign(self) -> tuple[Path, ...]:
        return tuple(parse_path(path) for path in self.foreign)

    @cached_property
    def _tree(self) -> Node:
        paths = (path for member in self.members for path in member.paths)
        return tree_of(dict.fromkeys((*paths, *self._telling, *self._foreign)))

    @cached_property
    def _numbers(self) -> frozenset[Path]:
        return frozenset(path for member in self.members if member.may_be_number for path in member.paths)

    def parse(self, lines: pl.DataFrame, header: str = "") -> Parsed:
        """Read lines; see `Format.parse`."""
        texts = lines["text"]
        rows, are_objects = read_objects(_without_zeros(texts), self._tree, self._numbers)
        found = extract(rows, self.members)
        is_event = self._is_event(rows, found, are_objects)
        if is_event.all():
            return self._finished(lines, found, rejecting(lines.clear(), NO_MATCH), 0)

        rest = lines.filter(~is_event)
        unread = rest.filter(~is_skipped())
        unmatched = rejecting(unread, NO_MATCH)
        return self._finished(
            lines.filter(is_event), found.filter(is_event), unmatched, len(rest) - len(unread)
        )

    def _is_event(self, rows: pl.DataFrame, found: pl.DataFrame, are_objects: pl.Series) -> pl.Series:
        conditions = [self._has_request(rows, found)]
        if self._telling:
            conditions.append(
                rows.select(pl.any_horizontal(_is_there(path) for path in self._telling)).to_series()
            )

        if self._foreign:
            conditions.append(
                ~rows.select(pl.any_horizontal(_is_there(path) for path in self._foreign)).to_series()
            )

        is_event = are_objects
        for condition in conditions:
            is_event &= condition

        return is_event

    def _has_request(self, rows: pl.DataFrame, found: pl.DataFrame) -> pl.Series:
        """Tell which objects have a request in them, were it one of which the server could read nothing: ``-``."""
        targets = [pl.col(name).is_not_null() for name in TARGETS if name in found.columns]
        is_told = found.select(pl.any_horizontal(targets)).to_series()
        if is_told.all():
            return is_told

        paths = (path for member in self.members if {*member.columns} & {*TARGETS} for path in member.paths)
        return is_told | rows.select(pl.any_horizontal(_is_there(path) for path in paths)).to_series()

    def _finished(
        self, lines: pl.DataFrame, found: pl.DataFrame, unmatched: pl.DataFrame, skipped: int
    ) -> Parsed:
        columns = [name for name in self.columns if name in found.columns]
        extracted = lines.select(*PLACE, *(found[name] for name in columns))
        return finish(extracted, unmatched, skipped, lambda time: time)

    def is_whole(self, line: str) -> bool:
        """Tell whether a line surely has its end: the object is closed."""
        return decoded(line.lstrip("\0")) is not None

    def explain(self, line: str, header: str = "") -> Explanation:
        """Return member by member how `line` is read; see `Format.explain`."""
        return explain(line, self.members, self.parse)


def _is_there(path: Path) -> pl.Expr:
    return value_at(path).is_not_null()


def _without_zeros(texts: pl.Series) -> pl.Series:
    """Return texts without the zero bytes that a copytruncate leaves in front of one."""
    return texts.str.strip_chars_start("\0") if texts.str.starts_with("\0").any() else texts
