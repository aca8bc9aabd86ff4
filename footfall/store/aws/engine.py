"""Sign one request, send it, return what came back."""

from __future__ import annotations

import io
import logging
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from aiobotocore.httpsession import AIOHTTPSession
from botocore.awsrequest import AWSPreparedRequest, AWSRequest
from botocore.utils import get_environ_proxies

from footfall.clock import Clock
from footfall.errors import SettingsError
from footfall.store.aws.credentials import Credentials, find_credentials
from footfall.store.aws.endpoint import (
    AwsSettings,
    Endpoint,
    ca_bundle,
    checked_url,
    new_session,
    resolve_endpoint,
)
from footfall.store.aws.errors import (
    LOGIN_FAILURES,
    SEND_FAILURES,
    lost,
    raise_login_lost,
    raise_translated,
)
from footfall.store.aws.signing import TimedSigV4Auth, server_time
from footfall.store.engine import NoReply, Reply
from footfall.store.outcome import is_clock_skew, is_stale_credentials
from footfall.text import printable_bytes, without_password

# aiobotocore logs the traceback of a failed login; the sentence that we make of it is enough.
logging.getLogger("aiobotocore").addHandler(logging.NullHandler())

TARGET: Final = "DynamoDB_20120810."
LARGEST_DIRECT_BYTES: Final = 2**20
KEEPALIVE_SECONDS: Final = 60
"""DynamoDB holds idle connections for about 90 seconds; aiobotocore lets go after 12."""

SAME_TIME: Final = timedelta(minutes=1)
"""A signature this near to the service's time was not refused for its time."""

NOTICED_SKEW: Final = timedelta(minutes=5)
"""A clock that is wrong by more than this, which is what DynamoDB bears, is told."""

Notify = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A reply, and what its request was signed with."""

    reply: Reply
    date: str | None
    signed_at: datetime
    credentials: Any = field(repr=False)


class AwsEngine:
    """DynamoDB over HTTPS: one connection pool, one signer, no retries.

    Two refusals are mended here, because only a new signature can: a request whose credentials have expired is sent
    once more with those that the environment has now, one whose time is refused once more with the service's time,
    which all later requests are signed with, too. `notify` is told, once, when the clock is far from the service's.
    """

    def __init__(
        self, http: AIOHTTPSession, credentials: Credentials, endpoint: Endpoint, clock: Clock, notify: Notify
    ) -> None:
        self._http = http
        self._credentials = credentials
        self._endpoint = endpoint
        self._clock = clock
        self._notify = notify
        self._ahead = timedelta(0)
        self._has_told_skew = False
        self._remedies: tuple[tuple[Callable[[Reply], bool], Callable[[Exchange], Awaitable[bool]]], ...] = (
            (is_clock_skew, self._correct_time),
            (is_stale_credentials, self._renew_credentials),
        )

    @classmethod
    async def connect(
        cls, settings: AwsSettings, clock: Clock, notify: Notify = lambda _notice: None
    ) -> AwsEngine:
        """Resolve endpoint and credentials; no request is sent yet.

        Raises `SettingsError` for an unknown profile or a missing region, `AccessDenied` for missing credentials.
        """
        try:
            return await cls._connect(settings, clock, notify)
        except LOGIN_FAILURES as error:
            raise_translated(error)
        except ValueError as error:
            raise SettingsError(
                f"{without_password(str(error))}.",
                hint="--endpoint-url takes a URL, as http://localhost:8000",
            ) from error

    @classmethod
    async def _connect(cls, settings: AwsSettings, clock: Clock, notify: Notify) -> AwsEngine:
        if settings.endpoint_url:
            checked_url(settings.endpoint_url)

        session = new_session(settings)
        credentials = await find_credentials(session, settings)
        endpoint = await resolve_endpoint(session, settings)
        http = AIOHTTPSession(
            verify=ca_bundle(session) or True,
            proxies=get_environ_proxies(endpoint.url),
            timeout=(settings.connect_timeout_seconds, settings.read_timeout_seconds),
            max_pool_connections=settings.connections,
            connector_args={"keepalive_timeout": KEEPALIVE_SECONDS},
        )
        await http.__aenter__()
        return cls(http, credentials, endpoint, clock, notify)

    async def call(self, operation: str, body: bytes) -> Reply:
        """Sign and send one request; return what came back. Raises `NoReply` when nothing did.

        Raises `AccessDenied` when the credentials have ended and no new ones can be had.
        """
        exchange = await self._exchange(operation, body)
        if exchange.reply.ok:
            return exchange.reply

        for applies, mend in self._remedies:
            if applies(exchange.reply) and await mend(exchange):
                exchange = await self._exchange(operation, body)

        return exchange.reply

    async def aclose(self) -> None:
        """Close the connection pool."""
        await self._http.close()

    async def _exchange(self, operation: str, body: bytes) -> Exchange:
        try:
            credentials = await self._credentials.frozen()
        except LOGIN_FAILURES as error:
            raise_login_lost(error)

        signed_at = self._clock.now() + self._ahead
        request = self._signed(operation, body, credentials, signed_at)
        try:
            response = await self._http.send(request)
            content: bytes = await response.content
        except SEND_FAILURES as error:
            raise lost(error) from error

        _check(response.status_code, content, response.headers.get("x-amz-crc32"))
        reply = Reply(response.status_code, content)
        return Exchange(reply, response.headers.get("date"), signed_at, credentials)

    def _signed(self, operation: str, body: bytes, credentials: Any, at: datetime) -> AWSPreparedRequest:
        headers = {"X-Amz-Target": TARGET + operation, "Content-Type": "application/x-amz-json-1.0"}
        # aiohttp wants large bodies as streams, so that sending one does not hold up the event loop.
        data = io.BytesIO(body) if len(body) > LARGEST_DIRECT_BYTES else body
        request = AWSRequest(method="POST", url=self._endpoint.url, data=data, headers=headers)
        TimedSigV4Auth(credentials, self._endpoint.region, at).add_auth(request)
        return request.prepare()

    async def _correct_time(self, exchange: Exchange) -> bool:
        """Take the service's time from a reply; return whether the request was signed at another."""
        told = server_time(exchange.date)
        if told is None or abs(told - exchange.signed_at) < SAME_TIME:
            return False

        # Against the clock as it is now: a machine that slept between signing and sending has a clock that is right.
        self._ahead = told - self._clock.now()
        if abs(self._ahead) > NOTICED_SKEW and not self._has_told_skew:
            self._has_told_skew = True
            self._notify(_skew_notice(self._ahead))

        return True

    async def _renew_credentials(self, exchange: Exchange) -> bool:
        try:
            return await self._credentials.renew(exchange.credentials)
        except LOGIN_FAILURES as error:
            raise_login_lost(error)


def _skew_notice(ahead: timedelta) -> str:
    minutes, side = round(abs(ahead).total_seconds() / 60), "slow" if ahead > timedelta(0) else "fast"
    return (
        f"This machine's clock is {minutes} minutes {side}; requests are signed with DynamoDB's time instead. "
        "Set the clock, for instance: timedatectl set-ntp true"
    )


def _check(status: int, content: bytes, crc32: str | None) -> None:
    """Raise `NoReply` for what DynamoDB did not send."""
    if crc32 is not None and crc32.isdigit() and int(crc32) != zlib.crc32(content):
        raise NoReply("The reply was damaged on the way (CRC-32 differs).", maybe_applied=True)

    if status == 200 and not content[:64].lstrip().startswith(b"{"):
        raise NoReply(f"The reply is not DynamoDB's: {printable_bytes(content, 80)}", maybe_applied=True)
