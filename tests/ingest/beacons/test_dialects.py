"""What holds for every dialect of beacons: told apart from all others, and never at a loss."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.samples import beacons, content_of, more_beacons
from benchmarks.samples.traffic import shown_pages
from ingest.beacons.known import DIALECTS
from ingest.beacons.model import Dialect
from ingest.beacons.recognise import recognise
from ingest.formats import FORMATS
from tests.examples import HANDFUL
from tests.ingest.beacons.asking import rows_of
from tests.ingest.beacons.beaconing import lines_of, read_lines

EVERY = pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS.keys())
PLACES = ("/pixel.gif", None)
PIECES = st.sampled_from(
    [piece for dialect in DIALECTS.values() for piece in (dialect.example, dialect.example[:-7])]
    + [
        "{",
        "}",
        "[",
        "]",
        ",",
        '"',
        "&",
        "=",
        "%",
        "%ff",
        "\\u",
        "\\ud800",
        "null",
        "\n",
        "\0",
        "data=",
        "e=ue",
    ]
)
TEXTS = st.none() | st.text(max_size=30) | st.lists(PIECES, max_size=4).map("".join)


def request_of(dialect: Dialect, path: str | None) -> dict[str, str | None]:
    is_json = dialect.example.startswith(("{", "["))
    return {
        "path": path,
        "query": None if is_json else dialect.example,
        "body": dialect.example if is_json else None,
    }


def names_of(request: dict[str, str | None], dialects: tuple[Dialect, ...]) -> list[str]:
    frame = pl.DataFrame([request], schema=dict.fromkeys(("path", "query", "body"), pl.String))
    return recognise(frame, dialects)["dialect"].to_list()


@EVERY
def test_a_dialect_is_the_only_one_that_knows_its_example(dialect: Dialect) -> None:
    ways = [dialect.paths[0].removeprefix("^"), *(PLACES if dialect.telling else ())]
    for path in ways:
        request = request_of(dialect, path)
        assert names_of(request, tuple(DIALECTS.values())) == [dialect.name]
        assert [other for other, it in DIALECTS.items() if names_of(request, (it,))] == [dialect.name]


@EVERY
@HANDFUL
@given(data=st.data())
def test_a_dialect_makes_something_of_any_text(dialect: Dialect, data: st.DataObject) -> None:
    requests = data.draw(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=3))
    for place, request in enumerate(requests):
        alone = _plain(rows_of(dialect, request))
        among = _plain([row for row in rows_of(dialect, *requests) if row["row"] == place])
        assert alone == among


def _plain(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name != "row"} for row in rows]


RENDERERS = beacons.RENDERERS | more_beacons.RENDERERS


@pytest.mark.parametrize("name", RENDERERS)
def test_the_pages_of_a_sample_are_of_its_dialect(name: str) -> None:
    hits = shown_pages()
    lines = RENDERERS[name](hits)
    form = "beacons" if lines[0].startswith("{") else "combined"
    parsed = FORMATS[form].parse(lines_of(lines))
    found = recognise(parsed.events, tuple(DIALECTS.values()))
    assert set(found["dialect"]) == {name.removesuffix("_tp2")}
    assert len(found) == len(hits)


@pytest.mark.parametrize("name", ["snowplow.log", "snowplow_tp2.ndjson", "ga4.log", "posthog.ndjson"])
def test_a_beacon_that_a_sample_has_twice_is_known_by_its_id(name: str) -> None:
    form = "combined" if name.endswith(".log") else "beacons"
    events = read_lines(*content_of(name).decode().splitlines(), form=form).parsed.events
    known = events["identity"].drop_nulls()
    assert known.n_unique() == len(known) - 1
