"""Run every test of this folder on every engine there is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from footfall.clock import SystemClock
from footfall.store.aws import AwsEngine, AwsSettings
from footfall.store.embedded import EmbeddedEngine
from footfall.store.engine import Engine
from footfall.store.simulator import SimulatedEngine, parse_conditions
from tests.store.conformance.gaps import GAPS
from tests.store.conformance.harness import SCHEMA, Subject

ENDPOINTS = {"moto": "moto_endpoint", "dynamodb-local": "dynamodb_local_endpoint"}
ENGINES = ("embedded", "simulated", *ENDPOINTS)
AMPLE = "max_write_units=1000000&max_read_units=1000000&partition_write_units=1000000&partition_read_units=1000000"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for test in items:
        if isinstance(test, pytest.Function) and test.path.parent == Path(__file__).parent:
            _mark_gap(test)


@pytest.fixture(params=ENGINES)
def endpoint(request: pytest.FixtureRequest) -> str:
    """Return the URL of a server, or the name of an engine without one."""
    if request.param not in ENDPOINTS:
        return str(request.param)

    url: str = request.getfixturevalue(ENDPOINTS[request.param])
    return url


@pytest.fixture
def table() -> str:
    """Return the name of a table that no other test has."""
    return f"footfall_test_{uuid4().hex}"


@pytest.fixture
async def engine(endpoint: str, table: str, tmp_path: Path) -> AsyncIterator[Engine]:
    opened: Engine = await _open(endpoint, table, tmp_path)
    yield opened
    await opened.aclose()


@pytest.fixture
async def subject(engine: Engine, table: str) -> AsyncIterator[Subject]:
    made = Subject(engine, table)
    await made.on_table("CreateTable", **SCHEMA)
    yield made
    await made.call("DeleteTable", TableName=made.table)


async def _open(endpoint: str, table: str, folder: Path) -> Engine:
    clock = SystemClock()
    if endpoint not in {"embedded", "simulated"}:
        return await AwsEngine.connect(AwsSettings(region="eu-west-1", endpoint_url=endpoint), clock)

    embedded = EmbeddedEngine.open(folder / "store.db", clock)
    if endpoint == "embedded":
        return embedded

    return SimulatedEngine(embedded, parse_conditions(AMPLE), clock, table=table)


def _mark_gap(test: pytest.Function) -> None:
    parameters: dict[str, Any] = test.callspec.params if hasattr(test, "callspec") else {}
    name = parameters.get("endpoint", "")
    gaps = GAPS.get(name, {})
    parameter = test.name.replace(f"[{name}-", "[").replace(f"-{name}]", "]")
    reason = gaps.get(test.originalname) or gaps.get(parameter)
    if reason is not None:
        test.add_marker(pytest.mark.xfail(reason=reason, strict=True))
