from __future__ import annotations

import polars as pl
import pytest

from footfall.store.erase import FOUND, erase_events
from tests.fakes import FakeClock, ScriptedEngine, ok, store_on

pytestmark = pytest.mark.anyio


async def test_days_are_touched_before_and_after_events_are_deleted() -> None:
    """A kill in between may leave them deleted; a copy may be made in between."""
    engine = ScriptedEngine(lambda *_: ok())
    found = pl.DataFrame(
        [("a.org#2026-03-01#0", f"2026-03-01T10:0{n}", None) for n in range(3)], schema=FOUND, orient="row"
    )
    await erase_events(store_on(engine), FakeClock(), found)

    assert [call.operation for call in engine.calls] == ["UpdateItem", *["DeleteItem"] * 3, "UpdateItem"]
    touched = [call.document["Key"]["sk"] for call in engine.calls if call.operation == "UpdateItem"]
    assert touched == [{"S": "a.org#2026-03-01"}] * 2
