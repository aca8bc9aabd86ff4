"""Carry out a retry with signals heard: the first finishes what is under way, the second ends it at once."""

from __future__ import annotations

import signal

import anyio

from footfall.clock import Clock
from footfall.errors import StoppedEarly
from ingest.deadletters.retry import Retry


async def run_retry(retry: Retry, clock: Clock, drain_seconds: float) -> None:
    """Run `retry`; after a first SIGINT or SIGTERM it has `drain_seconds` to finish its slice.

    Raises `StoppedEarly` when that was too short, or a second signal came. What is not noted as stored still waits.
    """
    started = clock.monotonic()
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as around:
            around.start_soon(_stop_on_signals, retry, scope, clock, drain_seconds)
            try:
                await retry.run()
            finally:
                retry.retried.seconds = clock.monotonic() - started
            around.cancel_scope.cancel()

    if scope.cancelled_caught:
        raise StoppedEarly(
            "Stopped before everything that was begun was noted as stored. Nothing is lost.",
            hint="run the same command again: what was stored already is stored over",
        )


async def _stop_on_signals(
    retry: Retry, scope: anyio.CancelScope, clock: Clock, drain_seconds: float
) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with anyio.create_task_group() as waiting:
            async for _ in signals:
                if retry.stopping:
                    scope.cancel()
                    return

                retry.stop()
                waiting.start_soon(_cancel_after, scope, clock, drain_seconds)


async def _cancel_after(scope: anyio.CancelScope, clock: Clock, seconds: float) -> None:
    await clock.sleep(seconds)
    scope.cancel()
