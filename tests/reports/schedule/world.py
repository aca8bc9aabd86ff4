"""Workers in one process on one store; they can be killed, and the time passes only while none of them works."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import polars as pl
from anyio import to_thread

from footfall.clock import Clock
from footfall.errors import FootfallError
from footfall.store import Store
from footfall.store.address import StoreSettings, open_store
from footfall.store.engine import Engine, Reply
from footfall.store.state import Process
from reports.answer import Answer
from reports.run import Questions, answer
from reports.schedule.attempt import Tools
from reports.schedule.job import Job
from reports.schedule.lock import Worker
from reports.schedule.settle import Manner
from reports.schedule.worker import Schedule
from tests.fakes import FakeClock
from tests.reports.store import fill

LEASE_SECONDS = 15.0
QUIET_TURNS = 20


class HeldClock(FakeClock):
    """Virtual time that stands still while something real is under way: a thread, a file, a query."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self._under_way = 0

    @contextmanager
    def held(self) -> Iterator[None]:
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1

    async def _pass_time(self, sleeper: Any) -> None:
        """Wait until nobody has done anything for a while: the end of a task group takes a few turns of the loop."""
        if self._sleepers[0] is not sleeper:
            await super()._pass_time(sleeper)
            return

        quiet = 0
        while quiet < QUIET_TURNS:
            is_busy = self._under_way or to_thread.current_default_thread_limiter().borrowed_tokens
            quiet = 0 if is_busy else quiet + 1
            await anyio.sleep(0.001 if is_busy else 0)  # a thread tells nobody of its end
            if self._sleepers[0] is not sleeper:
                return  # somebody else wakes first, and what it does has to be waited for anew

        self._passed_seconds = max(self._passed_seconds, sleeper.deadline)


@dataclass(slots=True)
class Machine:
    """What a worker runs on: an engine that counts its calls, and takes none when the machine is dead."""

    engine: Engine
    clock: HeldClock
    calls: int = 0
    dies_at: int | None = None
    is_dead: bool = False
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)

    async def call(self, operation: str, body: bytes) -> Reply:
        self.calls += 1
        if self.calls == self.dies_at:
            self.die()

        if self.is_dead:
            raise FootfallError("The machine is gone.")

        with self.clock.held():
            return await self.engine.call(operation, body)

    async def aclose(self) -> None:
        await self.engine.aclose()

    def die(self) -> None:
        self.is_dead = True
        self.scope.cancel()

    @contextmanager
    def mortal(self) -> Iterator[None]:
        """Whatever goes on here ends when the machine dies, and nobody hears its last words."""
        with self.scope:
            try:
                yield
            except (FootfallError, ExceptionGroup):
                if not self.is_dead:
                    raise


@dataclass(slots=True)
class World:
    """A store in a file, jobs, and what was asked by which worker.

    Asking takes `asking_seconds`; `dies_asking` are the workers whose machine dies when they ask for that time.
    """

    path: Path
    jobs: tuple[Job, ...]
    clock: HeldClock
    asked: list[tuple[str, Questions]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    asking_seconds: float = 0.0
    dies_asking: dict[str, int] = field(default_factory=dict)

    @asynccontextmanager
    async def machine(self) -> AsyncIterator[tuple[Machine, Store]]:
        async with open_store(StoreSettings(f"embedded:{self.path}"), self.clock) as opened:
            machine = Machine(opened.engine, self.clock)
            yield machine, Store(machine, opened.events_table, opened.state_table, opened.location)

    @asynccontextmanager
    async def schedule(
        self, name: str, manner: Manner | None = None
    ) -> AsyncIterator[tuple[Schedule, Machine]]:
        """A worker called `name`, with an engine of its own on the store."""

        async def ask(store: Store, clock: Clock, questions: Questions) -> tuple[Answer, ...]:
            self.asked.append((name, questions))
            if [asker for asker, _ in self.asked].count(name) == self.dies_asking.get(name):
                machine.die()

            await clock.sleep(self.asking_seconds)
            with self.clock.held():
                return await answer(store, clock, questions)

        async with self.machine() as (machine, store):
            worker = Worker(Process(name, 1), f"token of {name}", LEASE_SECONDS)
            tools = Tools(store, self.clock, worker, self.other_store, self.said.append, ask=ask)
            yield Schedule(self.jobs, tools, manner or Manner()), machine

    @asynccontextmanager
    async def other_store(self, address: str) -> AsyncIterator[Store]:
        async with open_store(StoreSettings(address), self.clock) as opened:
            yield opened

    async def due(self, name: str = "cron", manner: Manner | None = None) -> Schedule:
        """Call `footfall schedule due` once."""
        async with self.schedule(name, manner) as (schedule, _):
            await schedule.due()
            return schedule

    async def work(self, name: str, until: datetime) -> None:
        """Run a worker until a moment, or until its machine dies."""
        async with self.schedule(name) as (schedule, machine):
            with machine.mortal():
                async with anyio.create_task_group() as group:
                    group.start_soon(schedule.run)
                    await self.clock.sleep((until - self.clock.now()).total_seconds())
                    schedule.stop.set()

    def pass_until(self, at: datetime) -> None:
        self.clock.advance((at - self.clock.now()) / timedelta(seconds=1))


async def new_world(path: Path, events: pl.DataFrame, jobs: tuple[Job, ...], start: datetime) -> World:
    await fill(path, events)
    return World(path, jobs, HeldClock(start))
