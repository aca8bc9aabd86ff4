"""DynamoDB's words: throttled, failed, described.

The error codes and members are those of the service model (botocore, 2012-08-10). On-demand tables throttle with a
ThrottlingException, provisioned ones with a ProvisionedThroughputExceededException; what is wrong exactly is in their
reasons, which the former spells with a small t.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import msgspec

from footfall.store.embedded.tables import ARN_PREFIX
from footfall.store.engine import Reply
from footfall.store.simulator.conditions import Conditions
from footfall.store.simulator.limits import ACCOUNT, KEY_RANGE, PROVISIONED

PROVISIONED_EXCEEDED: Final = "ProvisionedThroughputExceededException"
THROTTLING: Final = "ThrottlingException"
REQUEST_LIMIT: Final = "RequestLimitExceeded"
NO_MEMBERS: Final[Mapping[str, object]] = MappingProxyType({})

_NO_MAXIMUM: Final = -1
_DYNAMODB: Final = "com.amazonaws.dynamodb.v20120810#"
_CORAL: Final = "com.amazon.coral.service#"
_NAMESPACES: Final = {
    THROTTLING: _CORAL,
    "ExpiredTokenException": _CORAL,
    "AccessDeniedException": _CORAL,
    "ServiceUnavailable": _CORAL,
}
_THROTTLED: Final = {
    PROVISIONED_EXCEEDED: (
        "The level of configured provisioned throughput for the table was exceeded. Consider increasing your "
        "provisioning level with the UpdateTable API."
    ),
    THROTTLING: (
        "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table "
        "or index so please try again shortly."
    ),
    REQUEST_LIMIT: (
        "Throughput exceeds the current throughput limit for your account. Please contact AWS Support to request a "
        "limit increase."
    ),
}


def failed(code: str, message: str, status: int = 400, members: Mapping[str, object] = NO_MEMBERS) -> Reply:
    """Return an error reply."""
    document = {"__type": _NAMESPACES.get(code, _DYNAMODB) + code, "message": message, **members}
    return Reply(status, msgspec.json.encode(document))


def throttled(code: str, table: str, reasons: Sequence[str]) -> Reply:
    """Return the reply to a request of which nothing was done for lack of capacity, for these `reasons`."""
    member = "throttlingReasons" if code == THROTTLING else "ThrottlingReasons"
    told = [{"reason": reason, "resource": ARN_PREFIX + table} for reason in reasons]
    return failed(code, _THROTTLED[code], members={member: told})


def described(
    description: Mapping[str, Any],
    conditions: Conditions,
    *,
    read_units: float,
    write_units: float,
    second: float,
) -> dict[str, Any]:
    """Return a TableDescription that tells what is simulated `second` seconds after the opening.

    `read_units` and `write_units` are what the table as a whole takes per second at that moment.
    """
    units = {"ReadUnitsPerSecond": int(read_units), "WriteUnitsPerSecond": int(write_units)}
    told = {**description, "WarmThroughput": {**units, "Status": "ACTIVE"}}
    if conditions.is_provisioned:
        told |= _billing(told, "PROVISIONED", int(read_units), int(write_units))

    if conditions.is_on_demand:
        told |= _billing(told, "PAY_PER_REQUEST", 0, 0)

    reads, writes = conditions.read.maximum, conditions.write.maximum
    if reads is not None or writes is not None:
        told["OnDemandThroughput"] = {
            "MaxReadRequestUnits": _NO_MAXIMUM if reads is None else int(reads.at(second)),
            "MaxWriteRequestUnits": _NO_MAXIMUM if writes is None else int(writes.at(second)),
        }

    return told


def fault_reply(name: str, table: str, side: str) -> Reply:
    """Return the error of a fault's `reply`; `side`, Read or Write, is for the reasons of throttling."""
    if name in _THROTTLING_FAULTS:
        code, reason = _THROTTLING_FAULTS[name]
        return throttled(code, table, [f"Table{side}{reason}"])

    return _FAULT_REPLIES[name]


_THROTTLING_FAULTS: Final = {
    "provisioned": (PROVISIONED_EXCEEDED, PROVISIONED),
    "throttling": (THROTTLING, KEY_RANGE),
    "request_limit": (REQUEST_LIMIT, ACCOUNT),
}
_FAULT_REPLIES: Final = {
    "internal": failed("InternalServerError", "Internal server error", 500),
    "unavailable": failed("ServiceUnavailable", "Service is temporarily unavailable", 503),
    "bad_gateway": Reply(502, b"<html><head><title>502 Bad Gateway</title></head></html>"),
    "expired_token": failed("ExpiredTokenException", "The security token included in the request is expired"),
    "access_denied": failed(
        "AccessDeniedException",
        "User: arn:aws:iam::000000000000:user/simulated is not authorized to perform this operation",
    ),
}


def _billing(described: Mapping[str, Any], mode: str, read_units: int, write_units: int) -> dict[str, Any]:
    units = {"ReadCapacityUnits": read_units, "WriteCapacityUnits": write_units}
    return {
        "BillingModeSummary": {"BillingMode": mode},
        "ProvisionedThroughput": {**described["ProvisionedThroughput"], **units},
    }
