"""Units per second that may change: constant pieces with steps between them, and ramps."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

_STEP: Final = re.compile(
    r"(?P<value>\d+(?:\.\d+)?)(?:@(?P<start>\d+(?:\.\d+)?)(?:-(?P<end>\d+(?:\.\d+)?))?)?",
    re.ASCII,
)


@dataclass(frozen=True)
class Rate:
    """A line through `points`, (second, units per second), in order; constant before the first and after the last.

    Two points of one second are a step: the later one counts from that second on.
    """

    points: tuple[tuple[float, float], ...]

    def at(self, second: float) -> float:
        """Return the units per second at `second`."""
        points = self.points
        index = bisect_right(self._seconds, second) - 1
        if index < 0 or index == len(points) - 1:
            return points[max(0, index)][1]

        (start, low), (end, high) = points[index], points[index + 1]
        return low + (high - low) * (second - start) / (end - start)

    def pieces(self, start: float, end: float) -> Iterator[tuple[float, float]]:
        """Yield the straight pieces of [start, end): the units of each, and the rate just before its end."""
        moments = [start, *(second for second in self._seconds if start < second < end), end]
        for low, high in pairwise(moments):
            middle = self.at((low + high) / 2)
            yield middle * (high - low), 2 * middle - self.at(low)

    def units(self, start: float, end: float) -> float:
        """Return the units of all seconds from `start` to `end`."""
        return sum(units for units, _ in self.pieces(start, end))

    @cached_property
    def _seconds(self) -> list[float]:
        return [second for second, _ in self.points]


def steady(units_per_second: float) -> Rate:
    """Return a rate that never changes."""
    return Rate(((0.0, units_per_second),))


def parse_rate(text: str) -> Rate:
    """Return the rate that `text` writes: ``1000``, then ``,500@30`` (a step) and ``,2000@90-120`` (a ramp).

    Raises `ValueError` with a sentence when it is none, or when its moments are not in order.
    """
    points: list[tuple[float, float]] = []
    for part in text.split(","):
        match = _STEP.fullmatch(part)
        if match is None:
            raise ValueError(f"{part!r} is no number of units, nor one with @SECOND or @SECOND-SECOND")

        if bool(points) != (match["start"] is not None):
            raise ValueError("the first number counts from the start, every other one has an @SECOND")

        _extend(points, float(match["value"]), float(match["start"] or 0), match["end"])

    return Rate(tuple(points))


def _extend(points: list[tuple[float, float]], value: float, start: float, end: str | None) -> None:
    if not points:
        points.append((0.0, value))
        return

    last = start if end is None else float(end)
    if start < points[-1][0] or last < start or (start == points[-1][0] and len(points) > 1):
        raise ValueError(f"the moments are not in order at @{start:g}")

    points += [(start, points[-1][1]), (last, value)]
