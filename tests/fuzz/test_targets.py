"""Each target of ``make fuzz`` takes what it begins with, and the fuzzer ends when its time is over."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import polars as pl
import pytest

from fuzz import checks
from fuzz.seeds import seeds_of
from fuzz.targets import TARGETS
from ingest.formats import FORMATS, Parsed
from ingest.formats.regular import RegularFormat

SEEDS = 8
OVER = (
    "from fuzz.drive import until; until({deadline}, lambda data: print(len(data)))(b'abc'); print('goes on')"
)


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_takes_its_seeds(name: str) -> None:
    seeds = seeds_of(name)
    assert seeds
    for seed in (b"", *seeds[:: len(seeds) // SEEDS + 1]):
        TARGETS[name](seed)


class Losing(RegularFormat):
    """A format that loses what it reads."""

    def parse(self, lines: pl.DataFrame, header: str = "") -> Parsed:
        parsed = super().parse(lines, header)
        return replace(parsed, events=parsed.events.clear())


def test_a_line_that_is_lost_is_found() -> None:
    combined = FORMATS["combined"]
    assert isinstance(combined, RegularFormat)
    losing = Losing("losing", "", combined.fields, combined.rest, combined.example)
    checks.read(combined, [combined.example.encode()])
    with pytest.raises(AssertionError, match="do not add up"):
        checks.read(losing, [combined.example.encode()])


@pytest.mark.parametrize(("deadline", "said"), [("0.0", "executions: 0\n"), ("float('inf')", "3\ngoes on\n")])
def test_the_process_ends_with_the_first_input_behind_its_time(deadline: str, said: str) -> None:
    command = [sys.executable, "-c", OVER.format(deadline=deadline)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == said
