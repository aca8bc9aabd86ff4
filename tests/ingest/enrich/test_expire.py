from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from ingest.enrich import Enrichment, EnrichSettings
from ingest.enrich.expire import set_expiry
from tests.ingest.enrich.rows import events
from tests.ingest.runs import ingest, table, write_log


def settings(keep_days: int | None) -> EnrichSettings:
    return EnrichSettings(None, 8, b"salt", Enrichment(keep_days=keep_days))


@pytest.mark.parametrize("keep_days", [1, 365])
def test_an_event_expires_so_many_days_after_it_happened(keep_days: int) -> None:
    frame = events({"path": "/"})
    expires_at = set_expiry(frame, settings(keep_days))["expires_at"].item()

    assert expires_at == int(frame["time"].item().timestamp()) + keep_days * 86_400


def test_events_are_kept_for_good_unless_asked_otherwise() -> None:
    frame = events({"path": "/"})

    assert set_expiry(frame, settings(None)) is frame


def test_expiry_is_in_every_item_and_changes_no_key(tmp_path: Path) -> None:
    log = write_log(tmp_path / "access.log", 30)
    anyio.run(lambda: ingest(tmp_path / "a.db", log))
    anyio.run(lambda: ingest(tmp_path / "b.db", log, enrichment=Enrichment(keep_days=30)))
    without, having = anyio.run(table, tmp_path / "a.db"), anyio.run(table, tmp_path / "b.db")

    assert without.keys() == having.keys()
    assert {len(item["xp"]["N"]) for item in having.values()} == {10}
    assert not any("xp" in item for item in without.values())
    assert all(item.items() <= having[key].items() for key, item in without.items())
