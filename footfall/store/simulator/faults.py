"""Which requests meet which fault: shares of all requests, within windows of time, drawn from the seed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from types import MappingProxyType
from typing import Final, Literal

from footfall.store.simulator.chance import Chance

Applied = Literal["no", "yes", "by chance", "in part"]
Scope = Literal["batches", "events", "all"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A fault: what happens to a request that meets it.

    `applied` tells whether the request is carried out all the same; `reply` is the error it is answered with, None for
    its own reply; `is_lost` means no reply at all and `is_sent` whether the request went out, `is_slow` that it takes
    `slow_ms` longer. `scope` is what meets it: BatchWriteItem of the events table, everything on the events table, or
    everything on both tables.
    """

    meaning: str
    applied: Applied
    scope: Scope = "all"
    reply: str | None = None
    is_lost: bool = False
    is_sent: bool = True
    is_slow: bool = False


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "unprocessed": Kind("some puts of a batch come back in UnprocessedItems", "in part", "batches"),
        "provisioned": Kind(
            "ProvisionedThroughputExceededException, not carried out", "no", "events", "provisioned"
        ),
        "throttling": Kind("ThrottlingException, not carried out", "no", "events", "throttling"),
        "request_limit": Kind("RequestLimitExceeded, not carried out", "no", "events", "request_limit"),
        "internal_before": Kind("InternalServerError (500), not carried out", "no", reply="internal"),
        "internal_after": Kind("InternalServerError (500), carried out", "yes", reply="internal"),
        "unavailable": Kind("ServiceUnavailable (503), not carried out", "no", reply="unavailable"),
        "bad_gateway": Kind("a proxy's HTML (502), carried out or not", "by chance", reply="bad_gateway"),
        "reset_before": Kind("no connection: the request never went out", "no", is_lost=True, is_sent=False),
        "reset_after": Kind("connection reset after the request was carried out", "yes", is_lost=True),
        "timeout": Kind(
            "no reply after slow_ms, carried out or not", "by chance", is_lost=True, is_slow=True
        ),
        "slow": Kind("the reply comes slow_ms later", "yes", is_slow=True),
        "expired_token": Kind("ExpiredTokenException, not carried out", "no", reply="expired_token"),
        "access_denied": Kind("AccessDeniedException, not carried out", "no", reply="access_denied"),
    }
)

_FAULT: Final = re.compile(
    r"(?P<name>[a-z_]+):(?P<share>\d+(?:\.\d+)?)(?:@(?P<start>\d+(?:\.\d+)?)-(?P<end>\d+(?:\.\d+)?))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Fault:
    """A share of the requests, 0 to 1, that meet a fault from second `start` to before second `end`."""

    name: str
    share: float
    start: float = 0.0
    end: float = inf

    @property
    def kind(self) -> Kind:
        """Return what happens."""
        return KINDS[self.name]

    def is_on(self, second: float) -> bool:
        """Tell whether it is met at `second`."""
        return self.start <= second < self.end


def parse_faults(text: str) -> tuple[Fault, ...]:
    """Return the faults in ``unprocessed:0.05,internal_after:1@30-50``. Raises `ValueError` with a sentence.

    The shares that hold at one moment may not add up to more than 1: a request meets one fault at most.
    """
    faults = tuple(_parse_fault(part) for part in text.split(","))
    for moment in {fault.start for fault in faults}:
        total = sum(fault.share for fault in faults if fault.is_on(moment))
        if total > 1 + 1e-9:
            raise ValueError(f"the shares at second {moment:g} add up to {total:g}, more than 1")

    return faults


def meet(
    faults: Sequence[Fault], chance: Chance, number: int, second: float, scopes: frozenset[Scope]
) -> Fault | None:
    """Return the fault that request `number` of these `scopes` meets at `second`, if any."""
    drawn = chance.share(number, "fault") if faults else 1.0
    for fault in faults:
        if fault.kind.scope not in scopes or not fault.is_on(second):
            continue

        if drawn < fault.share:
            return fault

        drawn -= fault.share

    return None


def _parse_fault(text: str) -> Fault:
    match = _FAULT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not NAME:SHARE or NAME:SHARE@SECOND-SECOND")

    if match["name"] not in KINDS:
        raise ValueError(f"there is no fault {match['name']!r}; there are {', '.join(KINDS)}")

    fault = Fault(
        match["name"], float(match["share"]), float(match["start"] or 0), float(match["end"] or inf)
    )
    if fault.share > 1:
        raise ValueError(f"the share of {fault.name} is more than 1")

    if fault.start >= fault.end:
        raise ValueError(f"the window of {fault.name} ends before it begins")

    return fault
