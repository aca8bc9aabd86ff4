"""The options of every command that reads the table: how, how fast, at what price, and where the events are kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from math import inf
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

import anyio
import click
import msgspec

from footfall.store.address import StoreSettings
from footfall.store.commands import App, option
from footfall.store.partitions import LARGEST_SEGMENTS
from reports.extraction import Request, explained
from reports.extraction.explain import Explanation
from reports.scope import Scope

P = ParamSpec("P")
R = TypeVar("R")

_USUAL: Final = Request()
_FOLDER: Final = click.Path(path_type=Path, file_okay=False)

_OPTIONS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    (
        "--dataset",
        {
            "usual": "a temporary folder, removed",
            "type": _FOLDER,
            "metavar": "DIR",
            "help": "Keep the events in this folder, as Parquet by site and UTC day; days that have not changed since "
            "are not read again, and a run that was stopped is gone on with.",
        },
    ),
    (
        "--segments",
        {
            "usual": "from the table's size, or Query where that is cheaper",
            "type": click.IntRange(1, LARGEST_SEGMENTS),
            "metavar": "N",
            "help": "Scan the table in N pieces.",
        },
    ),
    (
        "--max-read-units",
        {
            "usual": "no limit",
            "type": click.FloatRange(0, min_open=True),
            "metavar": "UNITS/S",
            "help": "Read no faster than so many read units a second, by what the table reports.",
        },
    ),
    (
        "--read-price",
        {
            "default": _USUAL.read_price,
            "type": click.FloatRange(0),
            "metavar": "DOLLARS",
            "help": "Price of a million read units; the default is us-east-1 on demand.",
        },
    ),
    (
        "--ask-above",
        {
            "default": _USUAL.ask_above_units,
            "type": click.FloatRange(0),
            "metavar": "UNITS",
            "help": "Read units from which on a Scan of a DynamoDB table needs --yes; the default is 1 GB.",
        },
    ),
    ("--yes", {"is_flag": True, "help": "Scan however much it costs."}),
    (
        "--explain",
        {"is_flag": True, "help": "Only say what reading would take, both ways, and which would be chosen."},
    ),
)


@dataclass(frozen=True, slots=True)
class ExtractionSettings:
    """What the options say; with `explains`, nothing is to be read."""

    request: Request
    explains: bool = False

    def of(self, scope: Scope) -> Request:
        """Return the request for the events in `scope`."""
        return replace(self.request, scope=scope)


def extraction_options(command: str, *leave_out: str) -> Callable[[Callable[P, R]], Callable[..., R]]:
    """Add the options of reading but those in `leave_out` (as ``--dataset``).

    `command` is what the environment variables are named after, as ``report``. The command gets one
    `ExtractionSettings` as `extraction`.
    """

    def decorate(function: Callable[P, R]) -> Callable[..., R]:
        @wraps(function)
        def with_extraction(*args: Any, **options: Any) -> R:
            given = {_parameter(flag): options.pop(_parameter(flag), None) for flag, _ in _OPTIONS}
            return function(*args, extraction=settings_of(**given), **options)  # type: ignore[arg-type]  # click passes options by name

        decorated: Callable[..., R] = with_extraction
        for flag, settings in reversed(_OPTIONS):
            if flag not in leave_out:
                variable = f"FOOTFALL_{command}_{_parameter(flag)}".replace("-", "_").upper()
                decorated = option(flag, _parameter(flag), envvar=variable, **settings)(decorated)

        return decorated

    return decorate


def settings_of(
    *,
    dataset: Path | None = None,
    segments: int | None = None,
    max_read_units: float | None = None,
    read_price: float | None = None,
    ask_above: float | None = None,
    yes: bool | None = None,
    explain: bool | None = None,
) -> ExtractionSettings:
    """Return what options say that were given; None means what is usual."""
    request = Request(
        segments=segments,
        folder=dataset,
        max_read_units=max_read_units or inf,
        read_price=_USUAL.read_price if read_price is None else read_price,
        ask_above_units=_USUAL.ask_above_units if ask_above is None else ask_above,
        yes=bool(yes),
    )
    return ExtractionSettings(request, bool(explain))


def explain(app: App, store: StoreSettings, request: Request, *, as_json: bool = False) -> None:
    """Print what `request` would take, on standard output; nothing is read of the events."""

    async def run() -> Explanation:
        async with app.open_store(replace(store, must_exist=True)) as opened:
            return await explained(opened, app.clock, request)

    explanation = anyio.run(run)
    if as_json:
        content = msgspec.json.encode(explanation.document())
        click.echo(msgspec.json.format(content, indent=2).decode())
        return

    for line in explanation.lines():
        click.echo(line)


def _parameter(flag: str) -> str:
    return flag.removeprefix("--").replace("-", "_")
