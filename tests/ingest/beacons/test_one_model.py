"""The same visits, as the log of the web server and as beacons of every dialect, give the same report rows.

The visits are the pages of `shown_pages` that the server answered with 200 to a GET: a tracker also runs in the page
that says that there is none (404) and in one that answers a form, which the rule for logs does not count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import anyio
import msgspec
import pytest

import cli
from benchmarks.samples import beacons, more_beacons
from benchmarks.samples.ncsa import combined
from benchmarks.samples.traffic import Hit, shown_pages
from tests.ingest.runs import table

SITE: Final = "www.example.com"
RENDERERS: Final[Mapping[str, Callable[[list[Hit]], list[str]]]] = MappingProxyType(
    beacons.RENDERERS | more_beacons.RENDERERS
)
COMMON: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "days": ("date", "page_views", "visitors"),
        "hours": ("hour", "page_views", "visitors"),
        "pages": ("path", "page_views", "visitors"),
        "referrers": ("referrer_host", "page_views", "visitors", "top_page"),
        "hosts": ("address", "page_views", "clients", "first_at", "last_at"),
        "visitors": ("page_views", "first_at", "last_at", "address", "user_agent"),
        "summary": (
            "first_at",
            "last_at",
            "days",
            "visits",
            "bounces",
            "page_views",
            "sites",
            "pages",
            "visitors",
            "addresses",
        ),
        "visits": ("date", "visits", "visitors", "page_views", "bounce_rate", "visit_duration"),
        "entry-pages": ("entry_page", "visits", "visitors", "pages_per_visit"),
    }
)
"""Report → the columns that a beacon can say as well as a log."""

COMPUTED: Final = ("p", "q", "rh", "br", "bv", "osn", "ov", "dv", "bt", "cm", "cs", "cn", "gi", "ip", "rs")
"""Attributes that both have from the page, the referrer, the address and the agent."""

Rows = dict[str, list[tuple[Any, ...]]]


def visits() -> list[Hit]:
    return [hit for hit in shown_pages() if hit.status == 200 and hit.method == "GET"]


def stored(folder: Path, name: str, lines: Iterable[str]) -> Path:
    """Ingest lines into a store of their own, with the command line, and return its path."""
    log = folder / f"{name}.log"
    log.write_text("".join(f"{line}\n" for line in lines))
    store = folder / f"{name}.db"
    options = ("--site", SITE, "--store", f"embedded:{store}", "--dead-letters", str(folder / f"{name}.dead"))
    assert cli.run(["ingest", str(log), *options]) == 0
    return store


def reported(store: Path) -> Rows:
    """Return the rows of the reports of `COMMON`, with those columns, in the order of their values."""
    folder = store.with_suffix(".reports")
    arguments = ("report", *COMMON, "--format", "json", "--out", str(folder), "--store", f"embedded:{store}")
    assert cli.run(list(arguments)) == 0
    return {name: _rows((folder / f"{name}.json").read_bytes(), columns) for name, columns in COMMON.items()}


def _rows(document: bytes, columns: tuple[str, ...]) -> list[tuple[Any, ...]]:
    decoded = msgspec.json.decode(document)
    rows = decoded["rows"] if isinstance(decoded, dict) else decoded
    return sorted((tuple(row[column] for column in columns) for row in rows), key=str)


def computed(store: Path) -> list[tuple[Any, ...]]:
    """Return `COMPUTED` of all events, in the order of their values."""
    items = anyio.run(table, store).values()
    return sorted((tuple(_value(item, name) for name in COMPUTED) for item in items), key=str)


def _value(item: Mapping[str, Mapping[str, Any]], name: str) -> Any:
    return next(iter(item[name].values())) if name in item else None


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store with the log of the web server."""
    return stored(tmp_path_factory.mktemp("logged"), "combined", map(combined, visits()))


@pytest.fixture(scope="module")
def expected(logged: Path) -> Rows:
    return reported(logged)


@pytest.fixture(scope="module", params=RENDERERS)
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store with the beacons of a dialect."""
    return stored(tmp_path_factory.mktemp("told"), request.param, RENDERERS[request.param](visits()))


def test_beacons_give_the_rows_of_the_reports_that_the_log_gives(expected: Rows, told: Path) -> None:
    assert expected["summary"][0][COMMON["summary"].index("page_views")] == len(visits())
    assert reported(told) == expected


def test_beacons_give_what_is_computed_of_pages_and_visitors_as_the_log_does(
    logged: Path, told: Path
) -> None:
    assert computed(told) == computed(logged)
