from __future__ import annotations

import shlex

import pytest

from footfall.errors import SettingsError
from footfall.store.address import parse_address
from footfall.store.simulator import Conditions, parse_conditions
from footfall.store.simulator.conditions import PARAMETERS, Ceilings
from footfall.store.simulator.faults import Fault
from footfall.store.simulator.rates import parse_rate, steady

USUAL_WRITE = Ceilings(partition=steady(1000))
USUAL_READ = Ceilings(partition=steady(3000))

GOOD = {
    "": Conditions(),
    "seed=7": Conditions(seed=7),
    "latency_ms=20&jitter_ms=2.5": Conditions(latency_seconds=0.02, jitter_seconds=0.0025),
    "slow_ms=60000&faults=slow:0.1": Conditions(slow_seconds=60, faults=(Fault("slow", 0.1),)),
    "write_units=500": Conditions(
        write=Ceilings(provisioned=steady(500), partition=steady(1000)), read=USUAL_READ
    ),
    "write_units=1000,500%4030&burst_seconds=1": Conditions(
        write=Ceilings(provisioned=parse_rate("1000,500@30"), partition=steady(1000)),
        read=USUAL_READ,
        burst_seconds=1,
    ),
    "read_units=5&partition_read_units=3": Conditions(
        write=USUAL_WRITE, read=Ceilings(provisioned=steady(5), partition=steady(3))
    ),
    "max_write_units=9&max_read_units=8": Conditions(
        write=Ceilings(maximum=steady(9), partition=steady(1000)),
        read=Ceilings(maximum=steady(8), partition=steady(3000)),
    ),
    "warm_write_units=4000&warm_read_units=12000": Conditions(
        write=Ceilings(warm=4000, partition=steady(1000)), read=Ceilings(warm=12000, partition=steady(3000))
    ),
    "account_write_units=40000&account_read_units=30000": Conditions(
        write=Ceilings(account=steady(40000), partition=steady(1000)),
        read=Ceilings(account=steady(30000), partition=steady(3000)),
    ),
    "partition_write_units=10": Conditions(write=Ceilings(partition=steady(10)), read=USUAL_READ),
}
BAD = {
    "write_units=x": "write_units=x makes no sense",
    "write_units=": "makes no sense",
    "write_units": "makes no sense",
    "write_units=500&write_units=600": "given twice",
    "write_units=500&max_write_units=600": "either provisioned",
    "read_units=500&warm_write_units=600": "either provisioned",
    "burst_seconds=0.5": "1 or more",
    "latency_ms=-1": "0 or more",
    "latency_ms=nan": "0 or more",
    "jitter_ms=1e5": "0 or more",
    "seed=1.5": "no whole number",
    "seed=-1": "no whole number",
    "warm_write_units=0": "1 or more",
    "faults=unprocessed:2": "more than 1",
    "faults=bribery:0.5": "there is no fault 'bribery'",
}


@pytest.mark.parametrize(("text", "conditions"), GOOD.items())
def test_parameters_become_conditions(text: str, conditions: Conditions) -> None:
    assert parse_conditions(text) == conditions


def test_every_parameter_is_tried_here() -> None:
    assert {name for name in PARAMETERS if any(name in text for text in GOOD)} == set(PARAMETERS)


@pytest.mark.parametrize(("text", "part"), BAD.items())
def test_what_makes_no_sense_is_refused_with_what_would(text: str, part: str) -> None:
    with pytest.raises(SettingsError, match=part) as caught:
        parse_conditions(text)

    assert caught.value.hint


def test_the_hint_of_every_refusal_is_a_store_that_opens() -> None:
    for text in ("wirte_units=5", "write_units=abc"):
        with pytest.raises(SettingsError) as caught:
            parse_conditions(text)

        words = shlex.split((caught.value.hint or "").partition("   ")[0])
        address = parse_address(words[1])
        assert words[0] == "--store"
        assert address.conditions is not None
        assert address.conditions.is_provisioned


@pytest.mark.parametrize("text", ["wirte_units=5", "=5", "?write_units=5", "WRITE_UNITS=5", "x"])
def test_an_unknown_parameter_is_answered_with_the_known_ones(text: str) -> None:
    with pytest.raises(SettingsError, match="has no parameter") as caught:
        parse_conditions(text)

    assert all(name in str(caught.value) for name in PARAMETERS)


def test_nothing_but_chance_leaves_a_table_without_limits() -> None:
    conditions = parse_conditions("faults=slow:0.1&latency_ms=3&seed=1")
    assert (conditions.write, conditions.read) == (Ceilings(), Ceilings())
