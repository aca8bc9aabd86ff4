from __future__ import annotations

import polars as pl
import pytest

from reports.visits import hits
from reports.visits.profiles import FOOTFALL
from reports.visits.rule import STATIC_ENDINGS


def is_page(**fields: object) -> bool:
    event = {"kind": "request", "method": "GET", "path": "/", "status": 200} | fields
    names = ("kind", "method", "path", "bot", "resource")
    schema = dict.fromkeys(names, pl.String) | {"status": pl.Int64}
    return bool(pl.DataFrame([event], schema=schema).select(hits.is_page(FOOTFALL)).item())


@pytest.mark.parametrize(
    "path", ["/", "/about", "/index.html", "/a.php", "/v1.2/notes", "/css", "/x.rb", "/robots.txt/"]
)
def test_paths_that_are_read_are_pages(path: str) -> None:
    assert is_page(path=path)


@pytest.mark.parametrize(
    "path", ["/a.css", "/LOGO.PNG", "/x/y.woff2", "/sitemap.xml", "/a.tar.gz", "/robots.txt", None]
)
def test_files_fetched_for_a_page_are_not_pages(path: str | None) -> None:
    assert not is_page(path=path)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, True),
        (206, True),
        (304, True),
        (None, True),
        (301, False),
        (302, False),
        (404, False),
        (500, False),
    ],
)
def test_a_page_was_answered(status: int | None, expected: bool) -> None:
    assert is_page(status=status) is expected


@pytest.mark.parametrize(
    ("method", "expected"), [("GET", True), (None, True), ("HEAD", False), ("POST", False)]
)
def test_a_page_was_asked_for_with_get(method: str | None, expected: bool) -> None:
    assert is_page(method=method) is expected


@pytest.mark.parametrize(
    ("kind", "expected"), [("pageview", True), (None, True), ("click", False), ("ping", False)]
)
def test_a_beacon_tells_whether_a_page_was_shown(kind: str | None, expected: bool) -> None:
    assert is_page(kind=kind) is expected


def test_a_page_that_a_beacon_tells_of_is_one_whatever_its_name() -> None:
    assert is_page(kind="pageview", path="/gallery.png", status=None, method=None)


def test_extensions_are_listed_once() -> None:
    assert len(set(STATIC_ENDINGS)) == len(STATIC_ENDINGS)
