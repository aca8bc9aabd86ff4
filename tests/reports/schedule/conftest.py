from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reports.schedule.file import jobs_of
from reports.schedule.job import Job

MakeJob = Callable[..., Job]


@pytest.fixture
def make_job(tmp_path: Path) -> MakeJob:
    """A job from keys as they stand in TOML; what is left out is usual."""
    usual: dict[str, Any] = {
        "name": "daily",
        "cron": "15 2 * * *",
        "timezone": "Europe/Berlin",
        "period": "yesterday",
        "reports": ["summary"],
        "formats": ["csv"],
        "out": str(tmp_path / "out"),
    }

    def make(**keys: Any) -> Job:
        [job] = jobs_of({"job": [usual | keys]}, "footfall.toml")
        return job

    return make
