"""The list of gaps names tests that exist: what is renamed here must be renamed there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.store.conformance.gaps import GAPS

TESTS = {
    name
    for file in Path(__file__).parent.glob("test_*.py")
    for name in re.findall(r"^async def (test_\w+)", file.read_text(), re.MULTILINE)
}


@pytest.mark.parametrize("engine", GAPS)
def test_every_gap_names_a_test(engine: str) -> None:
    assert {name.partition("[")[0] for name in GAPS[engine]} <= TESTS
