"""Open a folder that keeps a dataset: one run at a time, of one store, and nobody else's files touched."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from footfall.errors import SettingsError
from footfall.text import printable
from reports.extraction.dataset import FOLDER_HINT, writing_to
from reports.extraction.manifest import MARKER, VERSION, columns_id, read_manifest, write_manifest

LOCK: Final = ".footfall.lock"


@contextmanager
def opened(folder: Path, store_id: str, location: str) -> Iterator[None]:
    """Make `folder` a dataset of the store, or go on with one; nobody else can meanwhile.

    Raises `SettingsError` when it holds what is not ours or another store's events, when another run has it, or when
    it cannot be written.
    """
    with writing_to(folder):
        check_folder(folder, store_id)
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    try:
        _lock(descriptor, folder)
        with writing_to(folder):
            _claim(folder, store_id, location)

        yield
    finally:
        # The kernel lets go of the lock then, and when the process is killed.
        os.close(descriptor)


def check_folder(folder: Path, store_id: str) -> None:
    """Raise `SettingsError` unless `folder` is absent, empty or a dataset of ours, of the store if of any."""
    if not folder.exists() or not any(one.name != LOCK for one in folder.iterdir()):
        return

    shown = printable(str(folder), 200)
    if not (folder / MARKER).exists():
        raise SettingsError(f"{shown} holds other files, so no dataset is kept there.", hint=FOLDER_HINT)

    manifest = read_manifest(folder)
    if manifest.store_id not in {"", store_id}:
        raise SettingsError(
            f"{shown} holds the events of another store, {printable(manifest.location, 200)}.",
            hint=f"{FOLDER_HINT}; if the store was made anew, remove the old one: rm -r {shown}",
        )


def _claim(folder: Path, store_id: str, location: str) -> None:
    """Say whose the folder is, before anything is in it."""
    manifest = read_manifest(folder)
    days = manifest.usable_days()
    claimed = msgspec.structs.replace(
        manifest, version=VERSION, columns=columns_id(), store_id=store_id, location=location, days=days
    )
    if claimed != manifest:
        write_manifest(folder, claimed)


def _lock(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise SettingsError(
            f"Another run is writing the dataset in {printable(str(folder), 200)}.",
            hint="wait until it has ended, or give --dataset another folder",
        ) from error
    except OSError:
        # Some network mounts have no locks.
        return
