"""Write exports as DynamoDB does: folders, names, manifests, checksums and lines.

Source: "DynamoDB table export output format", Amazon DynamoDB Developer Guide; `.md5` is what the service calls the
checksums, and ``{"itemCount":46331,"md5Checksum":"…","etag":"…-1","dataFileS3Key":"…"}`` how it writes a line.
"""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b, md5
from pathlib import Path
from typing import Any

import polars as pl

from footfall.layout import encode
from footfall.store import Store
from tests.reports.store import SHARDS

TABLE_ID = "b116b490-6460-4d4a-9a6b-5d360abf4fb3"
ARN = "arn:aws:dynamodb:eu-central-1:123456789012:table/footfall_events"
FULL_AT = datetime(2026, 3, 5, tzinfo=UTC)

Item = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """What an incremental export tells of an item: its new image, None when it was deleted."""

    written_at_micros: int
    key: Item
    new: Item | None
    old: Item | None = None

    def line(self, *, with_old: bool) -> str:
        images = {"NewImage": self.new, "OldImage": self.old if with_old else None}
        document = {
            "Metadata": {"WriteTimestampMicros": {"N": str(self.written_at_micros)}},
            "Keys": self.key,
            **{name: image for name, image in images.items() if image is not None},
        }
        return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


async def items_of(store: Store) -> list[Item]:
    """All items of the events table, as DynamoDB JSON."""
    items: list[Item] = []
    start: Item = {}
    while True:
        reply = await store.engine.call(
            "Scan", json.dumps({"TableName": store.events_table, **start}).encode()
        )
        page = json.loads(reply.body)
        items += page["Items"]
        if "LastEvaluatedKey" not in page:
            return items

        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def items_from(events: pl.DataFrame) -> list[Item]:
    """Events as the items that the store of the tests would have."""
    spread = events.with_columns((pl.col("offset") // 100 % SHARDS).cast(pl.Int32).alias("shard"))
    return [json.loads(item) for item in encode(spread)["item"]]


def key_of(item: Item) -> Item:
    return {"pk": item["pk"], "sk": item["sk"]}


def write_full(
    bucket: Path,
    items: Iterable[Item],
    *,
    at: datetime = FULL_AT,
    files: int = 3,
    name: str = "full",
    prefix: str = "",
) -> Path:
    """Write a full export below the folder that stands for a bucket; return the export's own folder."""
    spread: list[list[str]] = [[] for _ in range(files)]
    for item in items:
        # A partition's items are all in one file.
        place = blake2b(item["pk"]["S"].encode(), digest_size=4).digest()
        line = json.dumps({"Item": item}, separators=(",", ":"), ensure_ascii=False)
        spread[int.from_bytes(place) % files].append(line)

    about = {"version": "2020-06-30", "exportTime": _time(at), "exportType": "FULL_EXPORT"}
    return _write(bucket, prefix, name, [*spread, []], f"AWSDynamoDB/{name}/data", about)


def write_incremental(
    bucket: Path,
    changes: Sequence[Change],
    *,
    since: datetime = FULL_AT,
    until: datetime,
    name: str = "incremental",
    with_old: bool = True,
    prefix: str = "",
) -> Path:
    """Write an incremental export, whose data go to the folder that such exports share."""
    about = {
        "version": "2023-08-01",
        "exportFromTime": _time(since),
        "exportToTime": _time(until),
        "outputView": "NEW_AND_OLD_IMAGES" if with_old else "NEW_IMAGE",
        "exportType": "INCREMENTAL_EXPORT",
    }
    lines = [change.line(with_old=with_old) for change in changes]
    return _write(bucket, prefix, name, [lines[::2], lines[1::2]], "AWSDynamoDB/data", about)


def reseal(folder: Path, **changed: Any) -> None:
    """Change members of the summary and make its checksum fit."""
    summary = folder / "manifest-summary.json"
    content = json.dumps(json.loads(summary.read_bytes()) | changed).encode()
    summary.write_bytes(content)
    (folder / "manifest-summary.md5").write_bytes(_md5(content))


def _write(
    bucket: Path, prefix: str, name: str, files: list[list[str]], data: str, about: dict[str, Any]
) -> Path:
    begin = f"{prefix}/" if prefix else ""
    folder = bucket / f"{begin}AWSDynamoDB/{name}"
    (bucket / f"{begin}{data}").mkdir(parents=True, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "_started").write_bytes(b"")
    entries = [
        _write_data(bucket, f"{begin}{data}/{name}{number}abc.json.gz", lines)
        for number, lines in enumerate(files)
    ]
    listing = "".join(json.dumps(entry, separators=(",", ":")) + "\n" for entry in entries).encode()
    summary = {
        "exportArn": f"{ARN}/export/{name}",
        "startTime": "2026-03-05T00:00:10.000Z",
        "endTime": "2026-03-05T00:05:10.000Z",
        "tableArn": ARN,
        "tableId": TABLE_ID,
        "s3Bucket": "example-exports",
        "s3Prefix": prefix or None,
        "s3SseAlgorithm": "AES256",
        "s3SseKmsKeyId": None,
        "manifestFilesS3Key": f"{begin}AWSDynamoDB/{name}/manifest-files.json",
        "billedSizeBytes": 1000,
        "itemCount": sum(entry["itemCount"] for entry in entries),
        "outputFormat": "DYNAMODB_JSON",
        **about,
    }
    for stem, content in (("manifest-files", listing), ("manifest-summary", json.dumps(summary).encode())):
        (folder / f"{stem}.json").write_bytes(content)
        (folder / f"{stem}.md5").write_bytes(_md5(content))

    return folder


def _write_data(bucket: Path, key: str, lines: list[str]) -> dict[str, Any]:
    content = gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0)
    (bucket / key).write_bytes(content)
    etag = md5(md5(content).digest()).hexdigest()
    return {
        "itemCount": len(lines),
        "md5Checksum": _md5(content).decode(),
        "etag": f"{etag}-1",
        "dataFileS3Key": key,
    }


def _md5(content: bytes) -> bytes:
    return b64encode(md5(content).digest())


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + "000Z"
