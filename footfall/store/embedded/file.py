"""Open the SQLite file, and say in the user's words what SQLite cannot do."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Final

from footfall.errors import SchemaMismatch, StoreError

APPLICATION_ID: Final = 0x464F4F54
"""'FOOT', in the SQLite header's application id: tells our files from other people's."""

FILE_VERSION: Final = 1
BUSY_SECONDS: Final = 20.0
"""How long a write waits for another process before it is answered with an InternalServerError, which is retried."""

_PAGE_BYTES: Final = 4096
_CHECKPOINT_BYTES: Final = 64 * 2**20
_SETTINGS: Final = (
    "PRAGMA synchronous = NORMAL",
    f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_BYTES // _PAGE_BYTES}",
    f"PRAGMA journal_size_limit = {_CHECKPOINT_BYTES}",
    "PRAGMA temp_store = MEMORY",
)
"""WAL with NORMAL survives a killed process at any instant; a power cut may take the last commits, in order, never
some of one. Pages are not mapped (mmap_size): scans were up to 2 times faster with it, but all that is read would then
count as resident memory."""

WRITER_CACHE_KIB: Final = 32 * 1024
READER_CACHE_KIB: Final = 8 * 1024

_PAUSES_SECONDS: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)

_CREATE: Final = (
    """
    CREATE TABLE tables (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        created_at REAL NOT NULL,
        definition BLOB NOT NULL,
        ttl_attribute TEXT,
        item_count INTEGER NOT NULL DEFAULT 0,
        size_bytes INTEGER NOT NULL DEFAULT 0
    )
    """,
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {FILE_VERSION}",
)

_SENTENCES: Final = {
    sqlite3.SQLITE_FULL: ("The disk is full", "free some space; nothing that was acknowledged is lost"),
    sqlite3.SQLITE_READONLY: ("The file or its folder cannot be written", "check the permissions of both"),
    sqlite3.SQLITE_PERM: (
        "The file cannot be used with these permissions",
        "check the permissions of file and folder",
    ),
    sqlite3.SQLITE_CANTOPEN: ("The file cannot be opened", "check that its folder exists and can be written"),
    sqlite3.SQLITE_IOERR: (
        "The file cannot be read or written",
        "check the disk; a store must lie on a local disk",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "The file is damaged",
        "restore a copy, or name another file and ingest the logs again",
    ),
    sqlite3.SQLITE_NOTADB: (
        "The file is not a footfall store",
        "name another file with --store embedded:PATH",
    ),
    sqlite3.SQLITE_BUSY: ("Another process holds the file", "wait for it to end, or stop it"),
}
_OTHERWISE: Final = (
    "SQLite cannot go on",
    "run the same command again; if it stays so, name another file with --store embedded:PATH",
)
_BUSY_CODES: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


def open_file(path: Path, busy_seconds: float = BUSY_SECONDS) -> sqlite3.Connection:
    """Open a store and make it when the file is missing or empty; a new file is its owner's alone.

    Raises `StoreError` when it cannot be opened or is something else, `SchemaMismatch` when it is from a newer version.
    """
    _refuse_impossible(path)
    _make_private(path)
    try:
        connection = connect(path, WRITER_CACHE_KIB, busy_seconds)
    except sqlite3.Error as error:
        raise store_error(error, path) from error

    try:
        _identify_in_turn(connection, path)
    except sqlite3.Error as error:
        connection.close()
        raise store_error(error, path) from error
    except StoreError:
        connection.close()
        raise

    return connection


def connect(
    path: Path, cache_kib: int = READER_CACHE_KIB, busy_seconds: float = BUSY_SECONDS
) -> sqlite3.Connection:
    """Return a connection for one thread at a time; transactions are the caller's."""
    connection = sqlite3.connect(
        path, timeout=busy_seconds, isolation_level=None, check_same_thread=False, cached_statements=512
    )
    for setting in _SETTINGS:
        connection.execute(setting)
    connection.execute(f"PRAGMA cache_size = -{cache_kib}")

    return connection


def store_error(error: sqlite3.Error, path: Path) -> StoreError:
    """Return what the user is told about an error of SQLite."""
    sentence, hint = _SENTENCES.get(_primary_code(error), _OTHERWISE)
    return StoreError(f"{sentence}: {path} ({error}).", hint=hint)


def is_busy(error: sqlite3.Error) -> bool:
    """Tell whether another process was in the way, so that trying again makes sense."""
    return _primary_code(error) in _BUSY_CODES


def _primary_code(error: sqlite3.Error) -> int:
    # Errors that Python's module raises itself, for instance on a closed connection, have no code.
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF


def _refuse_impossible(path: Path) -> None:
    if path.is_dir():
        raise StoreError(
            f"{path} is a folder.", hint=f"name a file in it: --store embedded:{path / 'footfall.db'}"
        )

    if not path.parent.is_dir():
        raise StoreError(f"The folder {path.parent} does not exist.", hint=f"mkdir -p {path.parent}")


def _make_private(path: Path) -> None:
    # The file holds the salt of the visitors and maybe whole addresses; SQLite gives its log the mode of its file.
    # What cannot be made here SQLite cannot make either, and that is where it is put into words.
    with suppress(OSError, RuntimeError):
        os.close(os.open(path.resolve(), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _identify_in_turn(connection: sqlite3.Connection, path: Path) -> None:
    # SQLite does not wait its turn when the journal mode changes, so several that make one file at once have to.
    for pause_seconds in _PAUSES_SECONDS:
        try:
            return _identify(connection, path)
        except sqlite3.Error as error:
            if not is_busy(error):
                raise

        Event().wait(pause_seconds)

    return _identify(connection, path)


def _identify(connection: sqlite3.Connection, path: Path) -> None:
    # Reading comes first: a file of somebody else must be left as it is, its journal mode included.
    if not _is_new(connection):
        _check(connection, path)

    if _pragma(connection, "journal_mode") != "wal" and _pragma(connection, "journal_mode = WAL") != "wal":
        raise StoreError(
            f"{path} lies where SQLite cannot keep a write-ahead log.",
            hint="put the store on a local disk, not on a network share",
        )

    if _is_new(connection):
        _create(connection)
        _check(connection, path)


def _is_new(connection: sqlite3.Connection) -> bool:
    (count,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return count == 0 and _pragma(connection, "application_id") == 0


def _create(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _is_new(connection):
            for statement in _CREATE:
                connection.execute(statement)
    finally:
        connection.execute("COMMIT")


def _check(connection: sqlite3.Connection, path: Path) -> None:
    if _pragma(connection, "application_id") != APPLICATION_ID:
        raise StoreError(
            f"{path} is a SQLite file, but not a footfall store.",
            hint="name another file with --store embedded:PATH",
        )

    version = _pragma(connection, "user_version")
    if isinstance(version, int) and version > FILE_VERSION:
        raise SchemaMismatch(
            f"{path} was made by a newer footfall (file version {version}, this one knows {FILE_VERSION}).",
            hint="pip install --upgrade footfall",
        )


def _pragma(connection: sqlite3.Connection, name: str) -> object:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]
