"""Find a person's lines in a dead-letter file, and erase them where they stand.

A record keeps its place and its length: what follows the line's text in it is moved up and the rest filled with
spaces. So readers and writers of the file may go on meanwhile, and `footfall verify` still finds a letter for each
line.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import polars as pl

from footfall.clock import Clock
from footfall.errors import FormatError, SourceError
from footfall.person import TRACES, Person, is_person
from footfall.store.state import TableMeta
from ingest.beacons import read_beacons
from ingest.chunks import read_chunks
from ingest.deadletters.again import Choice, lines_of, reading_of_letter, recipe_of
from ingest.deadletters.file import DeadLetterFile, opened
from ingest.deadletters.read import BLOCK_BYTES, LARGEST_RECORD_BYTES
from ingest.deadletters.record import DeadLetter, Outcome
from ingest.enrich import understand
from ingest.prepare import Recipe
from ingest.settings import IngestSettings

FORGOTTEN: Final = "forgotten"
SENTENCE: Final = "The line was erased on request."

_LETTER: Final = msgspec.json.Decoder(DeadLetter)
_EVERYTHING: Final = Choice()


@dataclass(frozen=True, slots=True)
class Place:
    """A record with a line of the person's: where it begins, its length, and the letter in it, None where torn."""

    at: int
    size: int
    letter: DeadLetter | None


def find_letters(
    path: Path, person: Person, settings: Sequence[IngestSettings], meta: TableMeta
) -> list[Place]:
    """Return the records of a dead-letter file that hold lines of the person's, settled ones too.

    A line is the person's when it has one of the addresses in it, or when it can be read and its event would be, with
    any of `settings`: visitor ids may have been made in several ways.
    Raises `SourceError` when the file cannot be read.
    """
    found: list[Place] = []
    try:
        with path.open("rb") as file:
            for block in read_chunks(file, "", chunk_bytes=BLOCK_BYTES, max_line_bytes=LARGEST_RECORD_BYTES):
                found += _in_block(block.data, block.start, person, settings, meta)
    except OSError as error:
        raise SourceError(
            f"{path} cannot be read: {error.strerror or error}.", hint="ls -l   (and name it again)"
        ) from error

    return found


def erase_letters(path: Path, places: Sequence[Place], clock: Clock) -> None:
    """Overwrite the lines in `places` and note in the file that they are gone for good."""
    with opened(path, appends=False) as descriptor:
        for place in places:
            os.pwrite(descriptor, _without_line(place), place.at)

        os.fsync(descriptor)

    letters = {(one.letter.source_id, one.letter.offset): None for one in places if one.letter}
    outcomes = [Outcome("filtered", source_id, offset, FORGOTTEN, SENTENCE) for source_id, offset in letters]
    if outcomes:
        DeadLetterFile(path, clock).append(outcomes)


def _in_block(
    data: bytes, start: int, person: Person, settings: Sequence[IngestSettings], meta: TableMeta
) -> Iterator[Place]:
    records = list(_records(data, start))
    told = _told_by_text([place.letter for place in records], person)
    told |= _told_by_event([place.letter for place in records], person, settings, meta)
    spelled = _pattern(person)
    for number, place in enumerate(records):
        torn = data[place.at - start : place.at - start + place.size] if place.letter is None else b""
        if number in told or (spelled is not None and spelled.search(torn)):
            yield place


def _records(data: bytes, start: int) -> Iterator[Place]:
    at = start
    for line in data.split(b"\n"):
        if line.strip():
            yield Place(at, len(line), _decoded(line))

        at += len(line) + 1


def _decoded(line: bytes) -> DeadLetter | None:
    try:
        letter = _LETTER.decode(line)
        letter.kept()
    except (msgspec.MsgspecError, ValueError):
        return None

    return letter


def _told_by_text(letters: Iterable[DeadLetter | None], person: Person) -> set[int]:
    spelled = _pattern(person)
    if spelled is None:
        return set()

    return {number for number, one in enumerate(letters) if one is not None and spelled.search(one.kept())}


def _told_by_event(
    letters: Iterable[DeadLetter | None], person: Person, settings: Sequence[IngestSettings], meta: TableMeta
) -> set[int]:
    """Return which letters can be read as events of the person's."""
    groups: dict[tuple[object, str], list[tuple[int, DeadLetter]]] = {}
    for number, letter in enumerate(letters):
        if letter is not None and letter.format and letter.kept():
            reading = reading_of_letter(letter, _EVERYTHING)
            groups.setdefault((reading, letter.source_id), []).append((number, letter))

    told: set[int] = set()
    for each in settings:
        for members in groups.values():
            told |= _told_in_group(members, person, each, meta)

    return told


def _told_in_group(
    members: Sequence[tuple[int, DeadLetter]], person: Person, settings: IngestSettings, meta: TableMeta
) -> set[int]:
    letters = [letter for _, letter in members]
    reading = reading_of_letter(letters[0], _EVERYTHING)
    try:
        recipe = recipe_of(reading, letters[0].source, settings, meta, "")
    except FormatError:
        return set()

    whose = _events_of(letters, reading.header, recipe)
    mine = whose.filter(is_person(whose.select(TRACES), person, [recipe.enrichment.salts]))
    offsets = set(mine.get_column("line_number"))
    return {number for number, letter in members if letter.line in offsets}


def _events_of(letters: list[DeadLetter], header: str, recipe: Recipe) -> pl.DataFrame:
    parsed = recipe.format.parse(lines_of(letters), header)
    events = read_beacons(parsed, recipe.beacons).parsed.events
    return understand(events, letters[0].source_id, recipe.enrichment)


def _pattern(person: Person) -> re.Pattern[bytes] | None:
    """Return the expression of the addresses as words of their own, None without any."""
    spelled = b"|".join(re.escape(text.encode()) for text in sorted(person.spellings, key=len, reverse=True))
    return re.compile(rb"(?<![\w.])(?:%b)(?!\w|\.\d)" % spelled) if spelled else None


def _without_line(place: Place) -> bytes:
    """Return the bytes of a record without its line, as long as they were."""
    if place.letter is None:
        return b" " * place.size

    bare = msgspec.structs.replace(place.letter, raw=None, raw_base64=None)
    return msgspec.json.encode(bare).ljust(place.size)
