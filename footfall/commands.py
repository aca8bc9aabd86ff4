"""A group whose commands are loaded when one is run: help is there at once, and no command loads what another needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from importlib import import_module
from typing import Final

import click

SHORTEST_LINE: Final = 80
"""Columns of the narrowest terminal that the list of commands is to fit, each in a line of its own."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command is, ``package.module:name``, and what the list of commands says of it."""

    name: str
    summary: str

    def load(self) -> click.Command:
        """Return the command; its module is imported if nobody has yet."""
        module, _, name = self.name.partition(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)
        return command


class Commands(MutableMapping[str, click.Command]):
    """Commands by name, each loaded when it is asked for."""

    def __init__(self, places: Mapping[str, Place]) -> None:
        self._places = places
        self._loaded: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._loaded:
            self._loaded[name] = self._places[name].load()

        return self._loaded[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*self._places, *self._loaded)))

    def __len__(self) -> int:
        return len({*self._places, *self._loaded})

    def __contains__(self, name: object) -> bool:
        return name in self._places or name in self._loaded

    def summaries(self) -> dict[str, str]:
        """Return what the list says of each, by name in alphabetical order; loads nothing that has a place."""
        return {name: self._summary(name) for name in sorted(self)}

    def _summary(self, name: str) -> str:
        place = self._places.get(name)
        return self._loaded[name].get_short_help_str(SHORTEST_LINE) if place is None else place.summary


class DeferredGroup(click.Group):
    """A group of `Commands`."""

    def __init__(self, *, commands: Commands, **settings: object) -> None:
        super().__init__(commands=commands, **settings)  # type: ignore[arg-type]  # click's own settings
        self._deferred = commands

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._deferred.summaries().items()))
