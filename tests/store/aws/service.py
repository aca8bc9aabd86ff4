"""DynamoDB as far as it looks at the time of a request."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from footfall.clock import Clock
from tests.store.aws.serving import headers_of, http, refusal

BEARABLE = timedelta(minutes=5)


def signed_at(request: bytes) -> datetime:
    return datetime.strptime(headers_of(request)["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


class TimedService:
    """A service whose clock is `ahead` of ours."""

    def __init__(self, clock: Clock, ahead: timedelta, code: str = "InvalidSignatureException") -> None:
        self.ahead = ahead
        self._clock = clock
        self._code = code

    def __call__(self, request: bytes) -> bytes:
        now, signed = self._clock.now() + self.ahead, signed_at(request)
        date = format_datetime(now, usegmt=True)
        if signed < now - BEARABLE:
            return refusal(
                self._code, f"Signature expired: {signed} is now earlier than {now - BEARABLE}", Date=date
            )

        if signed > now + BEARABLE:
            return refusal(
                self._code, f"Signature not yet current: {signed} is still later than {now}", Date=date
            )

        return http(b"{}", Date=date)
