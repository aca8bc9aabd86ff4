from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import anyio
import pytest

from tests.scenarios.catalogue import SCENARIOS, Scenario
from tests.scenarios.stage import Recording, play

Recorded = Callable[[str], tuple[Scenario, Recording]]


@pytest.fixture(scope="session")
def recorded() -> Recorded:
    """Play a scenario, once for all tests."""

    @cache
    def play_once(name: str) -> tuple[Scenario, Recording]:
        [scenario] = [one for one in SCENARIOS if one.name == name]
        return scenario, anyio.run(partial(play, scenario.conditions, scenario.load, scenario.seconds))

    return play_once
