"""A report's answer, with all that is needed to trace where its numbers come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime

import polars as pl

from footfall.text import printable
from reports.catalogue import Report, View
from reports.extraction.reading import Reading
from reports.partials.approximate import document, sentence
from reports.scope import Scope


@dataclass(frozen=True, slots=True)
class Provenance:
    """Which events an answer is about: the store, the scope, the view, and when and how they were read."""

    location: str
    scope: Scope
    view: View
    generated_at: datetime
    reading: Reading

    def document(self) -> dict[str, object]:
        """Return it as JSON-ready members; dates and times in ISO 8601."""
        return {
            "store": self.location,
            "site": self.scope.site,
            "from": self.scope.first_on.isoformat() if self.scope.first_on else None,
            "to": self.scope.last_on.isoformat() if self.scope.last_on else None,
            "time_zone": self.view.time_zone,
            "own_hosts": list(self.view.own_hosts),
            "profile": self.view.rule.name,
            "profile_definition": self.view.rule.sentence(),
            "generated_at": self.generated_at.isoformat(timespec="seconds"),
            "reading": asdict(self.reading),
        }

    def sentence(self) -> str:
        """Return scope and view as one line for a person, safe to show."""
        site = f"site {self.scope.site}" if self.scope.site else "all sites"
        return printable(
            f"{site} · {self.scope.range_sentence()} · time zone {self.view.time_zone} · profile {self.view.rule.name}"
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of a report. `total_rows` counts those that a limit cut off as well."""

    report: Report
    frame: pl.DataFrame
    total_rows: int
    provenance: Provenance

    @property
    def rules(self) -> tuple[str, ...]:
        """Return what the figures mean beyond the report's own remark: the report's rules, then the profile's."""
        told = (sentence(self.report.uniques),) if self.provenance.view.is_approximate else ()
        return (
            *self.report.rules,
            *told,
            f"Profile {self.provenance.view.rule.name}: {self.provenance.view.rule.sentence()}",
        )

    @property
    def definition(self) -> str:
        """Return what the figures mean, in sentences."""
        return " ".join(filter(None, [self.report.remark, *self.rules]))

    def first(self, limit: int | None) -> Answer:
        """Return the answer with at most `limit` rows; None leaves all."""
        return self if limit is None else replace(self, frame=self.frame.head(limit))

    def heading(self) -> Mapping[str, object]:
        """Return name, question, definition and provenance as JSON-ready members."""
        report = self.report
        about = {"report": report.name, "question": report.question, "definition": self.definition}
        approximate = {"approximate": document(report.uniques)} if self.provenance.view.is_approximate else {}
        return about | approximate | self.provenance.document()


def answers_of(
    reports: Iterable[Report], frames: Iterable[pl.DataFrame], provenance: Provenance
) -> tuple[Answer, ...]:
    """Return an answer for each report and its frame of rows."""
    return tuple(
        Answer(report, frame, frame.height, provenance) for report, frame in zip(reports, frames, strict=True)
    )
