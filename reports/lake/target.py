"""The folder of a dataset on S3: its manifest and its objects, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio

from footfall.errors import SettingsError
from footfall.store.objects import S3Address
from footfall.text import printable
from reports.lake.manifest import NAME, LakeManifest, decode, encode, is_ours

if TYPE_CHECKING:
    from footfall.store.objects import S3Objects

TRANSFERS: Final = 4
"""Objects that are on their way at a time."""


@dataclass(frozen=True, slots=True)
class Target:
    """A dataset's place on S3."""

    objects: S3Objects
    address: S3Address

    async def manifest(self) -> LakeManifest | None:
        """Return the manifest, None where there is none; raises `SourceError` for what is none."""
        address = self.address.child(NAME)
        content = await self.objects.get_if_present(address)
        return None if content is None else decode(content, address.uri)

    async def claim(self) -> LakeManifest:
        """Return the manifest; raises `SettingsError` when there is none, but objects of somebody else's."""
        manifest = await self.manifest()
        if manifest is None and await self.objects.list(self.address.folder):
            raise SettingsError(
                f"{printable(self.address.uri, 200)} holds other objects, so no dataset is kept there.",
                hint=f"--out takes a new prefix, as {printable(self.address.child('footfall').uri, 200)}",
            )

        return manifest or LakeManifest()

    async def save(self, manifest: LakeManifest) -> None:
        """Write the manifest, in one step."""
        await self.objects.put(self.address.child(NAME), encode(manifest), content_type="application/json")

    async def put(self, files: Sequence[tuple[Path, str]]) -> None:
        """Write files to keys below the dataset's; raises the first error."""
        slots = anyio.CapacityLimiter(TRANSFERS)

        async def put_one(path: Path, key: str) -> None:
            async with slots:
                await self.objects.put(self.address.child(key), path)

        async with anyio.create_task_group() as group:
            for path, key in files:
                group.start_soon(put_one, path, key)

    async def get(self, files: Sequence[tuple[str, Path]]) -> list[int]:
        """Write objects, by their keys below the dataset's, to files; return the sizes, in order."""
        slots, sizes = anyio.CapacityLimiter(TRANSFERS), [0] * len(files)

        async def get_one(place: int, key: str, path: Path) -> None:
            async with slots:
                sizes[place] = await self.objects.download(self.address.child(key), path)

        async with anyio.create_task_group() as group:
            for place, (key, path) in enumerate(files):
                group.start_soon(get_one, place, key, path)

        return sizes

    async def delete(self, keys: Iterable[str]) -> None:
        """Delete objects by their keys below the dataset's."""
        await self.objects.delete([self.address.child(key) for key in sorted(keys)])

    async def strays(self, manifest: LakeManifest) -> frozenset[str]:
        """Return the keys of objects that runs of footfall wrote and that `manifest` does not name."""
        listed = await self.objects.list(self.address.folder)
        keys = (one.address.below(self.address) for one in listed)
        return frozenset(filter(is_ours, keys)) - manifest.object_keys()
