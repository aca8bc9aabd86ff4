from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ingest.tail.following import assert_exactly_once, following
from tests.ingest.tail.server import ROTATIONS, Server

pytestmark = pytest.mark.anyio


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "logs" / "access.log")
    yield server
    server.close()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    (tmp_path / "logs").mkdir()
    return tmp_path / "store.db"


EVERY_KIND = pytest.mark.parametrize("kind", ROTATIONS)
FOUND_AGAIN = pytest.mark.parametrize(
    "kind", [kind for kind in ROTATIONS if kind not in {"delete", "move-away"}]
)
"""Kinds that leave the old lines where they can be found by who was not there."""


@EVERY_KIND
async def test_every_line_is_stored_once_across_rotations_while_following(
    store: Path, server: Server, kind: str
) -> None:
    async with following(store, server.log) as run:
        for _ in range(4):
            server.write(50)
            await run.until_read(server.lines)
            server.rotate(kind)

        server.write(20)
        await run.until_read(server.lines)

    await assert_exactly_once(store, server)


@EVERY_KIND
async def test_lines_that_were_not_read_before_a_rotation_are_read_after_it(
    store: Path, server: Server, kind: str
) -> None:
    async with following(store, server.log) as run:
        server.write(50)
        await run.until_read(server.lines)
        server.write(30)
        server.rotate(kind)
        server.write(20)
        await run.until_read(server.lines)

    await assert_exactly_once(store, server)


@FOUND_AGAIN
async def test_lines_of_several_rotations_are_found_after_a_gap(
    store: Path, server: Server, kind: str
) -> None:
    server.write(40)
    async with following(store, server.log) as run:
        await run.until_read(40)

    for _ in range(3):
        server.write(30)
        server.rotate(kind)

    server.write(25)
    async with following(store, server.log) as run:
        await run.until_read(server.lines - 40)

    await assert_exactly_once(store, server)
