"""`footfall salts`: the secret that visitor ids are keyed with, and how its past is destroyed."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

import anyio
import click

from footfall.clock import Clock
from footfall.errors import SettingsError
from footfall.salts import FIRST_DAY, KEY_BYTES, Secret
from footfall.store.commands import App, option
from footfall.store.secrets import ENVIRONMENT, SecretPlace, create_secret, load_secret, replace_secret
from ingest.commands.privacy_options import SALT_FILE, SALT_SECRET, secret_place

P = ParamSpec("P")
R = TypeVar("R")

AWS_KEEPS: Final = (
    "AWS Secrets Manager keeps the earlier version without a label, out of the way of all who ask for the secret by "
    "name, until it deletes it in its own time."
)
_MADE_FIRST: Final = "footfall salts create --salt-file PATH   (then ingest with --salt-file PATH)"


def _place_options(command: Callable[P, R]) -> Callable[..., R]:
    """Add the options that say where the secret is; the command gets one `SecretPlace` as `place`."""
    aws = "as the AWS environment says"

    @SALT_FILE
    @SALT_SECRET
    @option("--region", envvar="FOOTFALL_REGION", usual=aws, help="AWS region of --salt-secret.")
    @option("--profile", envvar="FOOTFALL_PROFILE", usual=aws, help="AWS profile of --salt-secret.")
    @wraps(command)
    def with_place(
        *args: Any,
        salt_file: Path | None,
        salt_secret: str | None,
        region: str | None,
        profile: str | None,
        **others: Any,
    ) -> R:
        named = secret_place({"salt_file": salt_file, "salt_secret": salt_secret})
        place = SecretPlace(named.file, named.name, region, profile)
        return command(*args, place=place, **others)  # type: ignore[arg-type]  # click passes options by name

    return with_place


@click.group(name="salts")
def salts_group() -> None:
    """Create, show and destroy what visitor ids are keyed with.

    Without a secret of your own, visitor ids are keyed with a salt that the store keeps as long as it exists.
    """


@salts_group.command(name="create", epilog="Example: footfall salts create --salt-file /etc/footfall/salt")
@_place_options
@option(
    "--first-day",
    type=click.DateTime(["%Y-%m-%d"]),
    usual=str(FIRST_DAY),
    metavar="DATE",
    help="No salts before this UTC date.",
)
@click.pass_obj
def create_command(app: App, place: SecretPlace, first_day: datetime | None) -> None:
    """Make a secret and keep it in a file or in AWS Secrets Manager."""
    _refuse_environment(place, "footfall salts create --salt-file PATH")
    first_on = first_day.date() if first_day else FIRST_DAY
    secret = Secret(max(first_on, FIRST_DAY), app.clock.token(KEY_BYTES))
    anyio.run(create_secret, place, secret)
    click.echo(f"{_capital(place.title)} is ready: it has a salt for every day from {secret.first_on} on.")


@salts_group.command(name="show", epilog="Example: footfall salts show --salt-file /etc/footfall/salt")
@_place_options
def show_command(place: SecretPlace) -> None:
    """Say where the secret is and from which day on it has salts; never what it is."""
    secret = anyio.run(load_secret, place, os.environ)
    if secret is None:
        click.echo("No secret is named: visitor ids are keyed with the salt of the store, which has no end.")
        return

    click.echo(f"{_capital(place.title)} has a salt for every day from {secret.first_on} on.")


@salts_group.command(
    name="destroy", epilog="Example: footfall salts destroy --older-than 2 --salt-file /etc/footfall/salt"
)
@_place_options
@option(
    "--before",
    type=click.DateTime(["%Y-%m-%d"]),
    usual="none",
    metavar="DATE",
    help="Destroy the salts of all days before this UTC date.",
)
@option(
    "--older-than",
    type=click.IntRange(0),
    usual="none",
    metavar="DAYS",
    help="Destroy the salts of all days that ended more than so many days ago.",
)
@click.pass_obj
def destroy_command(app: App, place: SecretPlace, before: datetime | None, older_than: int | None) -> None:
    """Destroy the salts of past days for good.

    The visitors of those days cannot be recognised any more, nor told from logs that are read again: their events get
    no visitor. Lasting visitor ids, which are keyed with the secret as it stands, begin anew.
    """
    to = _day(before, older_than, app.clock)
    _refuse_environment(place, _MADE_FIRST)
    secret = anyio.run(load_secret, place, os.environ)
    assert secret is not None  # there is one at every place but the environment
    if to <= secret.first_on:
        click.echo(f"Nothing to destroy: {place.title} has no salts before {secret.first_on}.")
        return

    anyio.run(replace_secret, place, secret.advanced(to))
    click.echo(f"Destroyed the salts of all days before {to}: {place.title} begins there now.")
    click.echo(
        "A run that is under way, as one that follows a log, has the old secret in memory until it ends."
    )
    if place.name:
        click.echo(AWS_KEEPS)


def _day(before: datetime | None, older_than: int | None, clock: Clock) -> date:
    """Return the first day whose salt stays, which is today at the latest."""
    if (before is None) == (older_than is None):
        raise click.UsageError("Name one of --before and --older-than.")

    today = clock.now().date()
    to = before.date() if before else today - timedelta(days=min(older_than or 0, (today - FIRST_DAY).days))
    if to > today:
        raise click.BadParameter(f"lies in the future: today is {today} (UTC)", param_hint="--before")

    return to


def _refuse_environment(place: SecretPlace, hint: str) -> None:
    if place.file is None and place.name is None:
        raise SettingsError(
            f"Neither the salt of a store nor {ENVIRONMENT} can be made or destroyed here: the first lasts as long as "
            "the store, the second is in the hands of who set it.",
            hint=hint,
        )


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
