"""Read why DynamoDB throttled a request: which limit it ran into."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from types import MappingProxyType
from typing import Final

import msgspec

from footfall.store.engine import Reply
from footfall.text import printable


class Limit(Enum):
    """Which limit a throttled request ran into, after ``ThrottlingReasons``."""

    TABLE = "the table's provisioned capacity: slow down"
    ACCOUNT = "the account's quota for one table, on-demand: slow down"
    KEY_RANGE = "one partition's share, a hot key range: spread over other partition keys"
    MAX_ON_DEMAND = "the maximum that somebody set for an on-demand table: grow no more"


LIMITS: Final = MappingProxyType(
    {
        "ProvisionedThroughputExceeded": Limit.TABLE,
        "AccountLimitExceeded": Limit.ACCOUNT,
        "KeyRangeThroughputExceeded": Limit.KEY_RANGE,
        "MaxOnDemandThroughputExceeded": Limit.MAX_ON_DEMAND,
    }
)
"""How a reason ends → its limit. Before that stand ``Table`` or ``Index``, then ``Read`` or ``Write``: 16 words in all
(Amazon DynamoDB Developer Guide, "Diagnosing throttling")."""

_SCOPE: Final = re.compile(r"(Table|Index)(Read|Write)")


class WireReason(msgspec.Struct, frozen=True):
    """Why a request was throttled: one of DynamoDB's sixteen words, and the ARN of the table or index."""

    reason: str = ""
    resource: str = ""


class WireThrottling(msgspec.Struct, frozen=True):
    """The body of a throttled reply; ``ThrottlingException`` alone spells the member with a small t."""

    reasons: list[WireReason] = msgspec.field(name="ThrottlingReasons", default_factory=list)
    small_reasons: list[WireReason] = msgspec.field(name="throttlingReasons", default_factory=list)


def limits_of(reply: Reply) -> tuple[Limit, ...]:
    """Return the limits that a throttled `reply` names, each once; nothing when it names none.

    A word that is not known counts as `Limit.TABLE`, which is answered by slowing down: never wrong.
    """
    words = (_SCOPE.sub("", given.reason, count=1) for given in _told_by(reply))
    return tuple(dict.fromkeys(LIMITS.get(word, Limit.TABLE) for word in words))


def raw_reasons(reply: Reply) -> tuple[str, ...]:
    """Return the reasons of a throttled `reply` in DynamoDB's words, each once, fit for a terminal."""
    return tuple(dict.fromkeys(printable(given.reason, 100) for given in _told_by(reply)))


def _told_by(reply: Reply) -> Sequence[WireReason]:
    """Return why a reply was throttled; nothing when it does not say."""
    if reply.ok:
        return ()

    try:
        told = _THROTTLING.decode(reply.body)
    except msgspec.MsgspecError:
        return ()

    return (*told.reasons, *told.small_reasons)


_THROTTLING = msgspec.json.Decoder(WireThrottling)
