"""Whatever a line is: no format raises, each line is one thing, and bad lines do not touch the good ones beside them.

The same mutations and checks as in `fuzz`, driven by hypothesis; a run of `make fuzz` looks further.
"""

from __future__ import annotations

from random import Random

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from fuzz import checks
from fuzz.mutations import LONG, MUTATIONS, spoilt
from fuzz.seeds import beacon_texts, header_of, records
from ingest.beacons.known import DIALECTS
from ingest.formats import FORMATS
from ingest.formats.wrapped import WRAPPERS, wrapping

EVERY_FORMAT = pytest.mark.parametrize("name", FORMATS)
ODD = (
    "\u202e",
    "\x1b[2J",
    "\0",
    "\u0085",
    "\u2028",
    "é",
    "\ud800",
    "%FF%FE",
    "\\xff\\xfe",
    "\U0001f4a9",
    "\r",
    "\t",
)
EXPLAINED = 3
GROUP = 12
SEEDS = st.integers(0, 2**32)
# A seed says all, so there is nothing to make smaller.
FEW = settings(
    deadline=None, max_examples=2, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)


def hostile_lines(name: str, seed: int) -> list[bytes]:
    """Return spoilt lines of a format, without any that would be a directive for the good ones behind them."""
    chance = Random(seed)
    others = [line for other in FORMATS for line in records(other)]
    lines = [spoilt(chance.choice(records(name)), chance, others) for _ in range(GROUP)]
    return [line.replace(b"#", b"+") for line in lines]


def without_places(events: pl.DataFrame) -> pl.DataFrame:
    return events.drop("line_number", "offset")


@EVERY_FORMAT
@FEW
@given(seed=SEEDS)
def test_good_lines_are_read_the_same_beside_bad_ones_and_every_line_is_one_thing(
    name: str, seed: int
) -> None:
    form, header = FORMATS[name], header_of(name)
    bad, good = hostile_lines(name, seed), list(records(name))
    mixed = [line for spoilt_line in bad for line in (*good, spoilt_line)]
    numbers = [n for n in range(1, len(mixed) + 1) if n % (len(good) + 1)]
    alone = checks.read(form, good * len(bad), header).events
    beside = checks.read(form, mixed, header).events.filter(pl.col("line_number").is_in(numbers))
    columns = [column for column in alone.columns if column in beside.columns]
    assert_frame_equal(without_places(beside.select(columns)), without_places(alone.select(columns)))
    lost = [column for column in alone.columns if column not in columns]
    assert all(alone[column].null_count() == len(alone) for column in lost)


@EVERY_FORMAT
def test_a_line_that_is_skipped_fails_nowhere(name: str) -> None:
    form, header = FORMATS[name], header_of(name)
    for line in (b"", b"  "):
        assert checks.read(form, [line], header).skipped_lines == 1
        assert checks.explain(form, line.decode(), header).reason == ""


@EVERY_FORMAT
@FEW
@given(seed=SEEDS)
def test_an_explanation_says_the_same_as_reading(name: str, seed: int) -> None:
    form, header = FORMATS[name], header_of(name)
    for line in hostile_lines(name, seed)[:EXPLAINED]:
        parsed = checks.read(form, [line], header)
        explanation = checks.explain(form, line.decode(errors="backslashreplace"), header)
        assert bool(explanation.reason) == bool(len(parsed.rejected)), line[:300]
        if len(parsed.rejected):
            assert explanation.failed_at is not None
            assert explanation.reason == parsed.rejected["reason"][0]


@EVERY_FORMAT
@settings(FEW, max_examples=1)
@given(seed=SEEDS)
def test_everything_behind_reading_takes_bad_lines_too(name: str, seed: int) -> None:
    checks.prepare_lines(FORMATS[name], hostile_lines(name, seed) + list(records(name)), header_of(name))


@pytest.mark.parametrize("kind", WRAPPERS)
@FEW
@given(seed=SEEDS)
def test_bad_lines_in_wrapped_ones_are_one_thing_as_well(kind: str, seed: int) -> None:
    form = wrapping(kind, FORMATS["combined"])
    chance = Random(seed)
    lines = [spoilt(form.example.encode(), chance) for _ in range(GROUP)]
    checks.read(form, lines)
    for line in lines[:EXPLAINED]:
        checks.explain(form, line.decode(errors="backslashreplace"))


@pytest.mark.parametrize("name", DIALECTS)
@settings(FEW, max_examples=4)
@given(seed=SEEDS)
def test_no_dialect_raises_on_any_text(name: str, seed: int) -> None:
    chance = Random(seed)
    texts = [DIALECTS[name].example.encode(), *beacon_texts()]
    lines = [
        spoilt(chance.choice(texts), chance, texts).decode(errors="backslashreplace") for _ in range(GROUP)
    ]
    checks.read_dialect(DIALECTS[name], lines)


@pytest.mark.parametrize("name", DIALECTS)
@settings(FEW, max_examples=4)
@given(data=st.lists(st.text(max_size=60), min_size=1, max_size=8))
def test_no_dialect_raises_on_text_that_is_nothing(name: str, data: list[str]) -> None:
    checks.read_dialect(DIALECTS[name], data)


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_mutation_takes_any_line(mutation: str) -> None:
    for seed in range(50):
        chance = Random(seed)
        for line in (b"", b"x", b"a b c 17", b"\xff" * 10):
            assert isinstance(MUTATIONS[mutation](line, chance), bytes)


def test_the_mutations_make_what_they_should() -> None:
    lines = [spoilt(records("combined")[0], Random(seed)) for seed in range(300)]
    assert not any(b"\n" in line for line in lines)
    assert any(len(line) > LONG for line in lines)
    assert any(b"\0" in line for line in lines)
    assert any("\u202e".encode() in line for line in lines)
    assert sum(line == records("combined")[0] for line in lines) < 30


@EVERY_FORMAT
def test_odd_characters_alone_are_no_trouble(name: str) -> None:
    checks.read(FORMATS[name], [text.encode(errors="surrogatepass") * 3 for text in ODD], header_of(name))
