"""The generated parts of docs/dataset.md: the columns with their types, and the SQL."""

from __future__ import annotations

from docs.generated import captured, table
from footfall.event import EVENTS
from reports.lake.ddl import DATE, DIALECTS, column_type, ddl
from reports.scope import Scope

PLACE = "s3://example-lake/events"


def columns() -> str:
    """Return the columns of the dataset with their types in each tool."""
    rows = [
        (f"`{one.name}`", *(column_type(name, one) for name in DIALECTS), one.unit, one.meaning)
        for one in EVENTS
    ]
    partition = (f"`{DATE}`", "date", "DATE", "date", "", "UTC date of `time`; in the folders only")
    return table(("column", *DIALECTS, "unit", "meaning"), [*rows, partition])


def statement(dialect: str) -> str:
    """Return what `--ddl` prints for the site example.org, with most columns left out."""
    lines = ddl(dialect, PLACE, Scope(site="example.org")).splitlines()
    listed = [number for number, line in enumerate(lines) if _is_column(line)]
    first, last = listed[2], listed[-2]
    return "```sql\n" + "\n".join([*lines[:first], "  …", *lines[last:]]) + "\n```\n"


def sample_extract() -> str:
    """Return what leaving a dataset looks like, twice."""
    store = "--store embedded:site.db"
    return captured(
        f"footfall ingest sample_logs/combined.log --site example.org {store}",
        f"footfall extract --out events {store}",
        f"footfall extract --out events {store}",
        "footfall report statuses --from-dataset events",
    )


def _is_column(line: str) -> bool:
    return any(line.startswith((f"  `{one.name}` ", f'  CAST("{one.name}" ')) for one in EVENTS)
