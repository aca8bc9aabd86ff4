"""A rehearsal from the command line."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

import cli
from footfall.store.simulator.conditions import PARAMETERS
from tests.ingest.runs import table, write_log

FAULTS = "internal_before:0.05,internal_after:0.1,reset_before:0.05,reset_after:0.1,bad_gateway:0.05"


def ingest(log: Path, store: str) -> int:
    letters = str(log.parent / "dead.ndjson")
    return cli.run(["ingest", str(log), "--site", "example.org", "--store", store, "--dead-letters", letters])


@pytest.mark.parametrize("parameters", ["write_units=400&burst_seconds=1", f"seed=3&faults={FAULTS}"])
def test_a_rehearsal_stores_what_an_undisturbed_run_does(tmp_path: Path, parameters: str) -> None:
    log = write_log(tmp_path / "access.log", 600)
    for store in (f"embedded:{tmp_path}/simulated.db?{parameters}", f"embedded:{tmp_path}/plain.db"):
        assert ingest(log, store) == 0

    simulated, plain = (anyio.run(table, tmp_path / name) for name in ("simulated.db", "plain.db"))
    assert {sk for _, sk in simulated} == {sk for _, sk in plain}
    assert len(simulated) == 600


def test_an_unknown_parameter_is_a_usage_error_that_names_the_known_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = write_log(tmp_path / "access.log", 10)
    assert ingest(log, f"embedded:{tmp_path}/x.db?wirte_units=500") == 2
    said = capsys.readouterr().err
    assert "has no parameter 'wirte_units'" in said
    assert all(name in said for name in PARAMETERS)
    assert not (tmp_path / "x.db").exists()


def test_a_table_that_is_simulated_describes_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = f"embedded:{tmp_path}/x.db?write_units=500&read_units=70"
    assert cli.run(["table", "create", "--store", store]) == 0
    assert cli.run(["table", "describe", "--store", store]) == 0
    assert "billing  70 read and 500 write units/s" in capsys.readouterr().out
