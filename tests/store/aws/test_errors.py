from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import botocore.exceptions as botocore_errors
import pytest

import cli
from footfall.errors import AccessDenied, FootfallError, StoreUnreachable
from footfall.store.aws.errors import TRANSLATIONS
from footfall.store.engine import NoReply
from tests.servers import HOST, free_port
from tests.store.aws.serving import (
    REGION,
    SetEnv,
    connected,
    headers_of,
    http,
    refused_to_connect,
    serving,
)

pytestmark = pytest.mark.anyio

NO_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
ROLE = """
[profile role]
role_arn = arn:aws:iam::123456789012:role/reader
source_profile = base
[profile base]
aws_access_key_id = AKIDEXAMPLE
aws_secret_access_key = wJalrXUtnFEMI
"""
SSO = """
[profile sso]
sso_session = office
sso_account_id = 123456789012
sso_role_name = reader
[sso-session office]
sso_start_url = http://127.0.0.1/start
sso_region = eu-central-1
"""


REAL: dict[type[Exception], tuple[str, dict[str, str | None], dict[str, Any]]] = {
    botocore_errors.ProfileNotFound: ("", {}, {"profile": "nobody"}),
    botocore_errors.NoRegionError: ("", {}, {"region": None}),
    botocore_errors.InvalidRegionError: ("", {}, {"region": "not a region!"}),
    botocore_errors.ConfigParseError: ("[default\n", {}, {}),
    botocore_errors.InvalidConfigError: ("[profile x]\nservices = nothing\n", {}, {"profile": "x"}),
    botocore_errors.EndpointProviderError: ("", {"AWS_ACCOUNT_ID_ENDPOINT_MODE": "required"}, {}),
    botocore_errors.NoCredentialsError: ("", dict.fromkeys(NO_CREDENTIALS), {}),
    botocore_errors.PartialCredentialsError: ("", {"AWS_SECRET_ACCESS_KEY": None}, {}),
    botocore_errors.CredentialRetrievalError: (
        "[profile x]\ncredential_process = false\n",
        {},
        {"profile": "x"},
    ),
    botocore_errors.SSOError: (SSO, {}, {"profile": "sso"}),
    OSError: ("[profile x]\ncredential_process = /nonexistent/login\n", {}, {"profile": "x"}),
}
"""What raises each error for real: configuration file, environment, settings."""


@pytest.mark.parametrize("kind", REAL)
async def test_what_is_wrong_with_the_environment_is_said(environment: SetEnv, kind: type[Exception]) -> None:
    config, variables, settings = REAL[kind]
    environment(config, **variables)
    error = await refused_to_connect(**settings)
    ours, hint = next((ours, hint) for foreign, ours, hint in TRANSLATIONS if foreign is kind)
    assert isinstance(error.__cause__, kind)
    assert (type(error), error.hint) == (ours, hint)
    assert str(error)
    assert "\n" not in str(error)


def test_a_login_that_has_ended_is_said_without_a_traceback(environment: SetEnv) -> None:
    # aiobotocore logs one; only a process without pytest's own log handlers shows it.
    environment(SSO)
    command = ["table", "describe", "--store", "dynamodb:", "--profile", "sso", "--region", REGION]
    ended = subprocess.run(
        [sys.executable, cli.__file__, *command], capture_output=True, text=True, check=False
    )
    assert ended.returncode == AccessDenied.exit_code
    assert re.fullmatch(r"footfall: Error loading SSO Token.*\n  try: aws sso login\n", ended.stderr)


async def test_a_role_that_is_refused_is_denied_in_the_words_of_sts(environment: SetEnv) -> None:
    body = (
        b'<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
        b"<Code>AccessDenied</Code><Message>not authorized to assume reader</Message></Error></ErrorResponse>"
    )
    async with serving(http(body, "403 Forbidden")) as sts:
        environment(ROLE, AWS_ENDPOINT_URL_STS=sts.url)
        error = await refused_to_connect(profile="role")

    assert type(error) is AccessDenied
    assert "not authorized to assume reader" in str(error)
    assert "/eu-central-1/sts/" in headers_of(sts.requests[0])["authorization"]


async def test_a_role_that_is_refused_for_the_time_hints_at_the_clock(environment: SetEnv) -> None:
    body = (
        b"<ErrorResponse><Error><Type>Sender</Type><Code>SignatureDoesNotMatch</Code><Message>Signature expired: "
        b"20260301T120000Z is now earlier than 20260301T145500Z</Message></Error></ErrorResponse>"
    )
    async with serving(http(body, "403 Forbidden")) as sts:
        environment(ROLE, AWS_ENDPOINT_URL_STS=sts.url)
        error = await refused_to_connect(profile="role")

    assert type(error) is AccessDenied
    assert "set the clock" in (error.hint or "")


async def test_a_role_whose_service_does_not_answer_is_unreachable(environment: SetEnv) -> None:
    environment(ROLE, AWS_ENDPOINT_URL_STS=f"http://{HOST}:{free_port()}", AWS_MAX_ATTEMPTS="1")
    error = await refused_to_connect(profile="role")
    assert type(error) is StoreUnreachable


class Expired:
    """Credentials that cannot be refreshed any more."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def get_frozen_credentials(self) -> Any:
        raise self._error


def made(kind: Any) -> Exception:
    """Return an error of `kind` as botocore would make it."""
    error: Exception
    if issubclass(kind, botocore_errors.ClientError):
        error = kind({"Error": {"Code": "ExpiredToken", "Message": "why"}}, "AssumeRole")
    elif issubclass(kind, botocore_errors.BotoCoreError):
        error = kind(**dict.fromkeys(re.findall(r"{(\w+)}", kind.fmt), "why"))
    else:
        error = kind("why")

    return error


@pytest.mark.parametrize(
    ("kind", "ours", "hint"),
    [row for row in TRANSLATIONS if row[1] is not StoreUnreachable],
    ids=lambda value: getattr(value, "__name__", ""),
)
async def test_credentials_that_fail_during_a_run_are_said(
    kind: type[Exception], ours: type[FootfallError], hint: str
) -> None:
    async with connected() as engine:
        engine._credentials._current = Expired(made(kind))
        with pytest.raises(FootfallError) as caught:
            await engine.call("ListTables", b"{}")

    assert (type(caught.value), caught.value.hint) == (ours, hint)


def sts_says(code: str, status: int) -> Exception:
    response = {"Error": {"Code": code, "Message": "why"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    error: Exception = botocore_errors.ClientError(response, "AssumeRole")
    return error


@pytest.mark.parametrize(
    "error",
    [
        made(botocore_errors.ConnectTimeoutError),
        made(botocore_errors.EndpointConnectionError),
        made(botocore_errors.HTTPClientError),
        sts_says("InternalFailure", 500),
        sts_says("Throttling", 400),
    ],
    ids=["timeout", "refused", "http", "500", "throttled"],
)
async def test_a_login_service_that_is_away_for_a_while_is_no_reply(error: Exception) -> None:
    async with connected() as engine:
        engine._credentials._current = Expired(error)
        with pytest.raises(NoReply) as caught:
            await engine.call("ListTables", b"{}")

    assert not caught.value.maybe_applied


def test_no_translation_hides_another() -> None:
    kinds = [kind for kind, _, _ in TRANSLATIONS]
    assert not [(a, b) for place, a in enumerate(kinds) for b in kinds[place + 1 :] if issubclass(b, a)]
