from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import anyio
import pytest

from tests.ingest.tail.following import Following, assert_exactly_once, following
from tests.ingest.tail.server import Server

pytestmark = pytest.mark.anyio

LASTING = ("rename", "rename-and-write-on", "copytruncate", "compress", "compress-late")
"""Kinds that leave the old lines beside the log."""


class Story:
    """A server whose log is written to, rotated and followed by runs that come and go, as chance has it."""

    def __init__(self, folder: Path, seed: int, kinds: tuple[str, ...]) -> None:
        self.chance = random.Random(seed)
        self.kinds = kinds
        self.store = folder / "store.db"
        self.server = Server(folder / "logs" / "access.log")
        (folder / "logs").mkdir()
        self._is_half = False
        self._has_lines = False

    async def go_on(self, run: Following | None) -> None:
        """Write or rotate a few times."""
        for _ in range(self.chance.randint(1, 8)):
            if self.chance.random() < 0.3:
                await self._rotate(run)
            elif self.chance.random() < 0.2 and not self._is_half:
                self.server.write_half()
                self._is_half = self._has_lines = True
            else:
                self.server.write(self.chance.randint(1, 120))
                self._is_half, self._has_lines = False, True

            if run is not None and self.chance.random() < 0.5:
                await anyio.sleep(self.chance.random() * 0.05)

    async def _rotate(self, run: Following | None) -> None:
        if self._is_half or not self._has_lines:
            return

        kind = self.chance.choice(self.kinds)
        if kind == "delete" and (run is None or self.chance.random() < 0.5):
            return

        if kind == "delete" and run is not None:
            await run.until_held(self.server.log)

        self.server.rotate(kind)
        self._has_lines = False

    async def end(self) -> None:
        """Write what is missing of the last line, and let a last run read all that is left."""
        self.server.write(1)
        self.server.close()
        async with following(self.store, self.server.log) as run:
            await run.until_stored(self.server.lines)


Tell = Callable[[int, tuple[str, ...]], Story]


@pytest.fixture
def tell(tmp_path: Path) -> Iterator[Tell]:
    """Begin stories; their servers are closed in the end."""
    with ExitStack() as ends:

        def begin(seed: int, kinds: tuple[str, ...]) -> Story:
            story = Story(tmp_path, seed, kinds)
            ends.callback(story.server.close)
            return story

        yield begin


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("watch", ["poll", "auto"])
async def test_every_line_is_stored_once_whatever_happens_while_following(
    tell: Tell, seed: int, watch: str
) -> None:
    story = tell(seed, (*LASTING, "delete"))
    story.server.write(1)
    async with following(story.store, story.server.log, watch=watch) as run:
        await run.until_known()
        for _ in range(6):
            await story.go_on(run)

    await story.end()
    await assert_exactly_once(story.store, story.server)


@pytest.mark.parametrize("seed", range(8))
async def test_every_line_is_stored_once_across_runs_that_are_stopped_and_cancelled(
    tell: Tell, seed: int
) -> None:
    story = tell(seed, LASTING)
    story.server.write(5)
    for _ in range(5):
        is_cancelled = story.chance.random() < 0.5
        async with following(story.store, story.server.log, is_cancelled=is_cancelled) as run:
            await run.until_known()
            await story.go_on(run)

        await story.go_on(None)

    await story.end()
    await assert_exactly_once(story.store, story.server)


@pytest.mark.parametrize("seed", range(3))
async def test_every_line_is_stored_once_when_a_link_leads_elsewhere_again_and_again(
    tell: Tell, seed: int
) -> None:
    story = tell(seed, ("symlink",))
    story.server.write(5)
    for _ in range(3):
        async with following(story.store, story.server.log) as run:
            await run.until_known()
            await story.go_on(run)

        await story.go_on(None)

    await story.end()
    await assert_exactly_once(story.store, story.server)
