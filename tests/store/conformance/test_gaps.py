"""The list of gaps and the table of rules name tests that exist: what is renamed here must be renamed there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.store.conformance import test_batch_write
from tests.store.conformance.gaps import GAPS

RULES = dict(re.findall(r"^(\S.*?\.)  +(test_\w+)$", test_batch_write.__doc__ or "", re.MULTILINE))
TESTS = {
    name
    for file in Path(__file__).parent.glob("test_*.py")
    for name in re.findall(r"^async def (test_\w+)", file.read_text(), re.MULTILINE)
}


@pytest.mark.parametrize("engine", GAPS)
def test_every_gap_names_a_test(engine: str) -> None:
    assert {name.partition("[")[0] for name in GAPS[engine]} <= TESTS


def test_every_rule_of_batch_write_names_a_test() -> None:
    assert len(RULES) > 30
    assert set(RULES.values()) <= TESTS


def test_no_rule_is_shown_by_the_test_of_another() -> None:
    assert len(set(RULES.values())) == len(RULES)
