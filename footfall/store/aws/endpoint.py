"""Where DynamoDB is: settings, region, URL, CA bundle."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn
from urllib.parse import urlsplit

from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from botocore.awsrequest import AWSPreparedRequest

from footfall.errors import SettingsError, StoreUnreachable
from footfall.text import without_password

LOCAL_REGION: Final = "us-east-1"
"""What an emulator on this machine is told when nobody names a region."""


@dataclass(frozen=True, slots=True)
class AwsSettings:
    """Where DynamoDB is and who we are; None leaves it to the AWS environment."""

    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
    connections: int = 64
    connect_timeout_seconds: float = 5.0
    read_timeout_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where requests go, and the region that they are signed for."""

    url: str
    region: str


def new_session(settings: AwsSettings) -> AioSession:
    """Return a session that reads the AWS environment, its files included, as it is now."""
    session = AioSession(profile=settings.profile)
    # For the whole session: assuming a role asks STS, and that needs a region as well.
    session.set_config_variable("region", _region(session, settings))
    return session


async def resolve_endpoint(session: AioSession, settings: AwsSettings) -> Endpoint:
    """Return where `session` would send to; raises `SettingsError` when requests cannot be sent there."""
    client_settings = AioConfig(retries={"total_max_attempts": 1})
    async with session.create_client(
        "dynamodb", endpoint_url=settings.endpoint_url, config=client_settings
    ) as client:
        return Endpoint(checked_url(await _prepared_url(client)), client.meta.region_name)


def checked_url(url: str) -> str:
    """Return `url`; raises `SettingsError` when requests cannot be sent to it."""
    if "@" in url:
        # The signature takes the header that a name and a password would go to.
        raise SettingsError(
            "The endpoint's URL has a user name or a password in it, which DynamoDB requests cannot carry.",
            hint=f"--endpoint-url {without_password(url)}",
        )

    if urlsplit(url).scheme not in {"http", "https"}:
        raise SettingsError(
            f"The endpoint {url} is no http or https URL.", hint="--endpoint-url http://localhost:8000"
        )

    return url


def ca_bundle(session: AioSession) -> str | None:
    """Return the CA bundle of the AWS environment; raises `SettingsError` when there is no such file."""
    bundle: str | None = session.get_config_variable("ca_bundle")
    if bundle and not Path(bundle).exists():
        raise SettingsError(f"The CA bundle {bundle} does not exist.", hint="check AWS_CA_BUNDLE")

    return bundle


def is_local(endpoint_url: str | None) -> bool:
    """Tell whether an endpoint is on this machine: an emulator."""
    host = urlsplit(endpoint_url or "").hostname or ""
    return host in {"localhost", "::1"} or host.startswith("127.")


def _region(session: AioSession, settings: AwsSettings) -> str | None:
    """Return the region to use: AWS_REGION counts as in AWS's other tools, though not in botocore."""
    region = settings.region or os.environ.get("AWS_REGION") or session.get_config_variable("region")
    return region or (LOCAL_REGION if is_local(settings.endpoint_url) else None)


class _EndpointSeen(Exception):
    def __init__(self, url: str) -> None:
        self.url = url


async def _prepared_url(client: Any) -> str:
    """Return the URL that `client` would send to.

    botocore resolves it per request (account-id endpoints depend on the credentials), so we let it prepare one and
    stop it before it is sent.
    """

    def stop(request: AWSPreparedRequest, **_: object) -> NoReturn:
        raise _EndpointSeen(request.url)

    client.meta.events.register("before-send.dynamodb.ListTables", stop)
    try:
        await client.list_tables()
    except _EndpointSeen as seen:
        return seen.url

    raise StoreUnreachable("botocore sent a request that should only have been prepared.")
