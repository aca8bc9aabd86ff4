"""Bring answers to standard output, into a folder or to S3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Final

from footfall.errors import FootfallError, SettingsError
from footfall.store.objects import ObjectSettings, is_s3, parse_s3
from footfall.text import counted
from reports.answer import Answer
from reports.outputs.destination import Destination, Stored, check_destination, open_destination
from reports.outputs.naming import Occasion, OutputFile, planned_files
from reports.outputs.output import Output
from reports.outputs.settings import OutputSettings, Screen, outputs_of
from reports.scope import Scope

USUAL_ROWS: Final = 20
"""Rows of a ranking on standard output, for people; days and hours are shown whole, files always are."""

_FOR_PEOPLE: Final = frozenset({"table", "markdown"})


@dataclass(frozen=True, slots=True)
class Delivered:
    """A file that was written: where, what is in it, of which reports, and how many rows of each."""

    stored: Stored
    format: str
    reports: tuple[str, ...]
    rows: tuple[int, ...]

    def sentence(self) -> str:
        """Return it as one line for a person; not made fit for a terminal."""
        what = counted(self.rows[0], "row") if len(self.rows) == 1 else counted(len(self.rows), "report")
        return f"wrote {self.stored.where}, {what}"


def check_outputs(
    settings: OutputSettings, reports: Sequence[str], scope: Scope, run_at: datetime, screen: Screen | None
) -> None:
    """Raise `SettingsError` for what cannot be delivered, before anything is read; make the folder it goes to.

    `reports` are the names of the reports to come; `screen` is standard output, None when nothing is to go there.
    """
    if settings.out is None:
        if screen is not None:
            _check_screen(outputs_of(settings, screen), len(reports), screen)

        return

    files = planned_files(outputs_of(settings), reports, settings.name, Occasion(scope, run_at))
    check_destination(settings.out)
    if is_s3(settings.out):
        for file in files:
            parse_s3(parse_s3(settings.out).child(file.name).uri)


async def deliver(
    answers: Sequence[Answer],
    settings: OutputSettings,
    run_at: datetime,
    objects: ObjectSettings | None = None,
) -> tuple[Delivered, ...]:
    """Write `answers` to where `settings.out` says, which is not None; return the files in order.

    `run_at` (aware) is when the run began, `objects` how S3 is reached. Each file appears whole or not at all; after
    an error those before it are there. Raises what `check_outputs` raises, `SettingsError` when a file cannot be
    written, and the errors of `footfall.store.objects`.
    """
    assert settings.out is not None
    if not answers:
        return ()

    occasion = Occasion(answers[0].provenance.scope, run_at)
    names = [answer.report.name for answer in answers]
    files = planned_files(outputs_of(settings), names, settings.name, occasion)
    async with open_destination(settings.out, objects) as destination:
        return tuple([await _put(file, answers, settings.limit, destination) for file in files])


def show(answers: Sequence[Answer], settings: OutputSettings, screen: Screen) -> None:
    """Write `answers` to standard output.

    Raises `BrokenPipeError` when nobody reads it any more, `FootfallError` when it takes no more, as a full disk.
    """
    for output in outputs_of(settings, screen):
        to_stream(output, limited(answers, output, settings.limit, is_file=False), screen.stream)


def to_stream(output: Output, answers: Sequence[Answer], stream: BinaryIO) -> None:
    """Write `answers` to `stream` and flush it; raises what `show` raises."""
    try:
        output.write(answers, stream)
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise FootfallError(
            f"Cannot write to standard output: {error.strerror or error}.",
            hint="free some space where it goes, or write files elsewhere: --out DIR",
        ) from error


def limited(
    answers: Sequence[Answer], output: Output, limit: int | None, *, is_file: bool
) -> tuple[Answer, ...]:
    """Return `answers` cut to `limit` rows; 0 means all, None what the output usually shows."""
    if limit is not None:
        return tuple(answer.first(limit or None) for answer in answers)

    shortens = output.name in _FOR_PEOPLE and not is_file
    return tuple(one.first(USUAL_ROWS) if shortens and not one.report.is_series else one for one in answers)


async def _put(
    file: OutputFile, answers: Sequence[Answer], limit: int | None, destination: Destination
) -> Delivered:
    chosen = limited([answers[place] for place in file.places], file.output, limit, is_file=True)

    def write(stream: BinaryIO) -> None:
        file.output.write(chosen, stream)

    stored = await destination.put(file.name, file.output.suffix, write)
    names = tuple(answer.report.name for answer in chosen)
    return Delivered(stored, file.output.name, names, tuple(answer.frame.height for answer in chosen))


def _check_screen(outputs: Sequence[Output], report_count: int, screen: Screen) -> None:
    if len(outputs) > 1:
        raise SettingsError(
            "Standard output takes one --format.", hint="add --out DIR to write files of each"
        )

    for output in outputs:
        if report_count > 1 and not (output.takes_many or output.is_whole):
            raise SettingsError(
                f"Several reports cannot share one {output.name} stream.",
                hint="add --out DIR, or name one report",
            )

        if screen.width is not None and not output.is_text:
            raise SettingsError(
                f"A terminal cannot show {output.name}.",
                hint=f"add --out DIR, or send it to a file: > report.{output.suffix}",
            )
