"""Open those who work side by side: processes here, or a Dask cluster.

Processes are started afresh (spawn): a fork of a process with threads, as Polars has them, may hang. Each gets its part
of the cores. They hear no signal of the terminal's; they end when this process lets go of a pipe, which it does when it
is stopped, and the system does for it when it is killed.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from threading import Thread
from typing import Any, Final, ParamSpec, TypeVar

import anyio
import polars as pl

import footfall
from footfall.errors import SettingsError
from footfall.text import printable
from reports.partials.work import Workers

P = ParamSpec("P")
R = TypeVar("R")

MOST_PROCESSES: Final = 256
THREADS: Final = "POLARS_MAX_THREADS"
"""What Polars asks once, when it first works, for how many threads it may have."""

_TO_IGNORE: Final = frozenset({signal.SIGINT, signal.SIGTERM})
_NEEDED: Final = ("footfall", "polars")
"""Packages of which cluster and client must have the same version: plans and frames go from one to the other."""


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """Who works: so many `processes` here, one being this one, or the Dask `cluster` whose scheduler is at an address.

    A scheduler is waited for `connect_seconds`. Raises `SettingsError` for both at once.
    """

    processes: int = 1
    cluster: str | None = None
    connect_seconds: float = 10

    def __post_init__(self) -> None:
        if self.cluster is not None and self.processes > 1:
            raise SettingsError(
                "--workers are processes here, --cluster is another place to work: not both at once.",
                hint="leave one of them out",
            )


def opened_workers(settings: WorkerSettings) -> AbstractContextManager[Workers | None]:
    """Give the workers that `settings` name, None where this process works itself.

    To be entered in the main thread, before other threads begin. Raises `SettingsError` for a cluster that cannot be
    used.
    """
    if settings.cluster is not None:
        return _cluster(settings.cluster, settings.connect_seconds)

    return _processes(settings.processes) if settings.processes > 1 else _here()


@contextmanager
def _here() -> Iterator[None]:
    yield None


@contextmanager
def _processes(count: int) -> Iterator[Workers]:
    # This also has Polars ask for its threads before the answer changes.
    threads = max(1, pl.thread_pool_size() // count)
    context = get_context("spawn")
    held, holding = context.Pipe(duplex=False)
    with _environment(THREADS, str(threads)), held, holding:
        executor = ProcessPoolExecutor(count, context, initializer=_begin, initargs=(held,))
        try:
            with _signals_held_back():
                for _ in range(count):
                    executor.submit(os.getpid)

            # One more than can be worked on, so that nobody waits while contributions are put together.
            yield Workers(executor, count + 1, least=count, lost=(BrokenExecutor,))
        except BaseException:
            holding.close()
            raise
        finally:
            executor.shutdown(cancel_futures=True)


def _begin(held: Connection) -> None:
    """Prepare a process: deaf for signals, which its parent hears, and gone when the parent lets go."""
    for number in _TO_IGNORE:
        signal.signal(number, signal.SIG_IGN)

    signal.pthread_sigmask(signal.SIG_UNBLOCK, _TO_IGNORE)
    Thread(target=_end_with, args=(held,), daemon=True).start()


def _end_with(held: Connection) -> None:
    held.poll(None)
    os._exit(0)


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    """Set a variable for the processes that are started."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


@contextmanager
def _signals_held_back() -> Iterator[None]:
    """Have processes that are started hold signals back until they have said what to do with them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _TO_IGNORE)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _cluster(address: str, connect_seconds: float) -> Iterator[Workers]:
    client = _connected(address, connect_seconds)
    with client:
        count = _checked(client, address)
        distributed = _distributed()
        lost = (CancelledError, distributed.comm.CommClosedError, distributed.KilledWorker)
        yield Workers(_Sending(client), count + 1, shares_files=False, least=count, lost=lost)


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise SettingsError(
            "--cluster needs Dask, which is not installed.", hint="pip install 'footfall[cluster]'"
        ) from error

    return distributed


def _connected(address: str, seconds: float) -> Any:
    distributed = _distributed()
    try:
        anyio.run(_greet, distributed, address, seconds)
        return distributed.Client(address, timeout=seconds, set_as_default=False)
    except (OSError, RuntimeError, TypeError, ValueError) as error:
        raise SettingsError(
            f"No Dask scheduler answers at {printable(address, 100)!r}.",
            hint="dask scheduler, then --cluster tcp://HOST:8786",
            details=[printable(str(error), 200)] if str(error) else [],
        ) from error


async def _greet(distributed: Any, address: str, seconds: float) -> None:
    """Exchange greetings with a scheduler: Dask's client waits for ever for one that does not know them."""
    with anyio.fail_after(seconds):
        connection = await distributed.comm.connect(address, timeout=seconds)
        await connection.close()


def _checked(client: Any, address: str) -> int:
    """Return how many workers there are; raises `SettingsError` for none, and for such as lack what they need."""
    versions = client.get_versions(packages=list(_NEEDED))
    if not versions["workers"]:
        raise SettingsError(
            f"The cluster at {printable(address, 100)} has no workers.",
            hint=f"dask worker {printable(address, 100)}",
        )

    wanted = {name: versions["client"]["packages"][name] for name in _NEEDED}
    for worker, found in versions["workers"].items():
        different = [name for name in _NEEDED if found["packages"].get(name) != wanted[name]]
        if different:
            told = [
                f"{name} {found['packages'].get(name) or 'is missing'}, here {wanted[name]}"
                for name in different
            ]
            raise SettingsError(
                f"The worker {worker} cannot run what this footfall sends.",
                hint=f"pip install footfall=={footfall.__version__} polars=={wanted['polars']} on every worker",
                details=told,
            )

    return len(versions["workers"])


class _Sending(Executor):
    """An executor on a Dask cluster that sends what it is to call as data, since it is large."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._executor = client.get_executor(pure=False)

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Have a worker call `fn`."""
        sent = self._client.scatter(fn, hash=False)
        future: Future[R] = self._executor.submit(_call, sent, *args, **kwargs)
        return future


def _call(fn: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    return fn(*args, **kwargs)
