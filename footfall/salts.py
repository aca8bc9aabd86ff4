"""Derive the salts of visitor ids: one that lasts, or one for each UTC day that can be destroyed.

All of this is part of the stored format: under another rule a visitor who is read again becomes another one.

* A secret is a date and a key of 32 bytes, the key of that date. As text: ``footfall-salt:1970-01-01:{64 hex digits}``.
* The key of the next day is BLAKE2b-256 of nothing, keyed with a day's key, person ``footfall-next``. It cannot be
  turned back: whoever has a day's key can compute all later ones and none before.
* The salt of a day is the same with person ``footfall-day``; the lasting salt, of a secret as it stands, with person
  ``footfall-lasting``.
* To destroy all salts before a date is to keep the secret of that date and nothing else. Until then old logs can be
  read again, or for the first time, and every day of them gets the salt it always had.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import Final, Literal

KEY_BYTES: Final = 32
FIRST_DAY: Final = date(1970, 1, 1)
"""The earliest date that events can have: a secret from here on has a salt for every one."""

VisitorPolicy = Literal["lasting", "daily"]

_STRIDE: Final = 64
_TEXT: Final = re.compile(r"footfall-salt:(\d{4}-\d{2}-\d{2}):([0-9a-f]{64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Secret:
    """The key of `first_on`, from which the keys of all later days follow; its text form is never shown."""

    first_on: date
    key: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """Return the form it is kept in."""
        return f"footfall-salt:{self.first_on.isoformat()}:{self.key.hex()}"

    def advanced(self, to: date) -> Secret:
        """Return the secret without what came before `to`; itself when it begins later anyway."""
        return self if to <= self.first_on else Secret(to, _chain(self).key_on(to))


@dataclass(frozen=True, slots=True)
class Salts:
    """The salts in force: `lasting` for all days, or those of `secret`, one for each."""

    lasting: bytes | None = field(default=None, repr=False)
    secret: Secret | None = None

    @property
    def is_daily(self) -> bool:
        """Whether each day has a salt of its own."""
        return self.lasting is None

    def on(self, day: date) -> bytes | None:
        """Return the salt of a UTC date, None for a day whose salt is destroyed."""
        if self.lasting is not None or self.secret is None:
            return self.lasting

        return (
            None if day < self.secret.first_on else _derived(_chain(self.secret).key_on(day), b"footfall-day")
        )


def choose_salts(policy: VisitorPolicy, secret: Secret | None, table_salt: bytes) -> Salts:
    """Return the salts of a policy, from a secret of the user's own or else from the salt that the table keeps.

    The lasting salt of a table is what the table keeps as it is. Days come from it over a key of its own (BLAKE2b-256
    of nothing, keyed with it, person ``footfall-chain``).
    """
    if policy == "daily":
        return Salts(secret=secret or Secret(FIRST_DAY, _derived(table_salt, b"footfall-chain")))

    return Salts(lasting=_derived(secret.key, b"footfall-lasting") if secret else table_salt)


def parse_secret(text: str) -> Secret:
    """Return the secret of its text form, white space around it ignored.

    Raises `ValueError`, whose sentence has nothing of the text in it.
    """
    match = _TEXT.fullmatch(text.strip())
    if match is None:
        raise ValueError("it is not of the form footfall-salt:DATE:KEY, with 64 hex digits as KEY")

    try:
        first_on = date.fromisoformat(match[1])
    except ValueError:
        raise ValueError("its date is none of the calendar's") from None

    return Secret(first_on, bytes.fromhex(match[2]))


class _Chain:
    """The keys of a secret's days. Each 64th is kept, so that only the first call for a far day walks to it."""

    def __init__(self, secret: Secret) -> None:
        self._first_on = secret.first_on
        self._stops = [secret.key]

    def key_on(self, day: date) -> bytes:
        """Return the key of a day that is not before the first."""
        stop, steps = divmod((day - self._first_on) // timedelta(days=1), _STRIDE)
        # Threads that get here together append to a copy each; either is right.
        stops = self._stops
        if len(stops) <= stop:
            stops = stops.copy()
            while len(stops) <= stop:
                stops.append(_walk(stops[-1], _STRIDE))

            self._stops = stops

        return _walk(stops[stop], steps)


@lru_cache(maxsize=16)
def _chain(secret: Secret) -> _Chain:
    return _Chain(secret)


def _walk(key: bytes, steps: int) -> bytes:
    for _ in range(steps):
        key = _derived(key, b"footfall-next")

    return key


def _derived(key: bytes, person: bytes) -> bytes:
    return blake2b(b"", digest_size=KEY_BYTES, key=key, person=person).digest()
