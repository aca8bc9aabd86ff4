"""Read the lists that come with footfall."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def read_list(name: str) -> Mapping[str, Any]:
    """Return the list of a name, as ``bots``; read once in a process."""
    return tomllib.loads(files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8"))
