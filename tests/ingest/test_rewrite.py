from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import click
import polars as pl
import pytest

from footfall.event import TIME
from ingest.chunks import Chunk
from ingest.commands.rewrite_options import OPTIONS, TAKES, rewriting_of
from ingest.enrich import Enrichment, EnrichSettings, enrich
from ingest.enrich.rewrite import LARGEST_SHIFT, Rewriting, rewrite, strip_query
from ingest.filters import Filters, early
from ingest.formats import FORMATS, parse_chunk
from ingest.prepare import Recipe, prepare

LINE = '192.0.2.7 - - [17/Jan/2026:10:05:03 +0000] "GET /Shop/Ä?utm_source=mail&q=A HTTP/1.1" 200 1 "-" "x"\n'
CHUNK = Chunk("0" * 16, LINE.encode(), 0, len(LINE.encode()), 1, 1)
AT = datetime(2026, 1, 17, 10, 5, 3, tzinfo=UTC)


def events(*times: datetime) -> pl.DataFrame:
    data = {"time": times, "path": ["/A"] * len(times), "query": ["b=C"] * len(times)}
    return pl.DataFrame(data, schema_overrides={"time": TIME})


def test_nothing_is_rewritten_unless_told() -> None:
    assert rewrite(events(AT), Rewriting()) is not None
    assert rewrite(events(AT), Rewriting()).equals(events(AT))
    assert strip_query(events(AT), Rewriting()).equals(events(AT))


def test_a_time_shift_moves_every_event() -> None:
    shifted = rewrite(events(AT, AT + timedelta(hours=1)), Rewriting(time_shift_seconds=-3600))
    assert shifted["time"].to_list() == [AT - timedelta(hours=1), AT]
    assert shifted.schema == events(AT).schema


def test_a_shift_out_of_the_calendar_is_left_out_with_its_reason() -> None:
    epoch = Filters(since=datetime(1970, 1, 1, tzinfo=UTC))
    edges = events(datetime(1970, 1, 2, tzinfo=UTC), AT, datetime(9998, 12, 31, tzinfo=UTC))
    for days, first in ((-5, 1), (5, 0)):
        kept, left_out = early(rewrite(edges, Rewriting(days * 86_400)), epoch)
        assert left_out == {"time-out-of-range": 1}
        assert kept["time"].to_list() == [edges["time"][n] + timedelta(days=days) for n in (first, first + 1)]


def test_paths_are_lowered_and_queries_are_not() -> None:
    lowered = rewrite(events(AT), Rewriting(lowers_path=True))
    assert lowered.select("path", "query").row(0) == ("/a", "b=C")


def test_a_format_without_path_or_query_is_no_trouble() -> None:
    bare = events(AT).select("time")
    told = Rewriting(1, strips_query=True, lowers_path=True)
    assert strip_query(rewrite(bare, told), told).columns == ["time"]


def test_a_query_is_stripped_when_everything_has_been_read_from_it() -> None:
    options = Enrichment(rewriting=Rewriting(strips_query=True, lowers_path=True))
    parsed = parse_chunk(CHUNK, FORMATS["combined"])
    stored = enrich(parsed.events, "0" * 16, EnrichSettings(None, 8, b"salt", options))
    assert stored["path"].to_list() == ["/shop/ä"]
    assert stored["query"].to_list() == [None]


@pytest.mark.parametrize(("shift", "count"), [(0, 0), (3600, 1)])
def test_bounds_are_about_the_time_that_is_stored(shift: int, count: int) -> None:
    options = Enrichment(rewriting=Rewriting(time_shift_seconds=shift))
    settings = EnrichSettings(None, 8, b"salt", options)
    recipe = Recipe(
        "a.log", FORMATS["combined"], settings, Filters(since=AT + timedelta(minutes=1)), "events"
    )
    prepared = prepare(CHUNK, recipe)
    assert prepared.counts.events == count
    assert prepared.counts.adds_up


def test_the_options_become_a_rewriting() -> None:
    given: dict[str, Any] = {"time_shift": -60, "strip_query": True, "lowercase_path": True}
    assert rewriting_of(given, Enrichment()).rewriting == Rewriting(-60, strips_query=True, lowers_path=True)
    assert rewriting_of({}, Enrichment()) == Enrichment()


def test_a_shift_of_more_than_ten_years_is_refused() -> None:
    @click.command()
    def nothing(**_: Any) -> None:
        """Do nothing."""

    command: Any = nothing
    for add in OPTIONS:
        command = add(command)

    most = int(LARGEST_SHIFT.total_seconds())
    assert {parameter.name for parameter in command.params} == TAKES
    command.main(["--time-shift", str(-most)], standalone_mode=False)
    with pytest.raises(click.BadParameter):
        command.main(["--time-shift", str(most + 1)], standalone_mode=False)
