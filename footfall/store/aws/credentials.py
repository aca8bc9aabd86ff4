"""Who we are: the credentials that requests are signed with, found again when DynamoDB refuses them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import anyio
from aiobotocore.session import AioSession
from botocore.exceptions import BotoCoreError, CredentialRetrievalError

from footfall.store.aws.endpoint import AwsSettings, is_local, new_session

Resolve = Callable[[], Awaitable[Any]]


class Credentials:
    """Credentials of the AWS environment as botocore finds and refreshes them; never printed.

    botocore refreshes some kinds by their time of expiry. Those without one (a file that somebody or something keeps
    up to date, the environment) and those that end before their time (revoked, or by a clock that is wrong) are only
    known to be over when the service refuses them: then the whole environment is read again.
    """

    def __init__(self, current: Any, resolve: Resolve) -> None:
        self._current = current
        self._resolve = resolve
        self._lock = anyio.Lock()
        self._resolved = 0

    async def frozen(self) -> Any:
        """Return access key, secret key and token, refreshed when they are about to expire.

        Raises botocore's errors.
        """
        with _unreadable_is_retrieval_error():
            return await self._current.get_frozen_credentials()

    async def renew(self, refused: Any) -> bool:
        """Return whether there are other credentials now than the `refused` ones.

        Requests that are refused together share one reading of the environment. Raises botocore's errors.
        """
        if await self.frozen() != refused:
            return True

        seen = self._resolved
        async with self._lock:
            if self._resolved == seen:
                with _unreadable_is_retrieval_error():
                    self._current = await self._resolve() or self._current

                self._resolved += 1

        return bool(await self.frozen() != refused)


async def find_credentials(session: AioSession, settings: AwsSettings) -> Credentials:
    """Return the credentials that `session` has, which are looked for again in new sessions.

    An emulator on this machine takes any, so it needs none.
    """
    with _unreadable_is_retrieval_error():
        found = await session.get_credentials()

    if found is None and is_local(settings.endpoint_url):
        session.set_credentials("local", "local")
        found = await session.get_credentials()

    return Credentials(found, lambda: new_session(settings).get_credentials())


@contextmanager
def _unreadable_is_retrieval_error() -> Iterator[None]:
    """Give what a credential process or a cache says, and botocore cannot read, the name of its other failures."""
    try:
        yield
    except (ValueError, KeyError) as error:
        if isinstance(error, BotoCoreError):
            raise

        told = f"cannot read what it gave ({type(error).__name__})"
        raise CredentialRetrievalError(provider="the AWS configuration", error_msg=told) from error
