"""`footfall table`, and the options that every command with a store has."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import anyio
import click

from footfall.clock import Clock
from footfall.errors import FootfallError
from footfall.store import Store
from footfall.store.address import DEFAULT, StoreSettings
from footfall.store.admin import (
    DEFAULT_SHARDS,
    LARGEST_SHARDS,
    Capacity,
    TableFacts,
    create_tables,
    describe,
    set_expiry,
)
from footfall.store.state import TableMeta, read_meta
from footfall.text import printable

P = ParamSpec("P")
R = TypeVar("R")
Decorated = TypeVar("Decorated", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class App:
    """What `cli.py` builds once and every command is handed as the click context's object."""

    clock: Clock
    open_store: Callable[[StoreSettings], AbstractAsyncContextManager[Store]]


def show_error(error: FootfallError) -> None:
    """Say on stderr what went wrong, with the evidence and what to type next."""
    click.echo(f"footfall: {printable(str(error))}", err=True)
    for detail in error.details:
        click.echo(f"    {printable(detail)}", err=True)

    if error.hint:
        click.echo(f"  try: {printable(error.hint)}", err=True)


Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def option(*declarations: str, usual: str | None = None, **settings: Any) -> Callable[[Decorated], Decorated]:
    """Return a click option whose help shows its default and its environment variable, as all of footfall's do.

    `usual` words what happens without the option where that is no plain default.
    """
    return click.option(*declarations, show_envvar=True, show_default=usual or True, **settings)


def store_options(command: Callable[P, R]) -> Callable[..., R]:
    """Add ``--store`` and the options that say how to reach it; the command gets one `StoreSettings` as `store`."""

    aws = "as the AWS environment says"

    @option(
        "--store",
        "address",
        default=DEFAULT,
        metavar="STORE",
        envvar="FOOTFALL_STORE",
        help="embedded:PATH or dynamodb:PREFIX; 'embedded:PATH?write_units=500' simulates a table's limits and faults.",
    )
    @option("--region", envvar="FOOTFALL_REGION", usual=aws, help="AWS region of a dynamodb store.")
    @option("--profile", envvar="FOOTFALL_PROFILE", usual=aws, help="AWS profile of a dynamodb store.")
    @option(
        "--endpoint-url",
        envvar="FOOTFALL_ENDPOINT_URL",
        usual=aws,
        metavar="URL",
        help="Endpoint of a dynamodb store, as http://localhost:8000.",
    )
    @wraps(command)
    def with_store(
        *args: Any,
        address: str,
        region: str | None,
        profile: str | None,
        endpoint_url: str | None,
        **options: Any,
    ) -> R:
        context = click.get_current_context()
        if context.get_parameter_source("address") is click.core.ParameterSource.DEFAULT:
            click.echo(f"Store: {DEFAULT} (the default; name another with --store)", err=True)

        settings = StoreSettings(address=address, region=region, profile=profile, endpoint_url=endpoint_url)
        return command(*args, store=settings, **options)  # type: ignore[arg-type]  # click passes options by name

    return with_store


@click.group(name="table")
def table_group() -> None:
    """Create and describe the tables of a store."""


@table_group.command(
    name="create",
    epilog="Example: footfall table create --store dynamodb:owa_ --region eu-central-1 --shards 16",
)
@store_options
@option(
    "--shards",
    type=click.IntRange(1, LARGEST_SHARDS),
    default=DEFAULT_SHARDS,
    help="Partitions a site's day is spread over, each good for 1,000 writes/s. Fixed for the life of the table.",
)
@option(
    "--read-units",
    type=click.IntRange(1),
    usual="on demand",
    metavar="UNITS/S",
    help="Provision reads; goes with --write-units.",
)
@option(
    "--write-units",
    type=click.IntRange(1),
    usual="on demand",
    metavar="UNITS/S",
    help="Provision writes; goes with --read-units.",
)
@click.pass_obj
def create_command(
    app: App, store: StoreSettings, shards: int, read_units: int | None, write_units: int | None
) -> None:
    """Create the events and state tables of a store; what exists is left as it is."""
    capacity = Capacity(read_units=read_units, write_units=write_units)

    async def run() -> None:
        async with app.open_store(store) as opened:
            meta = await create_tables(opened, app.clock, shards=shards, capacity=capacity)
            click.echo(
                f"{opened.events_table} and {opened.state_table} are ready: layout {meta.layout}, {meta.shards} shards."
            )

    anyio.run(run)


@table_group.command(name="describe", epilog="Example: footfall table describe --store dynamodb:owa_")
@store_options
@click.pass_obj
def describe_command(app: App, store: StoreSettings) -> None:
    """Show what a store's tables hold and how they are laid out and billed."""

    async def run() -> None:
        async with app.open_store(replace(store, must_exist=True)) as opened:
            meta = await read_meta(opened, app.clock)
            for table in (opened.events_table, opened.state_table):
                for line in _described(await describe(opened, app.clock, table)):
                    click.echo(line)

            click.echo(_layout_line(meta))

    anyio.run(run)


@table_group.command(name="ttl", epilog="Example: footfall table ttl --store dynamodb:owa_")
@store_options
@option("--off", is_flag=True, help="Delete nothing any more.")
@click.pass_obj
def ttl_command(app: App, store: StoreSettings, off: bool) -> None:
    """Have DynamoDB delete events that have expired (ingest --keep-days), at no cost, within two days."""

    async def run() -> None:
        async with app.open_store(replace(store, must_exist=True)) as opened:
            await set_expiry(opened, app.clock, is_on=not off)
            click.echo(f"TTL of {opened.events_table} is {'off' if off else 'on'}; that may take an hour.")

    anyio.run(run)


def _described(facts: TableFacts) -> tuple[str, ...]:
    return (
        f"{facts.name}",
        f"  status   {facts.status}",
        f"  items    {facts.items:,}",
        f"  bytes    {facts.bytes:,}",
        f"  billing  {facts.billing}",
        f"  keys     {', '.join(facts.keys)}",
    )


def _layout_line(meta: TableMeta) -> str:
    return f"layout {meta.layout}, {meta.shards} shards, schema version {meta.schema_version}"
