"""What botocore and aiohttp raise, in our words."""

from __future__ import annotations

from typing import Any, Final, NoReturn

import aiohttp
import botocore.exceptions as botocore_errors

from footfall.errors import AccessDenied, FootfallError, SettingsError, StoreUnreachable
from footfall.store.engine import NoReply
from footfall.store.outcome import SET_CLOCK_HINT, refuses_time
from footfall.text import printable

LOGIN_FAILURES: Final = (
    botocore_errors.BotoCoreError,
    botocore_errors.ClientError,
    OSError,
    RuntimeError,
)
"""What finding and refreshing credentials raises."""

SEND_FAILURES: Final = (botocore_errors.BotoCoreError, aiohttp.ClientError, OSError, TimeoutError)
"""What sending a request and reading its reply raise."""

_NEVER_SENT: Final = (
    aiohttp.ClientConnectorError,  # refused, no such host, TLS refused, proxy not reached
    aiohttp.ClientHttpProxyError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
)

_LOGIN_HINT: Final = "aws sts get-caller-identity   (shows which credentials AWS tools find here)"
_NETWORK_HINT: Final = "check the network, the proxy settings and --endpoint-url"

TRANSLATIONS: Final[tuple[tuple[type[Exception], type[FootfallError], str], ...]] = (
    (botocore_errors.ProfileNotFound, SettingsError, "aws configure list-profiles"),
    (
        botocore_errors.NoRegionError,
        SettingsError,
        "add --region, for instance --region eu-central-1, or set AWS_REGION",
    ),
    (botocore_errors.InvalidRegionError, SettingsError, "--region takes a region code, as eu-central-1"),
    (botocore_errors.ConfigParseError, SettingsError, "check the AWS configuration file it names"),
    (botocore_errors.InvalidConfigError, SettingsError, "check the AWS configuration file"),
    (
        botocore_errors.EndpointProviderError,
        SettingsError,
        "check --region and AWS_ACCOUNT_ID_ENDPOINT_MODE",
    ),
    (botocore_errors.NoCredentialsError, AccessDenied, _LOGIN_HINT),
    (botocore_errors.PartialCredentialsError, AccessDenied, _LOGIN_HINT),
    (botocore_errors.CredentialRetrievalError, AccessDenied, _LOGIN_HINT),
    (botocore_errors.TokenRetrievalError, AccessDenied, "aws sso login"),
    (botocore_errors.SSOError, AccessDenied, "aws sso login"),
    (botocore_errors.LoginError, AccessDenied, "aws login"),
    (botocore_errors.ClientError, AccessDenied, _LOGIN_HINT),
    (botocore_errors.ConnectionError, StoreUnreachable, _NETWORK_HINT),
    (botocore_errors.HTTPClientError, StoreUnreachable, _NETWORK_HINT),
    (OSError, AccessDenied, "check the files and commands that the AWS configuration names"),
    (RuntimeError, AccessDenied, _LOGIN_HINT),
)
"""What botocore raises before a request can be sent → what the user is told, first match wins.

A `ClientError` is STS refusing a role, an `OSError` a token file or credential process that is missing, a
`RuntimeError` credentials that are expired although just refreshed.
"""


def raise_translated(error: Exception) -> NoReturn:
    """Raise our error for what botocore raised before a request could be sent."""
    if isinstance(error, botocore_errors.ClientError) and _is_about_time(error):
        raise AccessDenied(sentence_of(error), hint=SET_CLOCK_HINT) from error

    for kind, ours, hint in TRANSLATIONS:
        if isinstance(error, kind):
            raise ours(sentence_of(error), hint=hint) from error

    raise SettingsError(sentence_of(error), hint=_LOGIN_HINT) from error


def raise_login_lost(error: Exception) -> NoReturn:
    """Raise our error for credentials that could not be had during a run: `NoReply` when trying again may help."""
    if _is_passing(error):
        raise NoReply(sentence_of(error), maybe_applied=False) from error

    raise_translated(error)


def lost(error: Exception) -> NoReply:
    """Return what a failure to send a request, or to read its reply, means for the caller."""
    if is_never_sent(error):
        return NoReply(sentence_of(error), maybe_applied=False)

    if isinstance(error, botocore_errors.EndpointConnectionError) and isinstance(error.__context__, OSError):
        return NoReply(f"The connection was lost: {sentence_of(error.__context__)}", maybe_applied=True)

    return NoReply(sentence_of(error), maybe_applied=True)


def is_never_sent(error: BaseException) -> bool:
    """Tell whether `error` came before the request went out.

    aiobotocore calls a connection that was refused and one that was reset under the request by the same name, so what
    decides is aiohttp's error, which it keeps as the context.
    """
    return isinstance(error, _NEVER_SENT) or isinstance(error.__context__, _NEVER_SENT)


def sentence_of(error: Exception) -> str:
    """Return what `error` says, on one line and fit for a terminal."""
    return printable(" ".join(str(error).split())) or type(error).__name__


def _is_about_time(error: botocore_errors.ClientError) -> bool:
    told = error.response.get("Error", {})
    return refuses_time(told.get("Code", ""), told.get("Message", ""))


def _is_passing(error: Exception) -> bool:
    if isinstance(error, botocore_errors.ClientError):
        reply: dict[str, Any] = error.response
        status = reply.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
        return bool(status >= 500) or reply.get("Error", {}).get("Code") in {
            "Throttling",
            "ThrottlingException",
        }

    return isinstance(error, botocore_errors.ConnectionError | botocore_errors.HTTPClientError)
