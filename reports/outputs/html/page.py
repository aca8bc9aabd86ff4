"""The page: head, header, key figures, contents, a section for each report, foot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import BinaryIO, Final

from reports.answer import Answer, Provenance
from reports.outputs.html.cards import SUMMARY, key_figures
from reports.outputs.html.cells import cells_of, grouped
from reports.outputs.html.markup import Html, tag
from reports.outputs.html.policy import content_policy
from reports.outputs.html.sections import EMPTY_ID, EMPTY_TITLE, section, section_ids, title_of, without_rows
from reports.outputs.html.tables import Limit

USUAL_ROWS: Final = 500
"""Rows of a report that the page has, unless a limit was chosen."""

ICON: Final = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' "
    "rx='4' fill='%232457c5'/%3E%3Cpath d='M4 12V9M8 12V6M12 12V3' stroke='%23fff' stroke-width='2' "
    "stroke-linecap='round'/%3E%3C/svg%3E"
)


@dataclass(frozen=True, slots=True)
class HtmlOutput:
    """One page for all answers, with charts and sortable tables; it needs no network and no file beside it.

    `usual_rows` is how many rows of a report it has where no limit was applied before; None has all.
    """

    usual_rows: int | None = USUAL_ROWS
    name: str = "html"
    suffix: str = "html"
    is_text: bool = True
    takes_many: bool = True
    is_whole: bool = True

    def write(self, answers: Sequence[Answer], stream: BinaryIO) -> None:
        """Write the page, section by section; UTF-8."""
        limit = Limit(self.usual_rows)
        for part in _page(answers, limit):
            stream.write(part.encode("utf-8", "backslashreplace"))
            stream.write(b"\n")


@cache
def style() -> str:
    """Return the stylesheet, with a class for the length of every bar."""
    bars = "".join(f".w{percent}{{--w:{percent}%}}" for percent in range(1, 101))
    return _own_file("style.css") + bars


@cache
def script() -> str:
    """Return the script."""
    return _own_file("script.js")


def _own_file(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _page(answers: Sequence[Answer], limit: Limit) -> Iterator[str]:
    shown = list(zip(answers, section_ids(answers), strict=True))
    yield '<!doctype html>\n<html lang="en">'
    yield _head(answers)
    yield "<body>"
    yield tag("a", "Skip to the reports", href="#reports", class_="skip")
    yield _header(answers)
    yield key_figures(answers) or ""
    yield _contents(shown)
    yield '<main id="reports">'
    yield from (section(answer, one, limit) for answer, one in shown if not answer.frame.is_empty())
    yield without_rows([answer for answer in answers if answer.frame.is_empty()]) or ""
    yield "</main>"
    yield _footer(answers)
    yield tag("script", Html(script()))
    yield "</body>\n</html>"


def _head(answers: Sequence[Answer]) -> Html:
    policy = content_policy(style(), script())
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("meta", name="robots", content="noindex"),
        tag("title", " · ".join([_site(answers), _range(answers), "footfall"])),
        tag("link", rel="icon", href=Html(ICON)),
        tag("style", Html(style())),
    )


def _header(answers: Sequence[Answer]) -> Html:
    facts = (tag("div", tag("dt", name), tag("dd", value)) for name, value in _facts(answers))
    return tag(
        "header",
        tag("p", tag("b", "footfall"), tag("span", " web analytics from access logs"), class_="brand"),
        tag("h1", _site(answers)),
        tag("dl", *facts, class_="facts"),
    )


def _facts(answers: Sequence[Answer]) -> Iterator[tuple[str, str]]:
    yield "Range", _range(answers)
    if not answers:
        return

    about = answers[0].provenance.document()
    yield "Time zone", str(about["time_zone"])
    yield "Definitions", str(about["profile"])
    yield "Events read", grouped(answers[0].provenance.reading.events)
    yield "Made", answers[0].provenance.generated_at.strftime("%Y-%m-%d %H:%M %Z")


def _site(answers: Sequence[Answer]) -> str:
    return (answers[0].provenance.scope.site if answers else None) or "All sites"


def _range(answers: Sequence[Answer]) -> str:
    """Return the days that were asked for; of all days, those that the summary has seen."""
    if not answers:
        return "nothing asked"

    scope = answers[0].provenance.scope
    if scope.first_on and scope.last_on and scope.first_on != scope.last_on:
        return f"{scope.first_on} to {scope.last_on}"

    return _days_seen(answers) if scope.first_on == scope.last_on is None else scope.range_sentence()


def _days_seen(answers: Sequence[Answer]) -> str:
    summary = next((one for one in answers if one.report.name == SUMMARY and one.frame.height == 1), None)
    names = ("first_at", "last_at")
    if summary is None or not {*names} <= {*summary.frame.columns}:
        return "all days"

    columns = {column.name: column for column in summary.report.columns}
    first, last = (next(iter(cells_of(summary.frame[name], columns[name]))).shown[:10] for name in names)
    return f"{first} to {last}" if first[:1].isdigit() else "all days"


def _contents(shown: Sequence[tuple[Answer, str]]) -> Html:
    targets = {one: title_of(answer) for answer, one in shown if not answer.frame.is_empty()}
    if len(targets) < len(shown):
        targets[EMPTY_ID] = EMPTY_TITLE

    links = (tag("li", tag("a", title, href=f"#{one}")) for one, title in targets.items())
    return tag(
        "nav",
        tag("details", tag("summary", "Reports"), tag("ul", *links), open=True),
        aria_label="Reports",
    )


def _footer(answers: Sequence[Answer]) -> Html:
    sentences = [_source(answers[0].provenance)] if answers else []
    return tag("footer", *(tag("p", sentence) for sentence in sentences))


def _source(provenance: Provenance) -> str:
    return f"{provenance.location}: {provenance.reading.sentence()}."
