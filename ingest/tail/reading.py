"""Read a file that is held: the steps that block, run in a worker thread, whichever kind of file it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from footfall.errors import SourceError
from footfall.keys import source_id
from ingest.checkpoint import CheckpointKeeper
from ingest.chunks import Chunk
from ingest.formats import Format
from ingest.formats.detect import detect
from ingest.register import no_format
from ingest.settings import IngestSettings
from ingest.sources.beginning import HEAD_LINES
from ingest.sources.codecs import PLAIN
from ingest.sources.inflation import Inflation
from ingest.sources.opened import readable_codec, unreadable
from ingest.tail.member import Member
from ingest.tail.packed import PackedFile

SAMPLE_LINES: Final = 10
"""With fewer lines a file is not thought to be in another format than the one before it."""


class Unrecognised(Exception):
    """A file begins like a log that was read before, but is not it; `is_shorter` when it does not reach so far."""

    def __init__(self, sentence: str, *, is_shorter: bool) -> None:
        super().__init__(sentence)
        self.is_shorter = is_shorter


def identify(
    member: Member, settings: IngestSettings, is_final: bool, is_quiet: bool, is_stopping: Callable[[], bool]
) -> str | None:
    """Return the id of the log that a file holds, None while its first line has not come.

    Raises `SourceError` when it cannot be read or is packed in a way that is not read here.
    """
    try:
        codec = readable_codec(member.source, member.plain.magic())
        if codec is not PLAIN:
            return _identify_packed(member, settings, is_quiet, is_stopping)

        member.is_stirred = False
        line = member.plain.first_line(at_end=is_final)
    except OSError as error:
        raise unreadable(member.source, error) from error

    return None if line is None else source_id(line, member.source.file_name, settings.host_label)


def _identify_packed(
    member: Member, settings: IngestSettings, is_quiet: bool, is_stopping: Callable[[], bool]
) -> str | None:
    try:
        member.packed = PackedFile(
            member.source,
            member.plain.descriptor,
            host_label=settings.host_label,
            chunk_bytes=member.plain.chunk_bytes,
            max_line_bytes=settings.max_line_bytes,
            inflation=Inflation(settings.max_inflation),
            is_stopping=is_stopping,
        )
    except SourceError:
        if is_quiet:
            raise

        return None  # it may be written still

    member.is_stirred = False
    return member.packed.source_id


def begin(member: Member, keeper: CheckpointKeeper) -> None:
    """Go to where a log was read to; raises `Replaced` and `Unrecognised`."""

    def recognise(before: bytes, passed_bytes: int) -> None:
        try:
            keeper.recognise(before, passed_bytes)
        except SourceError as error:
            raise Unrecognised(str(error), is_shorter=passed_bytes < keeper.read_position) from error

    assert member.source_id is not None
    if member.packed is not None:
        member.packed.begin(keeper.read_position, keeper.next_line_number, recognise)
        return

    try:
        member.plain.begin(member.source_id, keeper.read_position, keeper.next_line_number, recognise)
    except OSError as error:
        raise unreadable(member.source, error) from error


def unread(member: Member) -> int:
    """Return the size of the whole lines that were not read; raises `Replaced`."""
    try:
        if member.keeper is not None:
            member.keeper.look(member.stamp.size_bytes)

        return member.plain.unread()
    except OSError as error:
        raise unreadable(member.source, error) from error


def take(member: Member, is_final: bool) -> Chunk | None:
    """Return the next chunk, None when there is none; raises `Replaced`, and `Unrecognised` of a packed file."""
    if member.packed is not None:
        return member.packed.take()

    try:
        return member.plain.take(is_final=is_final)
    except OSError as error:
        raise unreadable(member.source, error) from error


def choose_format(member: Member, is_old: bool, is_final: bool) -> Format | None:
    """Return the format of a log, from what there is of it; None while more lines may tell it better.

    Lines that are in no format wait for others; at last they are read as the file before them was. Raises
    `FormatError` when that cannot help.
    """
    head = member.packed.head() if member.packed is not None else member.plain.head()
    detection = detect(head)
    before = member.family.form
    is_doubtful = detection.total < SAMPLE_LINES and before is not None and detection.format is not before
    if detection.format is not None:
        return None if is_doubtful and not is_old else detection.format

    is_all = is_final or member.packed is not None
    if is_all and before is not None:
        return before

    if is_all or len(head) >= HEAD_LINES or member.plain.has_full_head():
        raise no_format(member.seen.name, detection)

    return None
