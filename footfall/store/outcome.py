"""Judge a reply: what its error means for the one who sent the request.

The tables follow the service model of DynamoDB (botocore, 2012-08-10), "Error handling with DynamoDB" in the Amazon
DynamoDB Developer Guide, the errors common to all AWS services (API reference), and what the service was seen to say.
A code that stands in none of them stops the run: a put is only given up for a reason that is known to be its own.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from types import MappingProxyType
from typing import Final

from footfall.errors import AccessDenied, SchemaMismatch, StoreError, TableMissing
from footfall.store.engine import Reply
from footfall.store.throttling import Limit, limits_of, raw_reasons
from footfall.text import printable

__all__ = [
    "Limit", "Verdict", "error_for", "is_clock_skew", "is_schema_mismatch", "is_stale_credentials", "judge",
    "limits_of", "raw_reasons", "refuses_time",
]  # fmt: skip


class Verdict(Enum):
    """What to do after a reply."""

    DONE = "carried out"
    THROTTLED = "refused for lack of capacity: slow down and send again"
    RETRY = "failed for a passing reason, maybe after it was carried out: send again"
    REFUSED = "the request itself is wrong: sending it again cannot help"
    FATAL = "nothing sent to this store can succeed until somebody acts"


EXPIRED_CODES: Final = frozenset({"ExpiredTokenException", "ExpiredToken"})
UNKNOWN_KEY_CODES: Final = frozenset(
    {"UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId", "AuthFailure"}
)
CREDENTIAL_CODES: Final = frozenset(
    {
        *EXPIRED_CODES,
        *UNKNOWN_KEY_CODES,
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "IncompleteSignatureException",
        "IncompleteSignature",
        "MissingAuthenticationTokenException",
        "MissingAuthenticationToken",
    }
)
CLOCK_CODES: Final = frozenset({"RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"})
PERMISSION_CODES: Final = frozenset({"AccessDeniedException", "AccessDenied", "NotAuthorized"})
ACCOUNT_CODES: Final = frozenset(
    {"OptInRequired", "SubscriptionRequiredException", "AccountDisabled", "AccountDisabledException"}
)
ENCRYPTION_CODES: Final = frozenset(
    {
        "KMSAccessDeniedException",
        "KMSDisabledException",
        "KMSInvalidStateException",
        "KMSNotFoundException",
        "InaccessibleEncryptionCredentialsException",
    }
)
MISSING_CODES: Final = frozenset({"ResourceNotFoundException", "TableNotFoundException"})

_FATAL_CODES: Final = (
    CREDENTIAL_CODES
    | CLOCK_CODES
    | PERMISSION_CODES
    | ACCOUNT_CODES
    | ENCRYPTION_CODES
    | MISSING_CODES
    | {"UnknownOperationException"}
)

VERDICTS: Final = MappingProxyType(
    {
        "ProvisionedThroughputExceededException": Verdict.THROTTLED,
        "ProvisionedThroughputExceeded": Verdict.THROTTLED,
        "ThrottlingException": Verdict.THROTTLED,
        "Throttling": Verdict.THROTTLED,
        "RequestLimitExceeded": Verdict.THROTTLED,
        "TooManyRequestsException": Verdict.THROTTLED,
        "KMSThrottlingException": Verdict.THROTTLED,
        "LimitExceededException": Verdict.RETRY,
        "InternalServerError": Verdict.RETRY,
        "InternalServerErrorException": Verdict.RETRY,
        "InternalFailure": Verdict.RETRY,
        "InternalFailureException": Verdict.RETRY,
        "ServiceUnavailable": Verdict.RETRY,
        "ServiceUnavailableException": Verdict.RETRY,
        "ReplicatedWriteConflictException": Verdict.RETRY,
        "TransactionConflictException": Verdict.RETRY,
        "TransactionInProgressException": Verdict.RETRY,
        "RequestTimeoutException": Verdict.RETRY,
        "RequestAbortedException": Verdict.RETRY,
        "ValidationException": Verdict.REFUSED,
        "ValidationError": Verdict.REFUSED,
        "SerializationException": Verdict.REFUSED,
        "RequestEntityTooLargeException": Verdict.REFUSED,
        # AWS's guide lets it be retried, but a collection at its 10 GB stays there until somebody deletes items.
        "ItemCollectionSizeLimitExceededException": Verdict.REFUSED,
        "ConditionalCheckFailedException": Verdict.REFUSED,
        "ResourceInUseException": Verdict.REFUSED,
        **dict.fromkeys(sorted(_FATAL_CODES), Verdict.FATAL),
    }
)
"""Error code → what it means, whatever the HTTP status."""

STATUS_VERDICTS: Final = MappingProxyType(
    {
        408: Verdict.RETRY,
        409: Verdict.RETRY,
        413: Verdict.REFUSED,
        425: Verdict.RETRY,
        429: Verdict.THROTTLED,
    }
)
"""HTTP status of a reply without a known code, a proxy's page for instance → what it means; other ones below 500 are
FATAL, from 500 on RETRY."""

SCHEMA_SENTENCES: Final = (
    "provided key element does not match the schema",
    "one of the required keys was not given a value",
    "missing the key",
    "type mismatch for key",
    "type mismatch for index key",
    "does not match schema type",
    "number of conditions on the keys is invalid",
    "query condition missed key schema element",
    "query key condition not supported",
)
"""What a ``ValidationException`` says when the table has other keys, or an index on one of our attributes with another
type: DynamoDB's words, those of its emulators, in lower case. footfall's items all have the same keys, so that where
one does not fit, none does."""

SET_CLOCK_HINT: Final = "set the clock, for instance: timedatectl set-ntp true"

_CLOCK_WORDS: Final = ("signature expired", "signature not yet current")


def judge(reply: Reply) -> Verdict:
    """Return what `reply` means; an error without a known code is judged by its HTTP status."""
    if reply.ok:
        return Verdict.DONE

    known = VERDICTS.get(reply.error_code)
    if known is not None:
        return Verdict.FATAL if is_schema_mismatch(reply) else known

    return STATUS_VERDICTS.get(reply.status, Verdict.RETRY if reply.status >= 500 else Verdict.FATAL)


def is_schema_mismatch(reply: Reply) -> bool:
    """Tell whether `reply` refuses a request because the table has other keys: every item would be refused."""
    if reply.error_code != "ValidationException":
        return False

    said = reply.error_message.lower()
    return any(sentence in said for sentence in SCHEMA_SENTENCES)


def is_clock_skew(reply: Reply) -> bool:
    """Tell whether `reply` refuses the time that a request was signed with."""
    return refuses_time(reply.error_code, reply.error_message)


def refuses_time(code: str, message: str) -> bool:
    """Tell whether an error of any AWS service refuses the time that a request was signed with."""
    said = message.lower()
    return code in CLOCK_CODES or (code in CREDENTIAL_CODES and any(words in said for words in _CLOCK_WORDS))


def is_stale_credentials(reply: Reply) -> bool:
    """Tell whether `reply` refuses credentials that newer ones may replace: expired, or not known any more."""
    return reply.error_code in EXPIRED_CODES | UNKNOWN_KEY_CODES


def error_for(operation: str, table: str, reply: Reply, location: str) -> StoreError:
    """Return the user's error for a refused or fatal `reply` to `operation` on `table` of the store at `location`.

    What the service says of it is made fit for a terminal.
    """
    said = printable(reply.error_message)
    for applies, kind, sentence, hint in _EXPLANATIONS:
        if applies(reply):
            names = {"operation": operation, "table": table, "said": said, "location": location}
            return kind(sentence.format_map(names).removesuffix(": "), hint=hint.format_map(names))

    code = printable(reply.error_code) or f"HTTP {reply.status}"
    return StoreError(
        f"{operation} on {table} was refused, {code}{said and f': {said}'}",
        hint=f"footfall table describe --store {location}",
    )


def _with_code(codes: frozenset[str]) -> Callable[[Reply], bool]:
    return lambda reply: reply.error_code in codes


def _is_encryption(reply: Reply) -> bool:
    # DynamoDB passes on what KMS said, under the code that IAM's refusals have.
    is_told = reply.error_code in PERMISSION_CODES and "kms key" in reply.error_message.lower()
    return is_told or reply.error_code in ENCRYPTION_CODES


def _is_foreign(reply: Reply) -> bool:
    return not reply.error_code and not reply.error_message and judge(reply) is Verdict.FATAL


_WHO_AM_I: Final = "aws sts get-caller-identity"
_CREATE: Final = "footfall table create --store {location}"

_EXPLANATIONS: Final[tuple[tuple[Callable[[Reply], bool], type[StoreError], str, str], ...]] = (
    (_with_code(MISSING_CODES), TableMissing, "Table {table} does not exist or is not ready yet.", _CREATE),
    (
        _is_encryption,
        AccessDenied,
        "The key that encrypts {table} cannot be used: {said}",
        "enable the table's KMS key, and allow kms:Decrypt on it in IAM",
    ),
    (
        _with_code(PERMISSION_CODES),
        AccessDenied,
        "Not allowed to {operation} on {table}: {said}",
        "allow dynamodb:{operation} in IAM",
    ),
    (
        is_clock_skew,
        AccessDenied,
        "DynamoDB refuses the time that requests are signed with; this machine's clock is wrong: {said}",
        SET_CLOCK_HINT,
    ),
    (
        _with_code(EXPIRED_CODES),
        AccessDenied,
        "DynamoDB does not accept the credentials: {said}",
        f"aws sso login, or see which credentials are used: {_WHO_AM_I}",
    ),
    (
        _with_code(CREDENTIAL_CODES),
        AccessDenied,
        "DynamoDB does not accept the credentials: {said}",
        _WHO_AM_I,
    ),
    (
        _with_code(ACCOUNT_CODES),
        AccessDenied,
        "The AWS account cannot use DynamoDB: {said}",
        f"see which account it is: {_WHO_AM_I}",
    ),
    (
        is_schema_mismatch,
        SchemaMismatch,
        "Table {table} has other keys than footfall's: {said}",
        "choose another prefix",
    ),
    (
        _is_foreign,
        StoreError,
        "Not DynamoDB but something before it answered {operation} on {table}, a proxy or another web server.",
        "check the proxy settings and --endpoint-url",
    ),
)
"""Which replies → the class, the sentence and the hint of the user's error; the first match wins."""
