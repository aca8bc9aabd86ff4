"""The options of every command that writes events, and the settings made of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime
from functools import wraps
from math import inf
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

import click

from footfall.keys import is_site
from footfall.store.commands import Decorator, option
from ingest.commands import beacon_options, enrich_options, filter_options, privacy_options, rewrite_options
from ingest.enrich import Enrichment
from ingest.filters import Filters
from ingest.formats import named
from ingest.settings import IngestSettings

P = ParamSpec("P")
R = TypeVar("R")

DEFAULTS: Final = IngestSettings()

SITE: Final = option("--site", usual="the virtual host, else default", help="Site the events belong to.")
FORMAT: Final = option(
    "--format",
    usual="detected for each file",
    metavar="FORMAT",
    help="Format of the lines: a name of `footfall formats list`, or a definition; see docs/formats.md.",
)
SINCE: Final = option(
    "--since",
    type=click.DateTime(),
    usual="no bound",
    metavar="TIME",
    help="Leave out events before this moment, UTC; as 2026-01-31 or 2026-01-31T13:59:59.",
)
UNTIL: Final = option(
    "--until",
    type=click.DateTime(),
    usual="no bound",
    metavar="TIME",
    help="Leave out events from this moment on, UTC.",
)
ADDRESSES: Final = option(
    "--addresses",
    type=click.Choice(["masked", "full", "none"]),
    default=DEFAULTS.enrichment.addresses,
    help="How client addresses are kept; masked is /24 for IPv4 and /48 for IPv6.",
)
GROUP: Final = option("--group", default=DEFAULTS.group, help="Worker group whose checkpoints to go on from.")
HOST_LABEL: Final = option(
    "--host-label",
    default="",
    usual="none",
    help="Name of the host, to tell apart logs of several hosts that begin alike; part of every event's key.",
)
DEAD_LETTERS: Final = option(
    "--dead-letters",
    envvar="FOOTFALL_DEAD_LETTERS",
    type=click.Path(dir_okay=False, path_type=Path),
    default=DEFAULTS.dead_letters,
    help="File that refused lines are kept in, with the reason.",
)
DEAD_LETTER_FILE: Final = click.argument(
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=DEFAULTS.dead_letters,
    envvar=["FOOTFALL_DEAD_LETTERS", "FOOTFALL_INGEST_DEAD_LETTERS"],
    metavar="[FILE]",
)
REASON: Final = option(
    "--reason",
    multiple=True,
    usual="all",
    help="Only lines refused for this reason, by its code, as no-match; repeatable.",
)
SOURCE: Final = option(
    "--source",
    multiple=True,
    usual="all",
    help="Only lines of this source, by its name in the list; repeatable.",
)
WRITERS: Final = option(
    "--writers",
    type=click.IntRange(1, 256),
    default=DEFAULTS.writers,
    help="Requests under way at once, at most.",
)
MAX_WRITE_UNITS: Final = option(
    "--max-write-units",
    type=click.FloatRange(0, min_open=True),
    usual="what the table takes",
    metavar="UNITS/S",
    help="Write at most so many write units a second; an item costs one for each started KB.",
)
MAX_REJECTED: Final = option(
    "--max-rejected",
    type=click.FloatRange(0, 1),
    default=DEFAULTS.max_rejected,
    metavar="SHARE",
    help="Stop when more than this share of the lines was refused, 0 to 1, once 1,000 were read.",
)
MAX_REJECTED_IN_A_ROW: Final = option(
    "--max-rejected-in-a-row",
    type=click.IntRange(1),
    default=DEFAULTS.max_rejected_in_a_row,
    metavar="LINES",
    help="Stop when more lines than this of a source were refused one after the other.",
)
MAX_LINE_BYTES: Final = option(
    "--max-line-bytes",
    type=click.IntRange(2**10, 2**26),
    default=DEFAULTS.max_line_bytes,
    metavar="BYTES",
    help="Refuse lines longer than this, from 1 KiB to 64 MiB; the dead letter keeps the first 1 MiB.",
)
MAX_INFLATION: Final = option(
    "--max-inflation",
    type=click.FloatRange(1),
    default=DEFAULTS.max_inflation,
    metavar="TIMES",
    help="Stop at a compressed file that inflates to more than so many times its size, as decompression bombs do; "
    "looked at beyond 1 GiB. The lines up to there are stored.",
)
LINGER: Final = option(
    "--linger",
    type=click.FloatRange(0),
    default=DEFAULTS.linger_seconds,
    metavar="SECONDS",
    help="How long a line of a pipe or a growing log may wait for others before it is written.",
)
DRAIN: Final = option(
    "--drain-seconds",
    type=click.FloatRange(0),
    default=DEFAULTS.drain_seconds,
    metavar="SECONDS",
    help="How long a run that a signal stops may take to write what it has read.",
)
LEASE: Final = option(
    "--lease-seconds",
    type=click.FloatRange(1, 86_400),
    default=DEFAULTS.lease_seconds,
    metavar="SECONDS",
    help="How long a source stays with a run that is no longer heard of, before another run may take it over.",
)
SUMMARY: Final = option(
    "--summary",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How the run is summed up: text on stderr, or one JSON object on stdout.",
)
CHOOSING: Final[tuple[Decorator, ...]] = (
    *filter_options.OPTIONS,
    *rewrite_options.OPTIONS,
    *beacon_options.OPTIONS,
    *enrich_options.OPTIONS,
    *privacy_options.OPTIONS,
)
RECOGNISING: Final[tuple[Decorator, ...]] = (*enrich_options.OPTIONS, *privacy_options.OPTIONS)
"""What decides whose an event is."""

READING: Final[tuple[Decorator, ...]] = (SITE, FORMAT, SINCE, UNTIL, *CHOOSING, ADDRESSES)
KEEP_DAYS: Final = option(
    "--keep-days",
    type=click.IntRange(1, 36_525),
    usual="for good",
    metavar="DAYS",
    help="Days after which an event expires: reports leave it out, and DynamoDB deletes it where TTL is on.",
)
WRITING: Final = (DEAD_LETTERS, WRITERS, MAX_WRITE_UNITS, KEEP_DAYS)


def give_up_after(default: float) -> Decorator:
    """Return ``--give-up-after`` with the default of a command, in seconds; infinity is never."""
    return option(
        "--give-up-after",
        type=click.FloatRange(0),
        default=default,
        usual="never" if default == inf else None,
        metavar="SECONDS",
        help="Stop, with exit code 5 and nothing lost, when nothing could be written for so long.",
    )


def settings_options(*options: Decorator) -> Callable[[Callable[P, R]], Callable[..., R]]:
    """Add `options`, in this order in the help; the command gets one `IngestSettings` made of them as `settings`."""

    def decorate(command: Callable[P, R]) -> Callable[..., R]:
        @wraps(command)
        def with_settings(*args: Any, **given: Any) -> R:
            settings = _settings(given)
            rest = {name: value for name, value in given.items() if name not in _OURS}
            return command(*args, settings=settings, **rest)  # type: ignore[arg-type]  # click passes options by name

        decorated: Callable[..., R] = with_settings
        for each in reversed(options):
            decorated = each(decorated)

        return decorated

    return decorate


_CHOICES: Final = frozenset.union(
    enrich_options.TAKES,
    privacy_options.TAKES,
    filter_options.TAKES,
    rewrite_options.TAKES,
    beacon_options.TAKES,
)
_MADE_HERE: Final = frozenset({"format", "since", "until", "addresses", "keep_days"}) | _CHOICES
_IN_SECONDS: Final = {"linger": "linger_seconds", "give_up_after": "give_up_after_seconds"}
_OURS: Final = frozenset(_MADE_HERE | _IN_SECONDS.keys() | {field.name for field in fields(IngestSettings)})


def _settings(given: dict[str, Any]) -> IngestSettings:
    site, since, until = given.get("site"), given.get("since"), given.get("until")
    if site is not None and not is_site(site):
        raise click.BadParameter(
            "lower-case letters, digits, dot, dash and underscore only", param_hint="--site"
        )

    if since and until and since >= until:
        raise click.BadParameter("leaves nothing: it has to be later than --since", param_hint="--until")

    name = given.get("format")
    plain = {_IN_SECONDS.get(key, key): value for key, value in given.items() if key in _OURS - _MADE_HERE}
    return IngestSettings(
        **plain,
        format=named(name) if name else None,
        filters=filter_options.filters_of(given, Filters(since=_utc(since), until=_utc(until))),
        enrichment=_enrichment(given),
        beacons=beacon_options.beacons_of(given),
    )


def _enrichment(given: dict[str, Any]) -> Enrichment:
    addressed = Enrichment(
        addresses=given.get("addresses") or Enrichment().addresses, keep_days=given.get("keep_days")
    )
    rewriting = rewrite_options.rewriting_of(given, addressed)
    return privacy_options.privacy_of(given, enrich_options.enrichment_of(given, rewriting))


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None
