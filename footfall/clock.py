"""Tell the time, wait and draw random numbers: the only place that does.

Everything that needs one of the three takes a `Clock`, so that a test can run hours of waiting in no time and get
the same jitter twice.
"""

from __future__ import annotations

import random
import secrets
import time
from datetime import UTC, datetime
from typing import Protocol

import anyio


class Clock(Protocol):
    """Where `now`, the passing of time and chance come from."""

    def now(self) -> datetime:
        """Return the current moment as an aware UTC datetime."""
        ...

    def monotonic(self) -> float:
        """Return seconds since an arbitrary start that never go back."""
        ...

    def random(self) -> float:
        """Return a number in [0, 1)."""
        ...

    def token(self, size_bytes: int) -> bytes:
        """Return `size_bytes` that nobody can guess."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`; a cancellation point."""
        ...


class SystemClock:
    """The machine's clock and random numbers."""

    def __init__(self) -> None:
        self._chance = random.Random()  # noqa: S311 - jitter, not secrets

    def now(self) -> datetime:
        """Return the current moment as an aware UTC datetime."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds since an arbitrary start that never go back."""
        return time.monotonic()

    def random(self) -> float:
        """Return a number in [0, 1)."""
        return self._chance.random()

    def token(self, size_bytes: int) -> bytes:
        """Return `size_bytes` that nobody can guess."""
        return secrets.token_bytes(size_bytes)

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`; a cancellation point."""
        await anyio.sleep(seconds)
