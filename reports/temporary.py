"""Files that are written on the way to an answer, and what becomes of a disk that has no room for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from footfall.errors import FootfallError
from footfall.text import printable


@contextmanager
def writing_beside(folder: Path) -> Iterator[None]:
    """Turn the errors of a file that cannot be written into temporary `folder` into a `FootfallError`.

    Polars tells of a full disk by a `ComputeError`, since it writes on threads of its own.
    """
    try:
        yield
    except (OSError, pl.exceptions.ComputeError) as error:
        reason = getattr(error, "strerror", None) or str(error).partition("\n")[0]
        raise FootfallError(
            f"Cannot write temporary files into {printable(str(folder.parent), 200)}: {printable(str(reason), 200)}.",
            hint="TMPDIR=/path/with/room footfall report ..., or free some space there",
        ) from error
