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
from tests.store.conformance.gaps import GAPS
from tests.store.conformance.harness import SCHEMA, Subject

ENDPOINTS = {"moto": "moto_endpoint", "dynamodb-local": "dynamodb_local_endpoint"}
ENGINES = ("embedded", *ENDPOINTS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for test in items:
        if isinstance(test, pytest.Function) and test.path.parent == Path(__file__).parent:
            _mark_gap(test)


@pytest.fixture(params=ENGINES)
def endpoint(request: pytest.FixtureRequest) -> str | None:
    """Return the URL of a server, or None for the embedded engine."""
    if request.param not in ENDPOINTS:
        return None

    url: str = request.getfixturevalue(ENDPOINTS[request.param])
    return url


@pytest.fixture
async def engine(endpoint: str | None, tmp_path: Path) -> AsyncIterator[Engine]:
    opened: Engine = await _open(endpoint, tmp_path)
    yield opened
    await opened.aclose()


@pytest.fixture
async def subject(engine: Engine) -> AsyncIterator[Subject]:
    made = Subject(engine, f"footfall_test_{uuid4().hex}")
    await made.on_table("CreateTable", **SCHEMA)
    yield made
    await made.call("DeleteTable", TableName=made.table)


async def _open(endpoint: str | None, folder: Path) -> Engine:
    if endpoint is None:
        return EmbeddedEngine.open(folder / "store.db", SystemClock())

    return await AwsEngine.connect(AwsSettings(region="eu-west-1", endpoint_url=endpoint))


def _mark_gap(test: pytest.Function) -> None:
    parameters: dict[str, Any] = test.callspec.params if hasattr(test, "callspec") else {}
    name = parameters.get("endpoint", "")
    gaps = GAPS.get(name, {})
    reason = gaps.get(test.originalname) or gaps.get(test.name.replace(f"[{name}-", "["))
    if reason is not None:
        test.add_marker(pytest.mark.xfail(reason=reason, strict=True))
