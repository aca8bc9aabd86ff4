"""The generated parts of the documents about what is read: formats, dialects of beacons, and what enrichment makes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from benchmarks.samples import SAMPLES
from docs.generated import table
from footfall.event import EVENTS
from ingest.beacons.known import DIALECTS
from ingest.beacons.model import KINDS, Dialect
from ingest.formats import FORMATS, Format
from ingest.formats.model import TRANSIENT

_LONGEST_EXAMPLE: Final = 1500


def formats() -> str:
    """Return the log formats by family, with the sample of each."""
    rows = ((form.family, f"`{form.name}`", form.title, _sample(form.name)) for form in FORMATS.values())
    return table(("family", "name", "what it is", "sample"), rows)


def families() -> str:
    """Return what is read, in a few rows: formats by family, then dialects of beacons."""
    names: dict[str, list[str]] = {}
    for form in FORMATS.values():
        names.setdefault(form.family, []).append(f"`{form.name}`")

    rows = [(family, ", ".join(each)) for family, each in names.items()]
    return table(
        ("what", "names"), [*rows, ("Dialects of beacons", ", ".join(f"`{name}`" for name in DIALECTS))]
    )


def format_examples() -> str:
    """Return an example line and the columns of each format, under the headings of their families."""
    families = dict.fromkeys(form.family for form in FORMATS.values())
    return "\n".join(
        f"## {family}\n\n" + "\n".join(_format(form) for form in FORMATS.values() if form.family == family)
        for family in families
    )


def transient_columns() -> str:
    """Return what formats read for later steps, and nobody stores."""
    return table(("column", "what it is"), ((f"`{name}`", meaning) for name, meaning in TRANSIENT.items()))


def dialects() -> str:
    """Return the dialects of beacons."""
    rows = ((f"`{one.name}`", one.title, _paths(one), _sample(one.name)) for one in DIALECTS.values())
    return table(("name", "what it is", "paths", "samples"), rows)


def dialect_examples() -> str:
    """Return an example of each dialect, and where it is documented."""
    return "\n".join(
        f"### {one.name}\n\n{one.title}. Source: {one.sources}.\n\n```text\n{one.example[:_LONGEST_EXAMPLE]}\n```\n"
        for one in DIALECTS.values()
    )


def kinds() -> str:
    """Return the kinds of events."""
    return table(("kind", "what it tells of"), ((f"`{kind}`", meaning) for kind, meaning in KINDS.items()))


def _format(form: Format) -> str:
    known = [column.name for column in EVENTS] + list(TRANSIENT)
    columns = ", ".join(f"`{name}`" for name in sorted(set(form.columns), key=known.index))
    return f"### {form.name}\n\n{form.title}.\n\n```text\n{form.example}\n```\n\nIt gives {columns}.\n"


def _paths(dialect: Dialect) -> str:
    return ", ".join(f"`{path}`" for path in dialect.paths)


def _sample(name: str) -> str:
    return ", ".join(f"[{file}](../sample_logs/{file})" for file in _files(name))


def _files(name: str) -> Iterator[str]:
    for file in SAMPLES:
        stem = file.partition(".")[0]
        if stem == name or (stem.startswith(f"{name}_") and stem not in FORMATS and stem not in DIALECTS):
            yield file
