"""Refuse a request in DynamoDB's words."""

from __future__ import annotations

from typing import Final

import msgspec

from footfall.store.engine import Reply

VALIDATION: Final = "ValidationException"
SERIALIZATION: Final = "SerializationException"
UNKNOWN_OPERATION: Final = "UnknownOperationException"
NOT_FOUND: Final = "ResourceNotFoundException"
IN_USE: Final = "ResourceInUseException"
CONDITION_FAILED: Final = "ConditionalCheckFailedException"
INTERNAL: Final = "InternalServerError"

_CORAL_SERVICE: Final = "com.amazon.coral.service#"
_DYNAMODB: Final = "com.amazonaws.dynamodb.v20120810#"
_NAMESPACES: Final = {SERIALIZATION: _CORAL_SERVICE, UNKNOWN_OPERATION: _CORAL_SERVICE}
_STATUSES: Final = {INTERNAL: 500}


class Problem(Exception):
    """A request that is answered with an error; `item` is the stored item that a failed condition shows."""

    def __init__(self, code: str, message: str, *, item: bytes | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.item = item

    def reply(self) -> Reply:
        """Return the error as it goes over the wire."""
        document: dict[str, object] = {
            "__type": _NAMESPACES.get(self.code, _DYNAMODB) + self.code,
            "message": self.message,
        }
        if self.item is not None:
            document["Item"] = msgspec.Raw(self.item)

        return Reply(_STATUSES.get(self.code, 400), msgspec.json.encode(document))


def invalid(message: str) -> Problem:
    """Return a ValidationException."""
    return Problem(VALIDATION, message)


def invalid_parameter(message: str) -> Problem:
    """Return the ValidationException that blames a parameter's value."""
    return Problem(VALIDATION, f"One or more parameter values were invalid: {message}")


def malformed(message: str) -> Problem:
    """Return a SerializationException: the body is no JSON, or has the wrong JSON type somewhere."""
    return Problem(SERIALIZATION, message)
