"""What is simulated: the parameters of an embedded store's URL, read and checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import unquote_plus

from footfall.errors import SettingsError
from footfall.store.simulator.faults import Fault, parse_faults
from footfall.store.simulator.rates import Rate, parse_rate, steady

PARTITION_WRITE_UNITS: Final = 1000.0
PARTITION_READ_UNITS: Final = 3000.0
BURST_SECONDS: Final = 300.0
SLOW_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Ceilings:
    """What limits one direction, written or read, in units per second; None where nothing does.

    `provisioned` is a provisioned table's; `maximum`, `warm` and `account` are those of a table on demand: what
    somebody set, what it takes before it has grown, and the account's quota. `partition` is each partition key's.
    """

    provisioned: Rate | None = None
    maximum: Rate | None = None
    warm: float | None = None
    account: Rate | None = None
    partition: Rate | None = None


@dataclass(frozen=True, slots=True)
class Conditions:
    """How a simulated events table behaves; seconds count from the opening of the store.

    A request takes `latency_seconds` and up to `jitter_seconds` more; one that meets a slow fault `slow_seconds` more
    than that. Everything that is left to chance follows from `seed`.
    """

    write: Ceilings = field(default_factory=Ceilings)
    read: Ceilings = field(default_factory=Ceilings)
    burst_seconds: float = BURST_SECONDS
    latency_seconds: float = 0.0
    jitter_seconds: float = 0.0
    slow_seconds: float = SLOW_SECONDS
    seed: int = 0
    faults: tuple[Fault, ...] = ()

    @property
    def is_provisioned(self) -> bool:
        """Tell whether the table is in provisioned mode."""
        return self.write.provisioned is not None or self.read.provisioned is not None

    @property
    def is_on_demand(self) -> bool:
        """Tell whether a limit is one that only a table on demand has."""
        return any(
            rate is not None
            for side in (self.write, self.read)
            for rate in (side.maximum, side.warm, side.account)
        )


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the URL: how its text is read, its unit, what holds without it, and what it means."""

    parse: Callable[[str], Any]
    unit: str
    usual: str
    meaning: str


def _number(text: str, smallest: float = 0.0, largest: float = inf) -> float:
    number = float(text) if text.replace(".", "", 1).isdecimal() and text.isascii() else -1.0
    if not smallest <= number <= largest:
        raise ValueError(f"{text!r} is no number of {smallest:g} or more")

    return number


def _milliseconds(text: str) -> float:
    return _number(text) / 1000


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(f"{text!r} is no whole number")

    return int(text)


def _at_least_one(text: str) -> float:
    return _number(text, 1.0)


_RATE: Final = "units/s, over time"
_EXAMPLE: Final = (
    "--store 'embedded:trial.db?write_units=1000,500@30&faults=unprocessed:0.05'   (docs/simulator.md)"
)
PARAMETERS: Final[Mapping[str, Parameter]] = MappingProxyType(
    {
        "write_units": Parameter(
            parse_rate, _RATE, "unlimited", "What the events table is provisioned to write."
        ),
        "read_units": Parameter(
            parse_rate, _RATE, "unlimited", "What the events table is provisioned to read."
        ),
        "max_write_units": Parameter(
            parse_rate, _RATE, "unlimited", "The maximum set for writing to a table on demand."
        ),
        "max_read_units": Parameter(
            parse_rate, _RATE, "unlimited", "The maximum set for reading a table on demand."
        ),
        "warm_write_units": Parameter(
            _at_least_one,
            "units/s",
            "unlimited",
            "What a table on demand takes at first; a new one takes 4000. "
            "Each half hour it becomes twice the busiest minute so far, if that is more.",
        ),
        "warm_read_units": Parameter(
            _at_least_one, "units/s", "unlimited", "The same for reading; a new table takes 12000."
        ),
        "account_write_units": Parameter(
            parse_rate,
            _RATE,
            "unlimited",
            "The account's quota for writing to one table on demand; AWS's is 40000.",
        ),
        "account_read_units": Parameter(
            parse_rate,
            _RATE,
            "unlimited",
            "The account's quota for reading one table on demand; AWS's is 40000.",
        ),
        "partition_write_units": Parameter(
            parse_rate, _RATE, "1000 when any units are given", "What each partition key takes."
        ),
        "partition_read_units": Parameter(
            parse_rate, _RATE, "3000 when any units are given", "What each partition key gives."
        ),
        "burst_seconds": Parameter(
            _at_least_one,
            "seconds, 1 or more",
            "300",
            "For how long unused provisioned capacity is kept; none is saved up when the store is opened.",
        ),
        "latency_ms": Parameter(
            _milliseconds, "ms", "0", "What a request takes, half before it is carried out."
        ),
        "jitter_ms": Parameter(_milliseconds, "ms", "0", "What a request takes longer at most, by chance."),
        "slow_ms": Parameter(_milliseconds, "ms", "5000", "How much longer slow replies and time-outs take."),
        "faults": Parameter(
            parse_faults,
            "shares, 0 to 1",
            "none",
            "Which shares of the requests meet which fault; see below.",
        ),
        "seed": Parameter(
            _seed, "whole number", "0", "Another seed, other chances; the same seed, the same."
        ),
    }
)


def parse_conditions(text: str) -> Conditions:
    """Return the conditions that the part of a URL after its ``?`` asks for, as ``write_units=500&seed=7``.

    Raises `SettingsError` for an unknown or repeated parameter, a value that makes no sense, and for limits of a
    provisioned table together with those of one on demand.
    """
    values: dict[str, Any] = {}
    for part in filter(None, text.split("&")):
        name, _, value = part.partition("=")
        if name in values:
            raise SettingsError(
                f"{name} is given twice.", hint="write changes over time as write_units=1000,500@30"
            )

        values[name] = _parse(name, unquote_plus(value))

    conditions = _conditions(values)
    if conditions.is_provisioned and conditions.is_on_demand:
        raise SettingsError(
            "A table is either provisioned (write_units, read_units) or on demand (max_, warm_ and account_ units).",
            hint="leave out one kind, as in embedded:site.db?max_write_units=500",
        )

    return conditions


def _parse(name: str, value: str) -> Any:
    parameter = PARAMETERS.get(name)
    if parameter is None:
        raise SettingsError(
            f"An embedded store has no parameter {name!r}; there are {', '.join(PARAMETERS)}.", hint=_EXAMPLE
        )

    try:
        return parameter.parse(value)
    except ValueError as error:
        raise SettingsError(
            f"The store's parameter {name}={value} makes no sense: {error}. It takes {parameter.unit}.",
            hint=_EXAMPLE,
        ) from None


def _conditions(values: Mapping[str, Any]) -> Conditions:
    has_units = any(name.endswith("_units") for name in values)
    return Conditions(
        write=_ceilings(values, "write", PARTITION_WRITE_UNITS if has_units else None),
        read=_ceilings(values, "read", PARTITION_READ_UNITS if has_units else None),
        burst_seconds=values.get("burst_seconds", BURST_SECONDS),
        latency_seconds=values.get("latency_ms", 0.0),
        jitter_seconds=values.get("jitter_ms", 0.0),
        slow_seconds=values.get("slow_ms", SLOW_SECONDS),
        seed=values.get("seed", 0),
        faults=values.get("faults", ()),
    )


def _ceilings(values: Mapping[str, Any], side: str, usual_partition: float | None) -> Ceilings:
    usual = None if usual_partition is None else steady(usual_partition)
    return Ceilings(
        provisioned=values.get(f"{side}_units"),
        maximum=values.get(f"max_{side}_units"),
        warm=values.get(f"warm_{side}_units"),
        account=values.get(f"account_{side}_units"),
        partition=values.get(f"partition_{side}_units", usual),
    )
