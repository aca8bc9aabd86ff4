"""The `footfall` command: groups, wiring, error boundary, exit codes, and the demo, which needs both ways at once.

This is the composition root: clock and store are built here and handed down.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import click

import footfall
from footfall.commands import Commands, DeferredGroup, Place
from footfall.errors import FootfallError, StoppedEarly

if TYPE_CHECKING:
    from footfall.store.address import StoreSettings
    from footfall.store.commands import App

CONTEXT: Final = {
    "auto_envvar_prefix": "FOOTFALL",
    "help_option_names": ["-h", "--help"],
    "max_content_width": 110,
}
DEMO_FOLDER: Final = Path("footfall-demo")
DEMO_SITE: Final = "example.com"
DEMO_TABLES: Final = ("summary", "visits", "channels", "pages", "not-found")
DEMO_FORMATS: Final = ("csv", "parquet", "html")
DEMO_ROWS: Final = 8

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO})


PLACES: Final = MappingProxyType(
    {
        "deadletters": Place(
            "ingest.commands.deadletters:deadletters_group", "List, show and retry refused lines."
        ),
        "extract": Place(
            "reports.commands.extract:extract_command", "Leave the events as a dataset in Parquet."
        ),
        "forget": Place("ingest.commands.forget:forget_command", "Erase a person, and prove it."),
        "formats": Place("ingest.commands.formats:formats_group", "List, detect and explain log formats."),
        "ingest": Place("ingest.commands.ingest:ingest_command", "Read access logs into a store."),
        "materialize": Place(
            "reports.commands.materialize:materialize_command", "Keep visits and daily rollups in tables."
        ),
        "report": Place(
            "reports.commands.report:report_command", "Answer questions about the stored events."
        ),
        "reports": Place("reports.commands.catalogue:reports_command", "List what can be asked."),
        "salts": Place("ingest.commands.salts:salts_group", "Create, show and destroy salts of visitor ids."),
        "schedule": Place("reports.commands.schedule:schedule_group", "Make reports by the clock."),
        "sessions": Place(
            "reports.commands.sessions:sessions_command", "List a visitor's sessions, newest first."
        ),
        "sql": Place("reports.commands.sql:sql_command", "Answer a SELECT over events, hits and visits."),
        "status": Place("ingest.commands.status:status_command", "Show how far each source has been read."),
        "table": Place("footfall.store.commands:table_group", "Create and describe the tables of a store."),
        "tail": Place("ingest.commands.tail:tail_command", "Follow growing access logs into a store."),
        "verify": Place("ingest.commands.verify:verify_command", "Prove that every line is accounted for."),
    }
)


@click.group(cls=DeferredGroup, commands=Commands(PLACES), context_settings=CONTEXT)
@click.version_option(footfall.__version__, prog_name="footfall")
@click.pass_context
def root(context: click.Context) -> None:
    """Web analytics from access logs, on DynamoDB, without a database server.

    Every option can also be set by an environment variable, which its help names.
    """
    from footfall.clock import SystemClock
    from footfall.store.address import open_store
    from footfall.store.commands import App

    clock = SystemClock()
    context.obj = App(clock=clock, open_store=lambda settings: open_store(settings, clock, _show_notice))


def _show_notice(sentence: str) -> None:
    click.echo(f"footfall: {sentence}", err=True)


@root.command(name="demo", epilog="Example: footfall demo")
@click.pass_obj
def demo_command(app: App) -> None:
    """Ingest the sample logs into footfall-demo/ and report on them."""
    import anyio

    from footfall.store.address import StoreSettings
    from reports.outputs.destination import check_destination

    reports = DEMO_FOLDER / "reports"
    check_destination(str(reports))
    store = StoreSettings(address=f"embedded:{DEMO_FOLDER / 'footfall.db'}")
    click.echo(f"Reading {sample_logs()} into {store.address}")
    anyio.run(_demo, app, store, reports)
    click.echo(
        f"""
The store is {store.address}.
The reports are in {reports}/; open {reports}/report.html first.

With a log of your own:

  footfall ingest /var/log/nginx/access.log --site example.org --store embedded:site.db
  footfall report summary pages channels --store embedded:site.db
  footfall report all --format html --out reports --store embedded:site.db

On DynamoDB it is the same with --store dynamodb:PREFIX,
after footfall table create --store dynamodb:PREFIX.
footfall reports lists what can be asked, footfall --help the rest."""
    )


async def _demo(app: App, store: StoreSettings, folder: Path) -> None:
    from footfall.store.admin import open_tables
    from ingest.commands.summary import summary_lines
    from ingest.run import run_ingest
    from ingest.settings import IngestSettings
    from ingest.sources import find_sources
    from reports.catalogue import ALL, find_reports
    from reports.commands.output_options import screen_of
    from reports.outputs import OutputSettings
    from reports.outputs.deliver import deliver, show
    from reports.run import Questions, answer

    settings = IngestSettings(site=DEMO_SITE, replay=True, dead_letters=DEMO_FOLDER / "dead-letters.ndjson")
    settings.dead_letters.unlink(missing_ok=True)
    async with app.open_store(store) as opened:
        meta = await open_tables(opened, app.clock, create=True)
        outcome = await run_ingest(find_sources([str(sample_logs())]), settings, opened, meta, app.clock)
        click.echo("\n".join(summary_lines(outcome, settings)))
        answers = await answer(opened, app.clock, Questions(reports=find_reports([ALL])))

    shown = [one for name in DEMO_TABLES for one in answers if one.report.name == name]
    first = [one if one.report.is_series else one.first(DEMO_ROWS) for one in shown]
    show(first, OutputSettings(), screen_of(sys.stdout))
    await deliver(answers, OutputSettings(DEMO_FORMATS, str(folder)), app.clock.now())


def sample_logs() -> Path:
    """Return the folder of the sample logs: in the package when it was installed, else beside this file."""
    installed = Path(footfall.__file__).parent / "sample_logs"
    return installed if installed.is_dir() else Path(__file__).parent / "sample_logs"


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit."""
    # Process 1 of a container hears no signal that it has no handler for.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code. Here, and only here, errors become sentences and exit codes."""
    stdout = sys.stdout
    try:
        outcome = root.main(arguments, prog_name="footfall", standalone_mode=False)
        if sys.stdout is not None:  # a closed descriptor leaves none
            sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return _stopped()
    except SystemExit as stop:
        # On a broken pipe click puts something else in place of stdout and leaves with 1, standalone or not.
        return _hush() if sys.stdout is not stdout else _fail(stop)
    except (Exception, BaseExceptionGroup) as error:
        return _fail(error)

    return outcome if isinstance(outcome, int) else 0


def _stopped() -> int:
    click.echo("Stopped.", err=True)
    return StoppedEarly.exit_code


def _fail(error: BaseException) -> int:
    """Show expected errors as sentences and return the exit code; raise what is a fault of ours."""
    leaves = list(_leaves(error))
    if any(map(_is_broken_pipe, leaves)):
        return _hush()

    if any(isinstance(leaf, KeyboardInterrupt) for leaf in leaves):
        return _stopped()

    full = next((leaf for leaf in leaves if isinstance(leaf, OSError) and leaf.errno in _FULL), None)
    if full is not None:
        where = full.filename or "Standard output, or a file that is written,"  # Python only knows of opening
        click.echo(f"footfall: {where} takes no more: the device is full or broken.", err=True)
        _hush()
        return FootfallError.exit_code

    expected = [leaf for leaf in leaves if isinstance(leaf, FootfallError)]
    if len(expected) < len(leaves):
        raise error

    from footfall.store.commands import show_error

    for leaf in {str(leaf): leaf for leaf in expected}.values():
        show_error(leaf)

    return max(leaf.exit_code for leaf in expected)


def _is_broken_pipe(error: BaseException) -> bool:
    # rich turns a broken pipe into SystemExit(1).
    cause = error.__context__ if isinstance(error, SystemExit) else error
    return isinstance(cause, BrokenPipeError)


def _hush() -> int:
    """Let go of the streams that nobody reads: Python flushes them once more at exit, and would fail again."""
    for stream in filter(None, (sys.stdout, sys.stderr)):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())

    return 0


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if not isinstance(error, BaseExceptionGroup):
        yield error
        return

    for part in error.exceptions:
        yield from _leaves(part)


if __name__ == "__main__":
    main()
