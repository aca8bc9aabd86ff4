"""The options of every command that works on partitions of visitors: who does it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import click

from footfall.store.commands import option
from reports.partials.executors import MOST_PROCESSES, WorkerSettings

P = ParamSpec("P")
R = TypeVar("R")


def worker_options(command: str) -> Callable[[Callable[P, R]], Callable[..., R]]:
    """Add ``--workers`` and ``--cluster``.

    `command` is what the environment variables are named after, as ``report``. The command gets a `WorkerSettings` as
    `workers`.
    """
    prefix = f"FOOTFALL_{command}_".replace("-", "_").upper()

    def decorate(function: Callable[P, R]) -> Callable[..., R]:
        @option(
            "--workers",
            envvar=f"{prefix}WORKERS",
            type=click.IntRange(1, MOST_PROCESSES),
            default=1,
            metavar="N",
            help="Work in so many processes, each on some of the visitors.",
        )
        @option(
            "--cluster",
            envvar=f"{prefix}CLUSTER",
            usual="this machine",
            metavar="ADDRESS",
            help="Work on the Dask cluster whose scheduler is there, as tcp://HOST:8786; needs footfall[cluster].",
        )
        @wraps(function)
        def with_workers(*args: Any, workers: int, cluster: str | None, **options: Any) -> R:
            return function(*args, workers=WorkerSettings(workers, cluster), **options)  # type: ignore[arg-type]  # click passes options by name

        return with_workers

    return decorate
