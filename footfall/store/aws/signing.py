"""When a request was made: signatures at a given time, and the time that the service's replies tell."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSRequest

SERVICE: Final = "dynamodb"


class TimedSigV4Auth(SigV4Auth):  # type: ignore[misc]
    """botocore's Signature Version 4, at a time of our choice.

    botocore writes down its own clock's time and calls `_modify_request_before_signing`, where its subclasses change
    what is signed; headers, credential scope and signature all take the time that was written down.
    """

    def __init__(self, credentials: Any, region: str, at: datetime) -> None:
        super().__init__(credentials, SERVICE, region)
        self._at = at

    def _modify_request_before_signing(self, request: AWSRequest) -> None:
        request.context["timestamp"] = self._at.strftime(SIGV4_TIMESTAMP)
        super()._modify_request_before_signing(request)


def server_time(date: str | None) -> datetime | None:
    """Return the time that a ``Date`` header tells (RFC 9110, 6.6.1), in UTC; None when it tells none."""
    try:
        told = parsedate_to_datetime(date or "")
    except ValueError:
        return None

    return told.astimezone(UTC) if told.tzinfo else told.replace(tzinfo=UTC)
