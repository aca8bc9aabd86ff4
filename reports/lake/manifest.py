"""What a dataset on S3 says of itself: the days it has, as a folder does, and which objects they are.

::

    PREFIX/_footfall.json                                     this
    PREFIX/site=example.org/date=2026-01-31/part-RUN-0.parquet  events of a site and a UTC date, sorted by time

Objects are never overwritten: each run has names of its own, and the manifest is switched to them day by day. A reader
who goes by the manifest finds each day once; one who lists the prefix may find a day twice, from when its new objects
are there until the old ones are deleted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from footfall.clock import Clock
from footfall.errors import SourceError
from footfall.text import printable
from reports.extraction.dataset import day_folder
from reports.extraction.manifest import KeptDay, Manifest

NAME: Final = "_footfall.json"
"""Begins with an underscore, so that Athena, Spark and Hive pass over it."""

VERSION: Final = 1
_OURS: Final = re.compile(r"site=[^/]+/date=[^/]+/part-\d{8}T\d{6}Z-[0-9a-f]{8}-\d+\.parquet")


class LakeFile(msgspec.Struct, frozen=True):
    """An object of a day: `name` is the last part of its key."""

    name: str
    bytes: int


class LakeManifest(msgspec.Struct, frozen=True):
    """The contents of `NAME`. `files` are the objects of each day, by ``site=…/date=…``; `run` wrote it last."""

    version: int = VERSION
    complete: bool = False
    run: str = ""
    written_at: datetime | None = None
    dataset: Manifest = Manifest()
    files: Mapping[str, tuple[LakeFile, ...]] = {}

    def files_of(self, day: KeptDay) -> tuple[LakeFile, ...]:
        """Return the objects of a day."""
        return self.files.get(day_path(day), ())

    def object_keys(self) -> frozenset[str]:
        """Return the keys of all objects, below the dataset's."""
        return frozenset(f"{folder}/{file.name}" for folder, files in self.files.items() for file in files)


def day_path(day: KeptDay) -> str:
    """Return the folder of a day below the dataset's, as ``site=example.org/date=2026-01-31``."""
    return day_folder(Path(), day).as_posix()


def is_ours(key: str) -> bool:
    """Tell whether `key`, below the dataset's, is one that a run of footfall gives."""
    return _OURS.fullmatch(key) is not None


def new_run(clock: Clock) -> str:
    """Return a name for a run that no other has, and that sorts by time."""
    return f"{clock.now():%Y%m%dT%H%M%SZ}-{clock.token(4).hex()}"


def decode(content: bytes, uri: str) -> LakeManifest:
    """Return the manifest in `content`; raises `SourceError` for what is none, or of a later version."""
    try:
        manifest = _DECODER.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _no_manifest(uri, str(error)) from error

    if manifest.version > VERSION:
        raise SourceError(
            f"{printable(uri, 200)} was written by a later version of footfall.",
            hint="pip install -U footfall",
        )

    # Names become paths on this machine and keys that are deleted.
    foreign = sorted(key for key in manifest.object_keys() if not is_ours(key))
    if foreign:
        raise _no_manifest(uri, f"it names {foreign[0]}")

    return manifest


def encode(manifest: LakeManifest) -> bytes:
    """Return `manifest` as it is stored."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"


def _no_manifest(uri: str, why: str) -> SourceError:
    return SourceError(
        f"{printable(uri, 200)} is not the manifest of a dataset: {printable(why, 100)}.",
        hint="name the prefix that footfall extract --out was given",
    )


_DECODER: Final = msgspec.json.Decoder(LakeManifest)
