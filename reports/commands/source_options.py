"""The options of every command that reads events: of a store, of DynamoDB exports, or of a kept dataset."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

import click

from footfall.clock import Clock
from footfall.errors import SettingsError
from footfall.store import Store
from footfall.store.address import StoreSettings
from footfall.store.commands import App, option, store_options
from footfall.store.objects import ObjectSettings
from footfall.store.state import read_meta
from reports.export import ExportPlace, extracted_from_exports, location_of, opened_places
from reports.export.extracted import table_id
from reports.export.read import read_chain
from reports.extraction import extracted
from reports.extraction.extract import OnPage
from reports.extraction.manifest import store_id
from reports.lake import Extract, extracted_from_dataset

P = ParamSpec("P")
R = TypeVar("R")

_STORE_ONLY: Final = ("address", "segments", "max_read_units", "read_price", "ask_above", "yes", "explain")
"""Parameters that make no sense where no table is read."""


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """Where events are read from: `exports` in order, or a `dataset`, or the store when neither is given."""

    store: StoreSettings
    exports: tuple[str, ...] = ()
    dataset: str | None = None

    @property
    def is_store(self) -> bool:
        """Whether a store is read."""
        return not self.exports and self.dataset is None

    @property
    def objects(self) -> ObjectSettings:
        """Return how S3 is reached: region and profile are the store's, its endpoint is not S3's."""
        return ObjectSettings(self.store.region, self.store.profile)


@dataclass(frozen=True, slots=True)
class Source:
    """An open source: what a person types for it, and what reads a request of it."""

    location: str
    extract: Extract = field(repr=False)
    identify: Callable[[], Awaitable[str]] = field(repr=False)
    """What gives the id that datasets know the source by."""


def source_options(
    command: str, *leave_out: str, unless: str = ""
) -> Callable[[Callable[P, R]], Callable[..., R]]:
    """Add ``--store`` and its neighbours, ``--from-export`` and ``--from-dataset`` but those in `leave_out`.

    `command` is what the environment variables are named after, as ``report``. The command gets one `SourceSettings`
    as `source`. `unless` names a parameter with which no source is read, so that nothing is said of it.
    """

    def decorate(function: Callable[P, R]) -> Callable[..., R]:
        def with_store(*args: Any, store: StoreSettings, **options: Any) -> R:
            return function(*args, source=SourceSettings(store), **options)  # type: ignore[arg-type]  # click passes options by name

        stored = store_options(wraps(function)(with_store))

        @wraps(stored)
        def with_source(*args: Any, **options: Any) -> R:
            exports = tuple(options.pop("from_export", None) or ())
            dataset = options.pop("from_dataset", None)
            if exports or dataset is not None:
                _check_alone(exports, dataset)
            elif not options.get(unless):
                return stored(*args, **options)

            names = ("address", "region", "profile", "endpoint_url")
            store = StoreSettings(**{name: options.pop(name) for name in names})
            return function(*args, source=SourceSettings(store, exports, dataset), **options)  # type: ignore[arg-type]  # click passes options by name

        decorated: Callable[..., R] = with_source
        for flag, settings in reversed(_OPTIONS):
            if flag not in leave_out:
                variable = f"FOOTFALL_{command}_{flag.removeprefix('--')}".replace("-", "_").upper()
                decorated = option(flag, envvar=variable, **settings)(decorated)

        return decorated

    return decorate


@asynccontextmanager
async def opened_source(
    app: App, settings: SourceSettings, on_page: OnPage | None = None
) -> AsyncIterator[Source]:
    """Open what `settings` name."""
    clock = app.clock
    if settings.dataset is not None:
        yield _of_dataset(settings.dataset, settings.objects, clock)
        return

    if settings.exports:
        async with opened_places(settings.exports, settings.objects) as places:
            yield _of_exports(places, clock, on_page)

        return

    async with app.open_store(replace(settings.store, must_exist=True)) as store:
        yield _of_store(store, clock, on_page)


def _of_store(store: Store, clock: Clock, on_page: OnPage | None) -> Source:
    async def identify() -> str:
        return store_id(store, await read_meta(store, clock))

    return Source(store.location, lambda request: extracted(store, clock, request, on_page), identify)


def _of_exports(places: Sequence[ExportPlace], clock: Clock, on_page: OnPage | None) -> Source:
    async def identify() -> str:
        return table_id(await read_chain(places))

    return Source(
        location_of(places),
        lambda request: extracted_from_exports(places, clock, request, on_page),
        identify,
    )


def _of_dataset(place: str, objects: ObjectSettings, clock: Clock) -> Source:
    async def identify() -> str:
        return place

    return Source(place, lambda request: extracted_from_dataset(place, clock, request, objects), identify)


def _check_alone(exports: tuple[str, ...], dataset: str | None) -> None:
    """Raise `SettingsError` when the command line says more than one source, or how to read a table."""
    if exports and dataset is not None:
        raise SettingsError(
            "--from-export and --from-dataset are two sources; a run reads one.", hint="leave one of them out"
        )

    context = click.get_current_context()
    for name in (*_STORE_ONLY, *(["dataset"] if dataset else [])):
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            flag = "--store" if name == "address" else f"--{name.replace('_', '-')}"
            raise SettingsError(
                f"{flag} is about reading a store, and {'--from-export' if exports else '--from-dataset'} reads none.",
                hint=f"leave out {flag}",
            )


_OPTIONS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    (
        "--from-export",
        {
            "multiple": True,
            "usual": "the store",
            "metavar": "DIR|s3://BUCKET/PREFIX",
            "help": "Read a DynamoDB export to S3 instead of a store: the folder that manifest-summary.json is in; "
            "repeatable, a full export first, then the incremental ones after it.",
        },
    ),
    (
        "--from-dataset",
        {
            "usual": "the store",
            "metavar": "DIR|s3://BUCKET/PREFIX",
            "help": "Read a dataset instead of a store, as `footfall extract --out` and --dataset leave it.",
        },
    ),
)
