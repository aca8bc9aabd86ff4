"""`footfall schedule`: reports by the clock."""

from __future__ import annotations

import json
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import anyio
import click

from footfall.errors import SettingsError, StoppedEarly
from footfall.store import Store
from footfall.store.address import StoreSettings
from footfall.store.commands import App, option, store_options
from footfall.store.objects import ObjectSettings
from footfall.store.state import read_meta
from footfall.text import counted, printable
from reports.schedule.attempt import Tools
from reports.schedule.file import load_jobs
from reports.schedule.job import Job
from reports.schedule.listing import checked_lines, standing_lines, standings
from reports.schedule.lock import LEASE_SECONDS, new_worker
from reports.schedule.plan import HORIZON
from reports.schedule.settle import Manner
from reports.schedule.worker import Schedule, Tally

DRAIN_SECONDS: Final = 25.0
"""Kubernetes and Docker send SIGKILL 30 and 10 seconds after SIGTERM unless told otherwise, systemd 90."""

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def _option(
    flag: str, name: str, usual: str | None = None, **settings: Any
) -> Callable[[Decorated], Decorated]:
    """Return an option of the commands of `footfall schedule`; they share its environment variable."""
    variable = "FOOTFALL_SCHEDULE_" + flag.removeprefix("--").replace("-", "_").upper()
    return option(flag, name, envvar=variable, usual=usual, **settings)


JOBS: Final = _option(
    "--jobs",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("footfall.toml"),
    metavar="FILE",
    help="TOML file with the jobs.",
)
ONLY: Final = _option(
    "--job", "only", "all jobs of the file", multiple=True, metavar="NAME", help="Only this job; repeatable."
)
LEASE: Final = _option(
    "--lease-seconds",
    "lease_seconds",
    type=click.FloatRange(3, 86_400),
    default=LEASE_SECONDS,
    metavar="SECONDS",
    help="How long a worker may be silent before another one takes its job over.",
)
DRAIN: Final = _option(
    "--drain-seconds",
    "drain_seconds",
    type=click.FloatRange(0),
    default=DRAIN_SECONDS,
    metavar="SECONDS",
    help="Time that the first SIGTERM or SIGINT leaves the run under way; then it is given up, to be made again.",
)
CATCH_UP: Final = _option(
    "--catch-up-days",
    "catch_up_days",
    type=click.FloatRange(0, 366),
    default=HORIZON.days,
    metavar="DAYS",
    help="Missed runs that were due longer ago are not made up.",
)


@click.group(name="schedule")
def schedule_group() -> None:
    """Make reports by the clock, from jobs in a TOML file."""


@schedule_group.command(
    name="run", epilog="Example: footfall schedule run --jobs footfall.toml --store dynamodb:owa_"
)
@JOBS
@ONLY
@store_options
@LEASE
@DRAIN
@CATCH_UP
@click.pass_obj
def run_command(
    app: App,
    store: StoreSettings,
    path: Path,
    only: Sequence[str],
    lease_seconds: float,
    drain_seconds: float,
    catch_up_days: float,
) -> None:
    """Make reports when they are due, until stopped by SIGINT or SIGTERM.

    Runs that were missed are made up first. Several workers may share a store: each run is made by one of them.
    """
    jobs = chosen_jobs(path, only)
    click.echo(f"{counted(len(jobs), 'job')} of {printable(str(path))}", err=True)
    anyio.run(_work, app, store, jobs, lease_seconds, drain_seconds, catch_up_days, Schedule.run)


@schedule_group.command(
    name="due", epilog="Example: footfall schedule due --jobs footfall.toml --store dynamodb:owa_"
)
@JOBS
@ONLY
@store_options
@LEASE
@DRAIN
@CATCH_UP
@click.pass_obj
def due_command(
    app: App,
    store: StoreSettings,
    path: Path,
    only: Sequence[str],
    lease_seconds: float,
    drain_seconds: float,
    catch_up_days: float,
) -> int:
    """Make the reports that are due or were missed, once, and exit: for cron and timers.

    The exit code is 0 when all went well or nothing was due, else that of what went wrong. A run that another worker is
    making is left to it.
    """
    jobs = chosen_jobs(path, only)
    tally = anyio.run(_work, app, store, jobs, lease_seconds, drain_seconds, catch_up_days, Schedule.due)
    return max((error.exit_code for error in tally.errors), default=0)


@schedule_group.command(
    name="list", epilog="Example: footfall schedule list --store dynamodb:owa_ --format json"
)
@JOBS
@ONLY
@store_options
@_option(
    "--runs",
    "runs",
    type=click.IntRange(1, 1_000),
    default=5,
    metavar="N",
    help="Last runs of each job that json shows.",
)
@_option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    help="Form of the output; json has the last runs with their manifests.",
)
@click.pass_obj
def list_command(
    app: App, store: StoreSettings, path: Path, only: Sequence[str], runs: int, form: str
) -> None:
    """Show when each job is due next, and what came of its last run."""
    jobs = chosen_jobs(path, only)

    async def found() -> list[dict[str, object]] | list[str]:
        async with app.open_store(replace(store, must_exist=True)) as opened:
            await read_meta(opened, app.clock)
            known = await standings(opened, app.clock, jobs, runs)

        return [one.document() for one in known] if form == "json" else list(standing_lines(known))

    shown = anyio.run(found)
    click.echo(json.dumps(shown, indent=2) if form == "json" else "\n".join(map(str, shown)))


@schedule_group.command(name="check", epilog="Example: footfall schedule check --jobs footfall.toml")
@JOBS
@ONLY
@click.pass_obj
def check_command(app: App, path: Path, only: Sequence[str]) -> None:
    """Check a file of jobs, and show the next runs of each: when, about which days, into which files.

    Nothing is read but the file.
    """
    for job in chosen_jobs(path, only):
        click.echo("\n".join(checked_lines(job, app.clock.now())))


def chosen_jobs(path: Path, only: Sequence[str]) -> tuple[Job, ...]:
    """Return the jobs of a file, or those called `only`; raises `SettingsError` for a name that none has."""
    jobs = load_jobs(path)
    unknown = [name for name in only if name not in {job.name for job in jobs}]
    if unknown:
        names = ", ".join(job.name for job in jobs)
        raise SettingsError(f"{path} has no job {printable(unknown[0], 60)!r}.", hint=f"--job takes {names}")

    return tuple(job for job in jobs if not only or job.name in only)


async def _work(
    app: App,
    store: StoreSettings,
    jobs: Sequence[Job],
    lease_seconds: float,
    drain_seconds: float,
    catch_up_days: float,
    how: Callable[[Schedule], Awaitable[Tally]],
) -> Tally:
    async with app.open_store(replace(store, must_exist=True)) as opened:
        await read_meta(opened, app.clock)
        tools = Tools(
            store=opened,
            clock=app.clock,
            worker=new_worker(app.clock, lease_seconds),
            open_store=partial(_other_store, app, store),
            say=_say,
            objects=ObjectSettings(region=store.region, profile=store.profile),
        )
        schedule = Schedule(jobs, tools, Manner(timedelta(days=catch_up_days)))
        return await until_stopped(schedule, how, drain_seconds)


async def until_stopped(
    schedule: Schedule, how: Callable[[Schedule], Awaitable[Tally]], drain_seconds: float
) -> Tally:
    """Work until done or told to stop; the first signal leaves time to finish, a second one does not.

    Raises `StoppedEarly` at the second. What is given up is made again by the next worker.
    """
    signals: list[int] = []
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as around:
            around.start_soon(_stop_on_signals, schedule, scope, drain_seconds, signals)
            await how(schedule)
            around.cancel_scope.cancel()

    if len(signals) > 1:
        raise StoppedEarly(
            "Stopped at once. A run that was under way is made again by the next worker.",
            hint="footfall schedule due",
        )

    if scope.cancelled_caught:
        _say("The run under way took too long and was given up; the next worker makes it again.")

    return schedule.tally


async def _stop_on_signals(
    schedule: Schedule, scope: anyio.CancelScope, drain_seconds: float, signals: list[int]
) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as received:
        async for number in received:
            signals.append(number)
            if len(signals) > 1:
                scope.cancel()
                return

            schedule.stop.set()
            scope.deadline = anyio.current_time() + drain_seconds
            _say(
                f"Stopping: a run under way has {drain_seconds:g} seconds to finish. A second signal stops at once."
            )


def _other_store(app: App, settings: StoreSettings, address: str) -> AbstractAsyncContextManager[Store]:
    return app.open_store(replace(settings, address=address, must_exist=True))


def _say(sentence: str) -> None:
    click.echo(printable(f"footfall: {sentence}"), err=True)
