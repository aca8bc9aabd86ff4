"""The options of beacons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import click

from footfall.store.commands import Decorator, option
from footfall.text import printable
from ingest.beacons import BeaconSettings
from ingest.beacons.known import DIALECTS

_AUTO: Final = "auto"
_OFF: Final = "off"

OPTIONS: Final[tuple[Decorator, ...]] = (
    option(
        "--beacons",
        default=_AUTO,
        metavar="auto|off|NAME[,NAME…]",
        help="Dialects of beacons to look for among requests, by path and parameters: all of them, none, or these; "
        "see docs/beacons.md.",
    ),
    option(
        "--beacon-path",
        multiple=True,
        usual="each dialect's own",
        metavar="ENDING=DIALECT",
        help="Look for beacons of a dialect at another path too, by how it ends, as /collect.php=matomo; repeatable.",
    ),
)
"""Decorators that add the options, in the order of the help."""

TAKES: Final[frozenset[str]] = frozenset({"beacons", "beacon_path"})
"""Names of the parameters that the options give."""


def beacons_of(given: Mapping[str, Any]) -> BeaconSettings:
    """Return what the options in `given` say of beacons; raises `click.BadParameter`."""
    dialects = _dialects(given.get("beacons", _AUTO))
    paths = tuple(_path(text, dialects) for text in given.get("beacon_path", ()))
    return BeaconSettings(dialects=dialects, paths=paths)


def _dialects(text: str) -> tuple[str, ...] | None:
    if text in {_AUTO, _OFF}:
        return None if text == _AUTO else ()

    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        _known(name, "--beacons")

    if not names:
        raise click.BadParameter(
            f"names no dialect; say {_AUTO}, {_OFF} or one of {_all()}", param_hint="--beacons"
        )

    return names


def _path(text: str, dialects: tuple[str, ...] | None) -> tuple[str, str]:
    ending, equals, name = text.rpartition("=")
    if not equals or not ending.startswith("/"):
        sentence = f"{printable(text, 60)!r} is no ENDING=DIALECT, as /collect.php=matomo, with a slash first"
        raise click.BadParameter(sentence, param_hint="--beacon-path")

    _known(name, "--beacon-path")
    if dialects is not None and name not in dialects:
        sentence = f"{name} is a dialect that --beacons leaves out; add it there"
        raise click.BadParameter(sentence, param_hint="--beacon-path")

    return ending, name


def _known(name: str, hint: str) -> None:
    if name not in DIALECTS:
        sentence = f"there is no dialect called {printable(name, 40)!r}; there are {_all()}"
        raise click.BadParameter(sentence, param_hint=hint)


def _all() -> str:
    return ", ".join(DIALECTS)
