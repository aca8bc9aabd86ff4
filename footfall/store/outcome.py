"""Judge a reply: what its error means for the one who sent the request.

The table follows the service model of DynamoDB (botocore, 2012-08-10) and "Error handling with DynamoDB" in the
Amazon DynamoDB Developer Guide.
"""

from __future__ import annotations

from enum import Enum
from types import MappingProxyType
from typing import Final

from footfall.errors import AccessDenied, SchemaMismatch, StoreError, TableMissing
from footfall.store.engine import Reply


class Verdict(Enum):
    """What to do after a reply."""

    DONE = "carried out"
    THROTTLED = "refused for lack of capacity: slow down and send again"
    RETRY = "failed for a passing reason, maybe after it was carried out: send again"
    REFUSED = "the request itself is wrong: sending it again cannot help"
    FATAL = "nothing sent to this store can succeed until somebody acts"


VERDICTS: Final = MappingProxyType(
    {
        "ProvisionedThroughputExceededException": Verdict.THROTTLED,
        "ProvisionedThroughputExceeded": Verdict.THROTTLED,
        "ThrottlingException": Verdict.THROTTLED,
        "Throttling": Verdict.THROTTLED,
        "RequestLimitExceeded": Verdict.THROTTLED,
        "LimitExceededException": Verdict.RETRY,
        "InternalServerError": Verdict.RETRY,
        "InternalFailure": Verdict.RETRY,
        "ServiceUnavailable": Verdict.RETRY,
        "ItemCollectionSizeLimitExceededException": Verdict.RETRY,
        "ReplicatedWriteConflictException": Verdict.RETRY,
        "TransactionConflictException": Verdict.RETRY,
        "TransactionInProgressException": Verdict.RETRY,
        "RequestExpired": Verdict.RETRY,
        "ValidationException": Verdict.REFUSED,
        "SerializationException": Verdict.REFUSED,
        "ConditionalCheckFailedException": Verdict.REFUSED,
        "ResourceInUseException": Verdict.REFUSED,
        "ResourceNotFoundException": Verdict.FATAL,
        "TableNotFoundException": Verdict.FATAL,
        "AccessDeniedException": Verdict.FATAL,
        "UnrecognizedClientException": Verdict.FATAL,
        "InvalidSignatureException": Verdict.FATAL,
        "IncompleteSignatureException": Verdict.FATAL,
        "MissingAuthenticationTokenException": Verdict.FATAL,
        "ExpiredTokenException": Verdict.FATAL,
        "ExpiredToken": Verdict.FATAL,
        "NotAuthorized": Verdict.FATAL,
        "OptInRequired": Verdict.FATAL,
        "UnknownOperationException": Verdict.FATAL,
    }
)

_WHO_AM_I: Final = "aws sts get-caller-identity"
_LOG_IN_AGAIN: Final = f"aws sso login, or see which credentials are used: {_WHO_AM_I}"

_CREDENTIAL_HINTS: Final = MappingProxyType(
    {
        "UnrecognizedClientException": _WHO_AM_I,
        "InvalidSignatureException": _WHO_AM_I,
        "IncompleteSignatureException": _WHO_AM_I,
        "MissingAuthenticationTokenException": _WHO_AM_I,
        "ExpiredTokenException": _LOG_IN_AGAIN,
        "ExpiredToken": _LOG_IN_AGAIN,
        "NotAuthorized": _WHO_AM_I,
        "OptInRequired": _WHO_AM_I,
    }
)
"""Codes that refuse the credentials → the hint. An expired token is final: those that can be refreshed are refreshed
before a request is signed."""


def judge(reply: Reply) -> Verdict:
    """Return what `reply` means; an error without a known code is judged by its HTTP status."""
    if reply.ok:
        return Verdict.DONE

    known = VERDICTS.get(reply.error_code)
    if known is not None:
        return known

    return Verdict.RETRY if reply.status >= 500 or reply.status == 429 else Verdict.REFUSED


def error_for(operation: str, table: str, reply: Reply, location: str) -> StoreError:
    """Return the user's error for a refused or fatal `reply` to `operation` on `table` of the store at `location`."""
    code, message = reply.error_code, reply.error_message
    if code in {"ResourceNotFoundException", "TableNotFoundException"}:
        return TableMissing(
            f"Table {table} does not exist.", hint=f"footfall table create --store {location}"
        )

    if code == "AccessDeniedException":
        return AccessDenied(
            f"Not allowed to {operation} on {table}: {message}", hint=f"allow dynamodb:{operation} in IAM"
        )

    if code in _CREDENTIAL_HINTS:
        return AccessDenied(
            f"DynamoDB does not accept the credentials: {message}", hint=_CREDENTIAL_HINTS[code]
        )

    if code == "ValidationException" and "key" in message.lower() and "schema" in message.lower():
        return SchemaMismatch(
            f"Table {table} has other keys than footfall's: {message}", hint="choose another prefix"
        )

    what = f"{code or f'HTTP {reply.status}'}: {message}" if message else code or f"HTTP {reply.status}"
    return StoreError(
        f"{operation} on {table} was refused, {what}", hint=f"footfall table describe --store {location}"
    )
