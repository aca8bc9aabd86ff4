"""Show on a terminal how far reading the table has come; elsewhere say nothing until the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from reports.extraction.extract import OnPage
from reports.extraction.reading import Reading


@contextmanager
def shown_progress(stream: TextIO) -> Iterator[OnPage | None]:
    """Give what `reports.run.answer` may call after each page; None where `stream` is no terminal."""
    if not stream.isatty():
        yield None
        return

    # rich is only loaded where somebody watches.
    from rich.console import Console

    console = Console(file=stream)
    with console.status("reading") as status:

        def show(reading: Reading) -> None:
            status.update(f"reading: {reading.items:,} items, {reading.read_units:,.1f} read units")

        yield show
