"""What an export says of itself: its summary, and the list of its files.

Members are those of "DynamoDB table export output format": version 2020-06-30 for full exports, 2023-08-01 for both
kinds. The guide calls the checksum files ``.checksum``, the service writes ``.md5``; both hold the MD5 of the JSON
file, base64. `md5Checksum` is that of a data file as it is stored, compressed.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from hashlib import md5
from typing import Final, Literal

import msgspec

from footfall.errors import FormatError, SourceError
from footfall.text import printable
from reports.export.places import DATA, STARTED, SUMMARY, DataFile, ExportPlace

FILES: Final = "manifest-files.json"
CHECKSUMS: Final = ("md5", "checksum")
JSON: Final = "DYNAMODB_JSON"

_SHARED_FOLDER: Final = "AWSDynamoDB"
_AGAIN: Final = "export it again: aws dynamodb export-table-to-point-in-time --export-format DYNAMODB_JSON"


class Summary(msgspec.Struct, rename="camel"):
    """``manifest-summary.json``, as far as it is used here."""

    item_count: int
    output_format: str
    table_arn: str = ""
    table_id: str = ""
    export_type: Literal["FULL_EXPORT", "INCREMENTAL_EXPORT"] = "FULL_EXPORT"
    export_time: datetime | None = None
    export_from_time: datetime | None = None
    export_to_time: datetime | None = None
    output_view: str = ""


class FileEntry(msgspec.Struct):
    """A line of ``manifest-files.json``."""

    items: int = msgspec.field(name="itemCount")
    md5: str = msgspec.field(name="md5Checksum")
    key: str = msgspec.field(name="dataFileS3Key")


@dataclass(frozen=True, slots=True)
class Export:
    """An export whose manifests were checked.

    `from_at` is None for a full one; `until_at` is the moment whose state it has, None where it does not say.
    """

    place: ExportPlace
    table: str
    items: int
    from_at: datetime | None
    until_at: datetime | None
    is_full: bool
    files: tuple[DataFile, ...]


async def read_manifests(place: ExportPlace) -> Export:
    """Return the export at a place.

    Raises `SourceError` when there is none, it is not finished, or its manifests are damaged, and `FormatError` for
    one in Amazon Ion.
    """
    summary = _summary(await _checked(place, SUMMARY), place.title)
    lines = (await _checked(place, FILES)).splitlines()
    files = tuple(_file(line, place.title) for line in lines if line.strip())
    counted = sum(file.items for file in files)
    if counted != summary.item_count:
        raise _damaged(
            place.title, f"its summary counts {summary.item_count:,} items, its list of files {counted:,}"
        )

    is_full = summary.export_type == "FULL_EXPORT"
    until_at = summary.export_time if is_full else summary.export_to_time
    table = summary.table_id or summary.table_arn
    return Export(place, table, summary.item_count, summary.export_from_time, until_at, is_full, files)


async def _checked(place: ExportPlace, name: str) -> bytes:
    content = await place.read(name)
    if content is None:
        raise await _absent(place, name)

    stem = name.rpartition(".")[0]
    for kind in CHECKSUMS:
        told = await place.read(f"{stem}.{kind}")
        if told is not None and told.strip().strip(b'"').decode("ascii", "replace") != md5_of(content):
            raise _damaged(place.title, f"{name} is not what its checksum {stem}.{kind} says")

    return content


def md5_of(content: bytes) -> str:
    """Return the MD5 of `content` as manifests have it, base64."""
    return b64encode(md5(content, usedforsecurity=False).digest()).decode("ascii")


def _summary(content: bytes, title: str) -> Summary:
    try:
        summary = msgspec.json.decode(content, type=Summary)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _damaged(title, f"{SUMMARY}: {error}") from error

    if summary.output_format != JSON:
        raise FormatError(
            f"The export {printable(title, 200)} is in the format {printable(summary.output_format, 40)}, "
            f"footfall reads {JSON}.",
            hint=_AGAIN,
        )

    return summary


def _file(line: bytes, title: str) -> DataFile:
    try:
        entry = msgspec.json.decode(line, type=FileEntry)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _damaged(title, f"{FILES}: {error}") from error

    # Only the last parts of a key count, so that an export can be copied, and nothing leads out of its folders.
    *_, above, folder, name = ("", "", *entry.key.split("/"))
    if folder != DATA or name in {"", ".", ".."} or "\0" in name or entry.items < 0:
        raise _damaged(title, f"{FILES} names a file that is no data file: {entry.key}")

    return DataFile(name, above == _SHARED_FOLDER, entry.items, entry.md5)


async def _absent(place: ExportPlace, name: str) -> SourceError:
    title = printable(place.title, 200)
    if name != SUMMARY:
        return _damaged(place.title, f"{name} is missing")

    if await place.read(STARTED) is not None:
        return SourceError(
            f"The export {title} is not finished, or has failed: it has no {SUMMARY}.",
            hint="aws dynamodb list-exports   (shows its status)",
        )

    below = await place.exports_below()
    hint = " ".join(f"--from-export {printable(path, 200)}" for path in below)
    return SourceError(
        f"There is no DynamoDB export in {title}: no {SUMMARY}.",
        hint=hint or f"--from-export takes the folder that {SUMMARY} is in",
    )


def _damaged(title: str, why: str) -> SourceError:
    return SourceError(
        f"The export {printable(title, 200)} is incomplete or damaged: {printable(why, 200)}.",
        hint="copy it again: aws s3 sync s3://BUCKET/PREFIX/AWSDynamoDB AWSDynamoDB",
    )
