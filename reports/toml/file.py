"""Read a TOML file, and refuse what it has no key for or what a key does not take, saying what to type."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from footfall.errors import SettingsError
from footfall.text import printable
from reports.toml.values import Key, Wrong

LARGEST_BYTES: Final = 1_000_000

Table = Mapping[str, Any]


def load(path: Path, hint: str) -> Table:
    """Return the content of a file; raises `SettingsError` with `hint` for one that cannot be read."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)

        if len(content) > LARGEST_BYTES:
            raise SettingsError(f"{path} has more than {LARGEST_BYTES:,} bytes.", hint=hint)

        return tomllib.loads(content.decode())
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror or error}", hint=hint) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(f"{path} cannot be read as TOML: {error}", hint=hint) from error


def values_of(
    place: str, table: Any, keys: Mapping[str, Key], hint: str, defaults: Table = MappingProxyType({})
) -> dict[str, Any]:
    """Return what the keys of `table`, found at `place`, say, or `defaults` for it.

    Raises `SettingsError` for what is no table, has a key that is none of `keys`, lacks one that is needed, or says
    what the key does not take; `hint` tells where keys are documented.
    """
    if not isinstance(table, dict):
        raise SettingsError(f"{place} is no table.", hint=hint)

    check_keys(place, table, keys, hint)
    given = {**defaults, **table}
    missing = next((name for name, key in keys.items() if key.is_needed and name not in given), None)
    if missing is not None:
        raise SettingsError(f"{place} has no {missing}.", hint=_example(missing, keys[missing]))

    return {name: _value(place, name, keys[name], value) for name, value in given.items()}


def check_keys(place: str, table: Table, known: Collection[str], hint: str) -> None:
    """Raise `SettingsError` for a key that is none of `known`; `hint` tells where they are documented."""
    for key in table:
        if key not in known:
            close = get_close_matches(key.lower().replace("-", "_"), list(known), n=1)
            maybe = f" Did you mean {close[0]}?" if close else ""
            raise SettingsError(
                f"{place}: there is no key {printable(key, 60)!r}.{maybe}",
                hint=f"keys are {', '.join(known)}; {hint}",
            )


def called(section: str, number: int, table: Any) -> str:
    """Return what errors call an entry: its name if it has one, else which of the section it is."""
    name = table.get("name") if isinstance(table, dict) else None
    return f"{section} {printable(name, 64)!r}" if isinstance(name, str) else f"{section} number {number}"


def _value(place: str, name: str, key: Key, value: Any) -> Any:
    try:
        return key.read(value)
    except Wrong as wrong:
        raise SettingsError(
            f"{place}: {name} {wrong}.".replace("?.", "?"), hint=_example(name, key)
        ) from None


def _example(name: str, key: Key) -> str:
    return f"{name} = {key.example}, which is {key.meaning}"
