"""Which rows each figure of a query is measured in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from footfall.errors import SettingsError
from reports.query.asked import Query
from reports.query.dimension import Dimension
from reports.query.dimensions import DIMENSIONS
from reports.query.grain import GRAINS, Grain
from reports.query.metric import Count, Distinct, Measured, Metric, Quantile
from reports.query.metrics import METRICS

EXAMPLES: Final = 8
"""So many of what would go together are named."""


def plan(query: Query) -> Mapping[Grain, tuple[Measured, ...]]:
    """Return what of `query` is measured in rows of which grain.

    All in one where one has it all, so that figures beside each other are of the same rows; else each in the fewest
    rows that have it. By a time, what tells of whole visits counts when they began, all else when it happened. Raises
    `SettingsError` when no rows have a metric and the dimensions.
    """
    able = {one.name: _able(one, query.dimensions) for one in query.measured}
    for one in query.measured:
        if not able[one.name]:
            raise _not_had(query, one)

    planned: dict[Grain, list[Measured]] = {}
    for group in _groups(query, able):
        together = _first(set.intersection(*(set(able[one.name]) for one in group)))
        for one in group:
            planned.setdefault(together or able[one.name][0], []).append(one)

    return {grain: tuple(planned[grain]) for grain in GRAINS if grain in planned}


def grains_of(metric: Metric) -> tuple[Grain, ...]:
    """Return the rows that `metric` can be had in, the first for each part where those differ."""
    if isinstance(metric, Count | Distinct | Quantile):
        return tuple(grain for grain in GRAINS if grain in metric.rows)

    parts = [METRICS[name] for name in metric.parts]
    return tuple(grain for grain in GRAINS if all(grain in grains_of(part) for part in parts))


def goes_with(metric: Metric, dimension: Dimension) -> bool:
    """Tell whether `metric` can be had by `dimension`."""
    names = (metric.name,) if isinstance(metric, Distinct | Quantile) else metric.parts
    parts = [METRICS[name] for name in names]
    return all(any(dimension.is_had_in(grain) for grain in grains_of(part)) for part in parts)


def _able(one: Measured, dimensions: Iterable[Dimension]) -> list[Grain]:
    known = tuple(dimensions)
    grains = [grain for grain in GRAINS if grain in one.rows]
    grains = [grain for grain in grains if all(dimension.is_had_in(grain) for dimension in known)]
    is_by_time = any(dimension.is_time for dimension in known)
    if is_by_time and not _is_of_visits(one) and len(grains) > 1:
        return [grain for grain in grains if grain != "visits"]

    return grains


def _is_of_visits(one: Measured) -> bool:
    return one.of_visits if isinstance(one, Count) else tuple(one.rows) == ("visits",)


def _groups(query: Query, able: Mapping[str, Sequence[Grain]]) -> list[list[Measured]]:
    """Return what should be measured in the same rows."""
    if not any(dimension.is_time for dimension in query.dimensions):
        return [list(query.measured)] if query.measured else []

    of_visits = [one for one in query.measured if _is_of_visits(one) and "visits" in able[one.name]]
    others = [one for one in query.measured if one not in of_visits]
    return [group for group in (of_visits, others) if group]


def _first(grains: set[Grain]) -> Grain | None:
    return next((grain for grain in GRAINS if grain in grains), None)


def _not_had(query: Query, one: Measured) -> SettingsError:
    """Return the error that says what does not go together, and what would."""
    metric = next(metric for metric in query.worked_out if one.name in _names(metric))
    alone = [dimension for dimension in query.dimensions if not goes_with(metric, dimension)]
    dimensions = alone or query.dimensions
    names = " and ".join(dimension.name for dimension in dimensions)
    also = [name for name, other in DIMENSIONS.items() if goes_with(metric, other)]
    details = [f"{metric.name} goes by {_some(also)}"]
    for dimension in dimensions:
        metrics = [name for name, other in METRICS.items() if goes_with(other, dimension)]
        details.append(f"{dimension.name} goes with {_some(metrics)}")

    return SettingsError(
        f"No rows have {metric.name} by {names}.",
        hint="footfall reports --metrics and footfall reports --dimensions say what is had in which rows",
        details=details,
    )


def _names(metric: Metric) -> tuple[str, ...]:
    return (metric.name,) if isinstance(metric, Distinct | Quantile) else metric.parts


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - EXAMPLES} more" if len(names) > EXAMPLES else ""
    return ", ".join(names[:EXAMPLES]) + more if names else "nothing"
