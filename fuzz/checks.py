"""What must hold whatever comes: nothing raises, and every line has exactly one outcome."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from footfall.clock import SystemClock
from footfall.person import Person
from footfall.store.state import TableMeta
from ingest.beacons import BeaconSettings, read_beacons
from ingest.beacons.model import REQUESTS_SCHEMA, Dialect
from ingest.chunks import Chunk
from ingest.deadletters.forget import Place, erase_letters, find_letters
from ingest.enrich import Enrichment, EnrichSettings, enrich
from ingest.enrich.rules import Rules
from ingest.filters import Filters
from ingest.formats import FORMATS, Format, Parsed, parse_chunk
from ingest.formats.model import REJECT_REASONS, Explanation
from ingest.prepare import Recipe, prepare
from ingest.settings import IngestSettings

ENRICHMENT = EnrichSettings(site=None, shards=8, salt=b"fuzz")
COMBINED = FORMATS["combined"]
ME = Person(addresses=("192.0.2.7",))
META = TableMeta("items", 8, b"fuzz")


def chunk_of(lines: Sequence[bytes]) -> Chunk:
    """Return lines, without newlines inside, as a chunk."""
    data = b"".join(line + b"\n" for line in lines)
    return Chunk("0" * 16, data, 0, len(data), 1, len(lines))


def read(form: Format, lines: Sequence[bytes], header: str = "") -> Parsed:
    """Read lines and see that each is one thing: an event or several, rejected with a known reason, or skipped."""
    parsed = parse_chunk(chunk_of(lines), form, header)
    read_lines = set(parsed.events["line_number"].to_list())
    rejected = parsed.rejected["line_number"].to_list()
    assert len(rejected) == len(set(rejected)), "a line was rejected twice"
    assert not read_lines & set(rejected), "a line was read and rejected"
    assert len(read_lines) + len(rejected) + parsed.skipped_lines == len(lines), "lines do not add up"
    assert read_lines | set(rejected) <= set(range(1, len(lines) + 1)), "a line that was never there"
    assert set(parsed.rejected["reason"].to_list()) <= REJECT_REASONS.keys(), "an unknown reason"
    return parsed


def explain(form: Format, line: str, header: str = "") -> Explanation:
    """Explain a line and see that what it says of it lies within it."""
    explanation = form.explain(line, header)
    for part in explanation.taken:
        assert 0 <= part.begin <= part.end <= len(line), "a part outside of the line"

    if explanation.failed_at is not None:
        assert 1 <= explanation.failed_at <= len(line) + 1, "a failure outside of the line"
        assert explanation.expected, "nothing was expected"

    return explanation


def prepare_lines(form: Format, lines: Sequence[bytes], header: str = "") -> None:
    """Take lines through the whole middle of ingest, beacons, enrichment and layout, and see that they add up."""
    recipe = Recipe("fuzz.log", form, ENRICHMENT, Filters(), "events")
    prepared = prepare(chunk_of(lines), recipe, header)
    assert prepared.counts.adds_up
    assert len(prepared.letters) == prepared.counts.rejected


def enrich_by(rules: Rules) -> None:
    """Enrich some events by a user's rules, and see that they all come out."""
    events = read(COMBINED, [COMBINED.example.encode()] * 2).events
    settings = EnrichSettings(site=None, shards=8, salt=b"fuzz", options=Enrichment(rules=rules))
    assert len(enrich(events, "0" * 16, settings)) == len(events)


def forget(file: Path, data: bytes) -> None:
    """Erase a person from a file, and see that nobody else's bytes are touched and nothing of the person is left."""
    file.write_bytes(data)
    settings = [IngestSettings()]
    places = find_letters(file, ME, settings, META)
    erase_letters(file, places, SystemClock())
    left = file.read_bytes()
    at = 0
    for place in [*places, Place(len(data), 0, None)]:
        assert left[at : place.at] == data[at : place.at], "bytes of somebody else were touched"
        at = place.at + place.size

    assert not find_letters(file, ME, settings, META), "something of the person is left"


def read_requests(parsed: Parsed) -> None:
    """Read the beacons among requests and see that all of those are accounted for."""
    found = read_beacons(parsed, BeaconSettings())
    made = len(found.parsed.events) + len(found.parsed.rejected) + sum(found.left_out.values())
    assert made - found.extra == len(parsed.events) + len(parsed.rejected), "requests do not add up"


def read_dialect(dialect: Dialect, texts: Sequence[str]) -> pl.DataFrame:
    """Read texts as query strings and as bodies of a dialect; no row may be of a request that was not there."""
    requests = pl.DataFrame(
        {
            "row": list(range(2 * len(texts))),
            "path": ["/x" + (dialect.paths or ("",))[0]] * (2 * len(texts)),
            "query": [*texts, *[None] * len(texts)],
            "body": [*[None] * len(texts), *texts],
        },
        schema=REQUESTS_SCHEMA,
    )
    rows = dialect.read(requests)
    assert set(rows["row"].to_list()) <= set(requests["row"].to_list()), "a row that was never there"
    return rows
