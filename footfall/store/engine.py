"""The engine protocol: DynamoDB's wire, as bytes.

An engine answers DynamoDB operations by name. It does not retry, does not judge and does not know what footfall
stores: that is the business of its callers. Two implementations stand beside this file: `aws` and `embedded`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import msgspec


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: an HTTP status and a JSON body."""

    status: int
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether the operation was carried out."""
        return self.status == 200

    @property
    def error_code(self) -> str:
        """Return the error's code without its namespace, as ``ValidationException``; empty when there is none."""
        return (error_of(self).type or "").rpartition("#")[2]

    @property
    def error_message(self) -> str:
        """Return the error's first line; empty when there is none.

        A refused signature goes on with the request as the service saw it, headers and session token included.
        """
        error = error_of(self)
        return (error.message or error.capital_message or "").partition("\n")[0]


class NoReply(Exception):
    """No reply was received: refused, reset, timed out. `maybe_applied` tells whether the request went out."""

    def __init__(self, sentence: str, *, maybe_applied: bool) -> None:
        super().__init__(sentence)
        self.maybe_applied = maybe_applied


class Engine(Protocol):
    """A DynamoDB endpoint."""

    async def call(self, operation: str, body: bytes) -> Reply:
        """Send `operation`, for instance ``BatchWriteItem``, with a JSON body; return what came back.

        Raises `NoReply` when nothing did. Errors of the service are replies: a status other than 200 and a body
        with ``__type`` and ``message``.
        """
        ...

    async def aclose(self) -> None:
        """Release connections and files."""
        ...


class WireError(msgspec.Struct, frozen=True):
    """The body of an error reply (DynamoDB JSON protocol, AWS JSON 1.0)."""

    type: str | None = msgspec.field(name="__type", default=None)
    message: str | None = None
    capital_message: str | None = msgspec.field(name="Message", default=None)


def error_of(reply: Reply) -> WireError:
    """Return the error of a reply; one without code when the body is no error document, for instance a proxy's HTML."""
    if reply.ok:
        return WireError()

    try:
        return _ERROR.decode(reply.body)
    except msgspec.MsgspecError:
        return WireError()


_ERROR = msgspec.json.Decoder(WireError)
