"""What the documents say of metrics, dimensions and definitions files, from the tables of the code itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from docs.generated import table
from reports.definitions.reports import KEYS
from reports.query.cannot import CANNOT_DIMENSIONS, CANNOT_METRICS, LARGEST_GOAL
from reports.query.conditions import OPERATORS
from reports.query.dimension import Dimension
from reports.query.dimensions import GROUPS as DIMENSIONS
from reports.query.grain import Grain
from reports.query.metric import Metric
from reports.query.metrics import GROUPS as METRICS
from reports.query.planning import grains_of
from reports.query.tables import TABLES
from reports.toml.values import Key


def metrics() -> str:
    """Return all metrics, by group."""
    head = ("metric", "unit", "meaning", "formula", "rows", "OWA")
    return "\n".join(
        f"### {group}\n\n" + table(head, (_metric(one) for one in ones)) for group, ones in METRICS.items()
    )


def dimensions() -> str:
    """Return all dimensions, by group."""
    head = ("dimension", "unit", "meaning", "rows", "OWA")
    return "\n".join(
        f"### {group}\n\n" + table(head, (_dimension(one) for one in ones))
        for group, ones in DIMENSIONS.items()
    )


def differences() -> str:
    """Return where footfall differs from OWA, and why."""
    groups: tuple[Mapping[str, Iterable[Metric | Dimension]], ...] = (METRICS, DIMENSIONS)
    known = (one for group in groups for ones in group.values() for one in ones)
    rows = ((_names(one.owa) or f"`{one.name}`", f"`{one.name}`", one.remark) for one in known if one.remark)
    return table(("OWA", "footfall", "why"), rows)


def cannot() -> str:
    """Return what OWA has and events cannot carry, each with the reason."""
    numbered = ", ".join(f"`goalN{what}`" for what in ("Completions", "Starts", "Value"))
    goals = {f"{numbered}, N from 1 to {LARGEST_GOAL}": reason for reason in CANNOT_METRICS.values()}
    return table(
        ("OWA", "why not"), [*goals.items(), *((f"`{name}`", why) for name, why in CANNOT_DIMENSIONS.items())]
    )


def operators() -> str:
    """Return the operators of OWA's constraints as conditions."""
    return table(
        ("OWA", "meaning", "condition"),
        ((f"`{sign}`", meaning, f"`{example}`") for sign, (example, meaning) in OPERATORS.items()),
    )


def sql_tables() -> str:
    """Return the tables of `footfall sql`."""
    return table(("table", "what a row is"), ((f"`{name}`", meaning) for name, meaning in TABLES.items()))


def report_keys() -> str:
    """Return the keys of a report in a definitions file."""
    return keys_of(KEYS)


def keys_of(keys: Mapping[str, Key]) -> str:
    """Return the keys of a section of a definitions file."""
    rows = (
        (f"`{key}`", "yes" if one.is_needed else "", one.meaning, f"`{one.example}`")
        for key, one in keys.items()
    )
    return table(("key", "needed", "meaning", "example"), rows)


def _metric(one: Metric) -> tuple[str, ...]:
    formula = f"`{one.formula}`" if "/" in one.formula else one.formula
    return (f"`{one.name}`", one.unit, one.meaning, formula, _rows(grains_of(one)), _names(one.owa))


def _dimension(one: Dimension) -> tuple[str, ...]:
    return (f"`{one.name}`", one.unit, one.meaning, _rows(one.grains), _names(one.owa))


def _rows(grains: Iterable[Grain]) -> str:
    return ", ".join(grains) or "each part in its own"


def _names(owa: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in owa)
