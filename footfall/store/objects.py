"""S3 objects: where they are, and how they are reached.

Bucket names: "General purpose bucket naming rules", Amazon S3 User Guide. A key has 1 to 1,024 bytes of UTF-8
("Naming Amazon S3 objects").
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from footfall.errors import SettingsError
from footfall.text import printable

if TYPE_CHECKING:
    from footfall.store.aws.objects import S3Objects as S3Objects  # for others to annotate with

SCHEME: Final = "s3://"
LONGEST_KEY_BYTES: Final = 1024

_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_HINT: Final = "an S3 address is s3://BUCKET/PREFIX, as s3://example-reports/2026/"


@dataclass(frozen=True, slots=True)
class S3Address:
    """An object, or what the keys of several begin with; an empty `key` is the whole bucket."""

    bucket: str
    key: str = ""

    @property
    def uri(self) -> str:
        """Return what a user would type; not made fit for a terminal."""
        return f"{SCHEME}{self.bucket}/{self.key}"

    @property
    def name(self) -> str:
        """Return what stands behind the last slash of the key."""
        return self.key.rpartition("/")[2]

    @property
    def folder(self) -> S3Address:
        """Return the address with exactly one slash at the end of its key, none for the whole bucket."""
        key = self.key.rstrip("/")
        return replace(self, key=f"{key}/" if key else "")

    def child(self, name: str) -> S3Address:
        """Return the address of `name`, which may have slashes, below this one as a folder."""
        return replace(self, key=self.folder.key + name)

    def below(self, folder: S3Address) -> str:
        """Return the key without that of `folder`, which it begins with."""
        return self.key.removeprefix(folder.folder.key)


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as a listing tells of it."""

    address: S3Address
    size_bytes: int


@dataclass(frozen=True, slots=True)
class ObjectSettings:
    """How S3 is reached; None leaves it to the AWS environment, ``AWS_ENDPOINT_URL_S3`` included."""

    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None


def is_s3(text: str) -> bool:
    """Tell whether `text` is meant as an S3 address, valid or not."""
    return text.lower().startswith(SCHEME)


def parse_s3(uri: str) -> S3Address:
    """Return the parts of ``s3://bucket/key``; raises `SettingsError` for what cannot be an address."""
    bucket, _, key = uri[len(SCHEME) :].partition("/")
    if not is_s3(uri) or not bucket:
        raise SettingsError(f"{printable(uri, 100)!r} is no S3 address.", hint=_HINT)

    if not _BUCKET.fullmatch(bucket) or ".." in bucket:
        raise SettingsError(
            f"{printable(bucket, 80)!r} cannot name an S3 bucket: 3 to 63 lower-case letters, digits, - and .",
            hint=_HINT,
        )

    if _CONTROL.search(key) or len(key.encode("utf-8", "surrogatepass")) > LONGEST_KEY_BYTES:
        raise SettingsError(
            f"{printable(key, 80)!r} cannot be a key in S3: at most {LONGEST_KEY_BYTES} bytes, no control characters.",
            hint=_HINT,
        )

    return S3Address(bucket, key)


@asynccontextmanager
async def open_objects(settings: ObjectSettings | None = None) -> AsyncIterator[S3Objects]:
    """Open S3 as `settings` and the AWS environment say; close it at the end.

    Nothing is sent before the first call, so that missing credentials and buckets are told then. Raises
    `SettingsError` for an unknown profile, and `AccessDenied` where there are no credentials.
    """
    # botocore takes a third of a second that runs without S3 can save.
    from footfall.store.aws.objects import opened_client

    async with opened_client(settings or ObjectSettings()) as objects:
        yield objects
