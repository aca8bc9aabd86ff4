"""S3 in memory, and one that is cut off after some calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

from footfall.errors import SourceError, StoreUnreachable
from footfall.store.objects import S3Address, StoredObject
from reports.lake.target import Target

if TYPE_CHECKING:
    from footfall.store.objects import S3Objects

PREFIX = S3Address("example-lake", "events")


@dataclass
class MemoryObjects:
    """What `S3Objects` does, for one bucket; after `calls_left` calls that change something it is out of reach."""

    content: dict[str, bytes] = field(default_factory=dict)
    calls_left: int = 10**9
    log: list[str] = field(default_factory=list)

    def target(self) -> Target:
        return Target(cast("S3Objects", self), PREFIX)

    @property
    def keys(self) -> set[str]:
        """The keys below the dataset's."""
        return {key.removeprefix("events/") for key in self.content if key.startswith("events/")}

    async def put(self, address: S3Address, body: bytes | Path, *, content_type: str | None = None) -> None:
        self._change(f"put {address.name}")
        self.content[address.key] = body.read_bytes() if isinstance(body, Path) else body

    async def get_if_present(self, address: S3Address) -> bytes | None:
        return self.content.get(address.key)

    async def download(self, address: S3Address, path: Path) -> int:
        if address.key not in self.content:
            raise SourceError(f"There is no {address.uri}.")

        return path.write_bytes(self.content[address.key])

    async def list(self, prefix: S3Address) -> tuple[StoredObject, ...]:
        found = sorted(key for key in self.content if key.startswith(prefix.key))
        return tuple(StoredObject(S3Address(prefix.bucket, key), len(self.content[key])) for key in found)

    async def delete(self, addresses: Sequence[S3Address]) -> None:
        for address in addresses:
            self._change(f"delete {address.name}")
            self.content.pop(address.key, None)

    def _change(self, what: str) -> None:
        if self.calls_left == 0:
            raise StoreUnreachable("cut off")

        self.calls_left -= 1
        self.log.append(what)
