"""What S3 refuses, in our words.

Source: "Error responses", Amazon S3 API Reference, version 2006-03-01. A HEAD has no body, so its code is the status.
"""

from __future__ import annotations

from typing import Any, Final, NoReturn

from botocore.exceptions import ClientError

from footfall.errors import (
    AccessDenied,
    FootfallError,
    SettingsError,
    SourceError,
    StoreError,
    StoreUnreachable,
)
from footfall.store.aws.errors import raise_translated, sentence_of
from footfall.store.objects import S3Address
from footfall.store.outcome import CREDENTIAL_CODES, refuses_time
from footfall.text import printable

MISSING_CODES: Final = frozenset({"NoSuchKey", "NotFound", "404"})
PERMISSION_CODES: Final = frozenset(
    {"AccessDenied", "Forbidden", "403", "AllAccessDisabled", "MethodNotAllowed"}
)
ELSEWHERE_CODES: Final = frozenset(
    {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "301", "307"}
)
PASSING_CODES: Final = frozenset(
    {"SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "OperationAborted", "500", "503"}
)
ENCRYPTION_PREFIX: Final = "KMS."

_ROWS: Final[tuple[tuple[frozenset[str], type[FootfallError], str, str], ...]] = (
    (MISSING_CODES, SourceError, "There is no {uri}.", "aws s3 ls {folder}"),
    (
        frozenset({"NoSuchBucket"}),
        SettingsError,
        "There is no S3 bucket {bucket}.",
        "aws s3 mb s3://{bucket}",
    ),
    (
        frozenset({"InvalidBucketName"}),
        SettingsError,
        "{bucket} cannot be the name of an S3 bucket.",
        "an S3 address is s3://BUCKET/PREFIX, as s3://example-reports/2026/",
    ),
    (
        PERMISSION_CODES,
        AccessDenied,
        "Not allowed to {operation} on {uri}: {said}",
        "allow s3:{operation} on it in IAM and in the bucket's policy; who asks: aws sts get-caller-identity",
    ),
    (
        ELSEWHERE_CODES,
        SettingsError,
        "The bucket {bucket} is in another region: {said}",
        "aws s3api get-bucket-location --bucket {bucket}   (and give it as --region)",
    ),
    (
        frozenset({"InvalidObjectState"}),
        SourceError,
        "{uri} is archived and cannot be read as it is: {said}",
        "aws s3api restore-object --bucket {bucket} --key KEY --restore-request Days=7",
    ),
    (PASSING_CODES, StoreUnreachable, "S3 cannot answer now: {said}", "run the same command again later"),
)
"""Codes → the class, the sentence and the hint of the user's error."""


def is_missing(error: ClientError) -> bool:
    """Tell whether `error` says that there is no such object."""
    return code_of(error) in MISSING_CODES


def code_of(error: ClientError) -> str:
    """Return the code of an error of S3."""
    return str(_told(error).get("Code", ""))


def raise_refused(error: ClientError, operation: str, address: S3Address) -> NoReturn:
    """Raise our error for what S3 answered to `operation`, the IAM action of it, on `address`.

    `SourceError` for what is not there, `SettingsError` for a wrong bucket or region, `AccessDenied`,
    `StoreUnreachable` for what passes, `StoreError` for the rest.
    """
    code, said = code_of(error), printable(str(_told(error).get("Message", "")), 400)
    if code in CREDENTIAL_CODES or refuses_time(code, said):
        raise_translated(error)

    names = {
        "operation": operation,
        "uri": printable(address.uri, 200),
        "folder": printable(address.uri.rpartition("/")[0], 200) + "/",
        "bucket": printable(address.bucket),
        "said": said or code,
    }
    for codes, kind, sentence, hint in _ROWS:
        if code in codes:
            raise kind(sentence.format_map(names), hint=hint.format_map(names)) from error

    if code.startswith(ENCRYPTION_PREFIX):
        raise AccessDenied(
            f"The key that encrypts {names['uri']} cannot be used: {said}",
            hint="enable the KMS key, and allow kms:Decrypt and kms:GenerateDataKey on it in IAM",
        ) from error

    raise StoreError(
        f"{operation} on {names['uri']} was refused: {sentence_of(error)}",
        hint="check the bucket and its policy",
    ) from error


def _told(error: ClientError) -> dict[str, Any]:
    told: dict[str, Any] = error.response.get("Error", {})
    return told
