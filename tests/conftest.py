"""What every test gets: no AWS environment of the person who runs them, a time zone with summer time, servers."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from footfall.clock import SystemClock
from footfall.store.embedded import EmbeddedEngine
from tests.servers import dynamodb_local, dynamodb_local_missing, moto_server

# How long an example takes says nothing on a machine that does other things, too.
settings.register_profile("footfall", deadline=None)
settings.load_profile("footfall")

REAL_LOG = Path(__file__).parent.parent.parent / "shared" / "data" / "apache_access_10k.log.gz"
FAKE_AWS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/nonexistent/config",
    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent/credentials",
}


@pytest.fixture(scope="session", autouse=True)
def summer_time() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield

    time.tzset()


@pytest.fixture(scope="session", autouse=True)
def no_real_aws() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in FAKE_AWS.items():
            patch.setenv(name, value)
        yield


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def real_log() -> Path:
    if not REAL_LOG.is_file():
        pytest.skip("the shared Apache log is not beside this checkout")

    return REAL_LOG


@pytest.fixture
async def embedded_engine() -> AsyncIterator[EmbeddedEngine]:
    engine = EmbeddedEngine.open(":memory:", SystemClock())
    yield engine
    await engine.aclose()


@pytest.fixture(scope="session")
def moto_endpoint(no_real_aws: None) -> Iterator[str]:
    with moto_server() as url:
        yield url


@pytest.fixture(scope="session")
def dynamodb_local_endpoint(no_real_aws: None) -> Iterator[str]:
    missing = dynamodb_local_missing()
    if missing is not None and os.environ.get("FOOTFALL_REQUIRE_DYNAMODB_LOCAL"):
        pytest.fail(missing)

    if missing is not None:
        pytest.skip(missing)

    with dynamodb_local() as url:
        yield url
