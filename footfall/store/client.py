"""Calls that are not the hot write path: retried here, answered decoded, errors translated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, Final

import msgspec

from footfall.backoff import Backoff
from footfall.clock import Clock
from footfall.errors import StoreUnreachable
from footfall.store import Store
from footfall.store.engine import NoReply, Reply
from footfall.store.outcome import Verdict, error_for, judge
from footfall.text import printable

Document = Mapping[str, Any]

GIVE_UP_AFTER_SECONDS: Final = 120.0
"""How long one call is retried before the store counts as unreachable; far above DynamoDB's usual brown-outs."""

NEVER_REACHED_SECONDS: Final = 10.0
"""How long an endpoint is tried that has never taken a request: more likely the address is wrong than it is down."""

_BACKOFF: Final = Backoff()
_NETWORK_HINT: Final = "check the network, --endpoint-url and --region, then run the same command again"


@dataclass(slots=True)
class Progress:
    """What calls that share a table's capacity know of each other, so that one does not give up while others get on.

    `succeeded_seconds` is the clock's monotonic time of the last success of any of them; `capacity_hint` says what
    helps when the table refuses them all for lack of capacity.
    """

    succeeded_seconds: float = -inf
    capacity_hint: str = "raise the table's capacity or run again later"


async def request(
    store: Store, clock: Clock, operation: str, body: bytes, *, table: str, progress: Progress | None = None
) -> Reply:
    """Send `operation` until it is carried out or refused; return that reply.

    Throttling, server errors and lost replies are retried with full-jitter backoff for `GIVE_UP_AFTER_SECONDS`, so
    the operation must be one that may be applied twice: a conditional write whose reply was lost is refused by its own
    effect when it is sent again, and whoever sends one has to know it again (`state` does, by a token). Calls that
    share a `progress` give up only when none of them has succeeded for that long. A refusal (`Verdict.REFUSED`) is
    returned, for the caller to read. Raises `TableMissing`, `AccessDenied` and so on for what only a person can mend,
    and `StoreUnreachable`.
    """
    progress = progress or Progress()
    started = clock.monotonic()
    attempt, limit_seconds = 0, NEVER_REACHED_SECONDS
    while True:
        problem = await _attempt(store, operation, body)
        if isinstance(problem, Reply) or problem.maybe_applied or progress.succeeded_seconds > -inf:
            limit_seconds = GIVE_UP_AFTER_SECONDS

        if isinstance(problem, Reply):
            verdict = judge(problem)
            if verdict is Verdict.DONE:
                progress.succeeded_seconds = clock.monotonic()
                return problem

            if verdict is Verdict.REFUSED:
                return problem

            if verdict is Verdict.FATAL:
                raise error_for(operation, table, problem, store.location)

        if clock.monotonic() - max(started, progress.succeeded_seconds) > limit_seconds:
            raise _given_up(store, operation, table, problem, progress, limit_seconds)

        await clock.sleep(_BACKOFF.delay_seconds(attempt, clock.random()))
        attempt += 1


async def command(
    store: Store, clock: Clock, operation: str, document: Document, *, table: str
) -> dict[str, Any]:
    """Send `operation` as `request` does and return the decoded reply; a refusal raises `StoreError`."""
    reply = await request(store, clock, operation, msgspec.json.encode(document), table=table)
    if not reply.ok:
        raise error_for(operation, table, reply, store.location)

    decoded: dict[str, Any] = msgspec.json.decode(reply.body)
    return decoded


async def _attempt(store: Store, operation: str, body: bytes) -> Reply | NoReply:
    try:
        return await store.engine.call(operation, body)
    except NoReply as lost:
        return lost


def _given_up(
    store: Store,
    operation: str,
    table: str,
    problem: Reply | NoReply,
    progress: Progress,
    limit_seconds: float,
) -> StoreUnreachable:
    last = f"for {limit_seconds:.0f} seconds; last: {_reason(problem)}"
    if isinstance(problem, Reply) and judge(problem) is Verdict.THROTTLED:
        return StoreUnreachable(
            f"Table {table} of {store.location} has refused {operation} for lack of capacity {last}",
            hint=progress.capacity_hint,
        )

    is_told = isinstance(problem, Reply) and problem.error_code
    return StoreUnreachable(
        f"{operation} got no good answer from {store.location} {last}",
        hint="run the same command again later" if is_told else _NETWORK_HINT,
    )


def _reason(problem: Reply | NoReply) -> str:
    if isinstance(problem, NoReply):
        return printable(str(problem))

    return printable(f"{problem.error_code or f'HTTP {problem.status}'} {problem.error_message}".rstrip())
