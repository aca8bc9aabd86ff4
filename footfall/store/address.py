"""What ``--store`` says, and how it becomes an open store."""

from __future__ import annotations

import re
import shlex
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from footfall.clock import Clock
from footfall.errors import SettingsError, StoreError
from footfall.paths import expanded
from footfall.store import Store
from footfall.store.engine import Engine
from footfall.text import without_password

if TYPE_CHECKING:
    from footfall.store.simulator import Conditions

Notify = Callable[[str], None]

DEFAULT: Final = "embedded:footfall.db"

_PREFIX = re.compile(r"[A-Za-z0-9_.-]{0,240}")
_FORMS: Final = "--store takes embedded:PATH, as embedded:footfall.db, or dynamodb:PREFIX, as dynamodb:owa_"
_QUESTION_MARK: Final = re.compile(r"%((?:25)*)3[Ff]")
"""A question mark of the path itself is written %3F, a path's own %3F as %253F, and so on."""


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Which store, and how to reach it; None leaves it to the AWS environment.

    `must_exist` is for those who only read: an embedded store is not made for them.
    """

    address: str = DEFAULT
    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
    connections: int = 64
    must_exist: bool = False


@dataclass(frozen=True, slots=True)
class Address:
    """A parsed ``--store``: `target` is the path of an embedded store or the table prefix of a DynamoDB one.

    `conditions` are what an embedded store is asked to simulate; None when it is to be just a file.
    """

    engine: Literal["embedded", "dynamodb"]
    target: str
    conditions: Conditions | None = None

    @property
    def prefix(self) -> str:
        """Return what the names of the tables begin with."""
        return self.target if self.engine == "dynamodb" else ""

    @property
    def path(self) -> Path:
        """Return the file of an embedded store; a shell leaves the ~ of ``embedded:~/site.db`` to us."""
        return expanded(self.target)


def parse_address(text: str) -> Address:
    """Return the parts of a ``--store`` value; raises `SettingsError` for what cannot be one."""
    scheme, colon, target = text.partition(":")
    path, _, parameters = target.partition("?")
    if scheme == "embedded" and colon and path:
        return Address("embedded", _QUESTION_MARK.sub(_unquoted, path), _conditions(parameters))

    if scheme == "dynamodb" and colon:
        if not _PREFIX.fullmatch(target):
            raise SettingsError(
                f"{target!r} cannot begin a table name: letters, digits, _ . - only, 240 at most.",
                hint=_FORMS,
            )

        return Address("dynamodb", target)

    raise SettingsError(f"{text!r} is not a store.", hint=_FORMS)


@asynccontextmanager
async def open_store(
    settings: StoreSettings, clock: Clock, notify: Notify = lambda _notice: None
) -> AsyncIterator[Store]:
    """Open the store that `settings` name; close it at the end.

    `notify` is told, in a sentence, what a person should know though work goes on: that the clock is wrong.
    """
    address = parse_address(settings.address)
    engine = await _open_engine(address, settings, clock, notify)
    try:
        yield Store(
            engine=engine,
            events_table=f"{address.prefix}events",
            state_table=f"{address.prefix}state",
            location=_location(settings),
        )
    finally:
        await engine.aclose()


async def _open_engine(address: Address, settings: StoreSettings, clock: Clock, notify: Notify) -> Engine:
    # The engines are imported when they are needed: botocore takes a third of a second that an embedded run can save.
    if address.engine == "embedded":
        if settings.must_exist and _is_missing(address.path):
            raise StoreError(
                f"There is no store {settings.address} yet.",
                hint=f"footfall ingest access.log --site example.org --store {_location(settings)}",
            )

        return _open_embedded(address, clock)

    from footfall.store.aws import AwsEngine, AwsSettings

    return await AwsEngine.connect(
        AwsSettings(
            region=settings.region,
            profile=settings.profile,
            endpoint_url=settings.endpoint_url,
            connections=settings.connections,
        ),
        clock,
        notify,
    )


def _open_embedded(address: Address, clock: Clock) -> Engine:
    from footfall.store.embedded import EmbeddedEngine

    if address.conditions is None:
        return EmbeddedEngine.open(address.path, clock)

    from footfall.store.simulator import SimulatedEngine

    return SimulatedEngine(EmbeddedEngine.open(address.path, clock), address.conditions, clock)


def _conditions(parameters: str) -> Conditions | None:
    if not parameters:
        return None

    from footfall.store.simulator import parse_conditions

    return parse_conditions(parameters)


def _unquoted(mark: re.Match[str]) -> str:
    return f"%{mark[1][2:]}3F" if mark[1] else "?"


def _is_missing(path: Path) -> bool:
    """Tell whether there is a folder without the file; what cannot even be looked at is for the engine to refuse."""
    try:
        return path.parent.is_dir() and not path.exists()
    except OSError:
        return False


def _location(settings: StoreSettings) -> str:
    """Return what to type to name this store again, quoted for a shell."""
    endpoint = without_password(settings.endpoint_url) if settings.endpoint_url else None
    options = (("--region", settings.region), ("--profile", settings.profile), ("--endpoint-url", endpoint))
    given = [word for name, value in options if value for word in (name, value)]
    return shlex.join([settings.address, *given])
