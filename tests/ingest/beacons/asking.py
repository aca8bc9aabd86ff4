"""Give requests to a dialect itself, and look at what it makes of them."""

from __future__ import annotations

import json
from typing import Any

import polars as pl

from ingest.beacons.model import BEACON_REASONS, BEACON_SCHEMA, KINDS, NOT_RECORDED, REQUESTS_SCHEMA, Dialect

REFUSED = "bad-beacon"


def rows_of(dialect: Dialect, *requests: tuple[str | None, str | None]) -> list[dict[str, Any]]:
    """Return what is not null of all rows that a dialect makes of requests (query, body), held to the model."""
    frame = pl.DataFrame(
        [(row, "/any", *request) for row, request in enumerate(requests)],
        schema=REQUESTS_SCHEMA,
        orient="row",
    )
    found = dialect.read(frame).sort("row", maintain_order=True)
    assert {name: found.schema[name] for name in found.columns} == {
        name: BEACON_SCHEMA[name] for name in found.columns
    }
    assert set(found["row"]) <= set(range(len(requests)))
    rows = found.to_dicts()
    for row in rows:
        assert row.get("refused") in {None, *BEACON_REASONS}
        assert row.get("unrecorded") in {None, NOT_RECORDED}
        assert row.get("refused") or row.get("unrecorded") or row["kind"] in KINDS
        assert row.get("props") is None or json.loads(row["props"])
        assert row.get("items") is None or json.loads(row["items"])

    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def events_of(dialect: Dialect, *requests: tuple[str | None, str | None]) -> list[dict[str, Any]]:
    """Return the rows of `rows_of` without their numbers; none may be refused."""
    rows = rows_of(dialect, *requests)
    assert not [row for row in rows if "refused" in row]
    return [{name: value for name, value in row.items() if name != "row"} for row in rows]


def of_body(dialect: Dialect, body: Any) -> dict[str, Any]:
    """Return the one event of a JSON body."""
    [event] = events_of(dialect, (None, json.dumps(body)))
    return event


def refusals(dialect: Dialect, *requests: tuple[str | None, str | None]) -> list[bool]:
    """Tell for each row whether it is refused."""
    return ["refused" in row for row in rows_of(dialect, *requests)]
