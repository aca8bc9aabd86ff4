"""Read and write a secret in AWS Secrets Manager.

Source: AWS Secrets Manager API Reference, version 2017-10-17: GetSecretValue, CreateSecret, PutSecretValue,
DescribeSecret, UpdateSecretVersionStage. A version that has no label any more is deprecated; Secrets Manager deletes
deprecated versions in its own time, and until then gives them to whoever asks by their id.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from footfall.errors import SettingsError
from footfall.store.aws.endpoint import AwsSettings, new_session
from footfall.store.aws.errors import raise_translated
from footfall.store.secrets import SecretPlace
from footfall.text import printable

CURRENT: Final = "AWSCURRENT"
PREVIOUS: Final = "AWSPREVIOUS"
_REGION_OF_ARN: Final = 3


async def read_text(place: SecretPlace) -> str:
    """Return what a secret holds now; raises `SettingsError` when there is none, or it is not text."""
    async with _client(place) as client:
        reply = await client.get_secret_value(SecretId=place.name)

    text = reply.get("SecretString")
    if not isinstance(text, str):
        raise SettingsError(f"What {place.title} holds is bytes and not text.")

    return text


async def create_text(place: SecretPlace, text: str) -> None:
    """Make a secret; raises `SettingsError` when there is one of the name."""
    async with _client(place) as client:
        await client.create_secret(
            Name=place.name,
            SecretString=text,
            Description="footfall: what the salts of visitor ids are made of",
        )


async def replace_text(place: SecretPlace, text: str) -> None:
    """Put `text` in the place of what a secret holds, and take the labels from all its earlier versions."""
    async with _client(place) as client:
        new = (await client.put_secret_value(SecretId=place.name, SecretString=text))["VersionId"]
        versions = (await client.describe_secret(SecretId=place.name)).get("VersionIdsToStages", {})
        for version, labels in versions.items():
            for label in labels if version != new else ():
                await client.update_secret_version_stage(
                    SecretId=place.name, VersionStage=label, RemoveFromVersionId=version
                )


@asynccontextmanager
async def _client(place: SecretPlace) -> AsyncIterator[Any]:
    """Give a client of the Secrets Manager that a place is in; botocore tries again by itself."""
    settings = AwsSettings(_region(place), place.profile, place.endpoint_url)
    try:
        async with new_session(settings).create_client(
            "secretsmanager", endpoint_url=place.endpoint_url
        ) as client:
            yield client
    except ClientError as error:
        _raise_known(error, place)
        raise_translated(error)
    except (BotoCoreError, OSError) as error:
        raise_translated(error)


def _raise_known(error: ClientError, place: SecretPlace) -> None:
    code = error.response.get("Error", {}).get("Code")
    if code == "ResourceNotFoundException":
        raise SettingsError(
            f"There is no {_bare(place)}, or it has no value.", hint=f"footfall salts create {place.option}"
        ) from error

    if code == "ResourceExistsException":
        raise SettingsError(
            f"There is {_bare(place)} already; it is left as it is.",
            hint=f"footfall salts show {place.option}",
        ) from error


def _bare(place: SecretPlace) -> str:
    return f"secret {printable(place.name or '')} in AWS Secrets Manager"


def _region(place: SecretPlace) -> str | None:
    """Return the region to ask: that of an ARN (``arn:aws:secretsmanager:eu-central-1:123456789012:secret:NAME``)."""
    parts = (place.name or "").split(":")
    return parts[_REGION_OF_ARN] if parts[0] == "arn" and len(parts) > _REGION_OF_ARN else place.region
