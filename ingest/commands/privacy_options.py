"""The options of privacy: clients behind proxies, visitor ids, consent, what is scrubbed, geography."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, get_args

import anyio
import click

from footfall.errors import SourceError
from footfall.salts import FIRST_DAY, Secret, VisitorPolicy
from footfall.store.address import StoreSettings
from footfall.store.commands import Decorator, option
from footfall.store.secrets import ENVIRONMENT, SecretPlace, load_secret
from footfall.text import printable
from ingest.enrich import Enrichment
from ingest.enrich.geography import open_geography
from ingest.enrich.proxies import NETWORKS, trust
from ingest.enrich.settings import ConsentPolicy

DEFAULTS: Final = Enrichment()
SALT_FILE: Final = option(
    "--salt-file",
    envvar="FOOTFALL_SALT_FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    usual="none",
    help="File with the secret that visitor ids are keyed with, which only its owner can read.",
)
SALT_SECRET: Final = option(
    "--salt-secret",
    envvar="FOOTFALL_SALT_SECRET",
    usual="none",
    metavar="NAME",
    help="The same as a secret in AWS Secrets Manager, by name or ARN.",
)
OPTIONS: Final[tuple[Decorator, ...]] = (
    option(
        "--trusted-proxies",
        multiple=True,
        usual="none",
        metavar="NETWORK",
        help="Proxies whose word about the client is believed: networks, as 192.0.2.0/24, or 'private'; repeatable, "
        "or with commas.",
    ),
    option(
        "--visitor-ids",
        type=click.Choice(get_args(VisitorPolicy)),
        default=DEFAULTS.visitor_ids,
        help="Whether a visitor has one id for good, or another one each UTC day.",
    ),
    SALT_FILE,
    SALT_SECRET,
    option(
        "--do-not-track",
        type=click.Choice(get_args(ConsentPolicy)),
        default=DEFAULTS.do_not_track,
        help="What becomes of events of people who send DNT or Sec-GPC.",
    ),
    option(
        "--no-scrub",
        is_flag=True,
        help="Keep passwords, tokens and e-mail addresses in URLs.",
    ),
    option(
        "--geography",
        type=click.Path(dir_okay=False, path_type=Path),
        usual="none",
        metavar="FILE",
        help="MaxMind database, as GeoLite2-City.mmdb, that tells country, region and city by the address.",
    ),
)
"""Decorators that add the options, in the order of the help."""

TAKES: Final[frozenset[str]] = frozenset(
    {
        "trusted_proxies",
        "visitor_ids",
        "salt_file",
        "salt_secret",
        "do_not_track",
        "no_scrub",
        "geography",
    }
)
"""Names of the parameters that the options give."""


def privacy_of(given: Mapping[str, Any], enrichment: Enrichment) -> Enrichment:
    """Return `enrichment` with what the options in `given` say; raises `click.BadParameter`.

    The secret is read here, before the run: raises what `load_secret` does.
    """
    secret = _secret(secret_place(given))
    visitor_ids = given.get("visitor_ids") or enrichment.visitor_ids
    if visitor_ids == "daily":
        _tell_first_day(secret)

    return replace(
        enrichment,
        trusted_proxies=_proxies(given.get("trusted_proxies") or ()),
        visitor_ids=visitor_ids,
        secret=secret,
        do_not_track=given.get("do_not_track") or enrichment.do_not_track,
        scrub=not given.get("no_scrub"),
        geography=_geography(given.get("geography")),
    )


def secret_place(given: Mapping[str, Any]) -> SecretPlace:
    """Return where the options in `given` say that the secret is, in the AWS account and region of the store."""
    file, name = given.get("salt_file"), given.get("salt_secret")
    if file and name:
        raise click.BadParameter("goes without --salt-file: there is one secret", param_hint="--salt-secret")

    store = given.get("store") or StoreSettings()
    return SecretPlace(file, name, store.region, store.profile)


def _secret(place: SecretPlace) -> Secret | None:
    if place == SecretPlace(None, None, place.region, place.profile) and ENVIRONMENT not in os.environ:
        return None

    return anyio.run(load_secret, place, os.environ)


def _tell_first_day(secret: Secret | None) -> None:
    if secret is not None and secret.first_on > FIRST_DAY:
        click.echo(
            f"Salts before {secret.first_on} are destroyed: events before that day get no visitor.", err=True
        )


def _proxies(given: Iterable[str]) -> tuple[str, ...]:
    names = tuple(name.strip() for value in given for name in value.split(",") if name.strip())
    for name in names:
        try:
            trust((name,))
        except ValueError as error:
            known = ", ".join(NETWORKS)
            raise click.BadParameter(
                f"{printable(name)!r} is neither a network, as 192.0.2.0/24 or 2001:db8::/32, nor one of: {known}",
                param_hint="--trusted-proxies",
            ) from error

    return names


def _geography(path: Path | None) -> Path | None:
    if path is None:
        return None

    try:
        open_geography(path)
    except SourceError as error:
        raise click.BadParameter(str(error), param_hint="--geography") from error

    return path
