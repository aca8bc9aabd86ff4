from __future__ import annotations

from dataclasses import replace
from functools import partial
from math import inf

import anyio
import pytest

from benchmarks.scenarios import DOCUMENTS, scenario_plot, scenario_section
from tests.scenarios.aimd import Aimd
from tests.scenarios.catalogue import MOST_THROTTLED, SCENARIOS, misses
from tests.scenarios.conftest import Recorded
from tests.scenarios.stage import play

NAMES = [scenario.name for scenario in SCENARIOS]


@pytest.mark.parametrize("name", NAMES)
def test_scenario(name: str, recorded: Recorded) -> None:
    scenario, recording = recorded(name)
    assert misses(scenario, recording) == [], scenario.sentence


@pytest.mark.parametrize("name", ["constant-ceiling", "sudden-cut", "below-one-batch"])
def test_the_figures_are_no_matter_of_luck(name: str) -> None:
    [scenario] = [one for one in SCENARIOS if one.name == name]
    run = partial(play, scenario.conditions, scenario.load, scenario.seconds, seed=7)
    assert misses(scenario, anyio.run(run)) == []


def test_a_scenario_can_fail(recorded: Recorded) -> None:
    scenario, recording = recorded("sudden-cut")
    assert len(misses(replace(scenario, units=((10, 60, 2000, inf),), limited_by="errors"), recording)) == 2
    assert len(misses(replace(scenario, settled=((30, 33),)), recording)) == 1


def test_additive_increase_that_is_quick_enough_throttles_too_much() -> None:
    """benchmarks/scenarios.py has the other half: what throttles as little never finds a table that doubled."""
    [scenario] = [one for one in SCENARIOS if one.name == "constant-ceiling"]
    law = Aimd(decrease=0.05, increase_units=100)
    recording = anyio.run(partial(play, scenario.conditions, scenario.load, 30, law=law))
    assert recording.throttled_share(10, 30) > MOST_THROTTLED


def test_the_document_of_the_scenarios_is_current(recorded: Recorded) -> None:
    recordings = [recorded(name) for name in NAMES]
    text = (DOCUMENTS / "write-path-scenarios.md").read_text()
    for scenario, recording in recordings:
        assert scenario_section(scenario, recording) in text, "python -m benchmarks.scenarios writes it again"
        drawn = (DOCUMENTS / "scenarios" / f"{scenario.name}.svg").read_text()
        assert drawn == scenario_plot(scenario, recording), "python -m benchmarks.scenarios draws it again"
