"""A report on the page: its question, a picture, its rows, and what they mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from reports.answer import Answer
from reports.outputs.html.charts import series_figure
from reports.outputs.html.heat import heat_figure
from reports.outputs.html.markup import Html, tag
from reports.outputs.html.pictures import Picture, picture_of
from reports.outputs.html.tables import Limit, rows_of
from reports.report import ReportColumn

_ABBREVIATIONS: Final = frozenset({"ai", "mime", "tls", "url", "utm"})

EMPTY_ID: Final = "without-rows"
EMPTY_TITLE: Final = "Nothing to report"

_FIGURES: Final[Mapping[Picture, Callable[[Answer], Html]]] = MappingProxyType(
    {
        "line": lambda answer: series_figure(answer, "line"),
        "columns": lambda answer: series_figure(answer, "columns"),
        "heat": heat_figure,
    }
)


def section_ids(answers: Sequence[Answer]) -> list[str]:
    """Return an id for each answer's section, made of its name, each once."""
    # A number behind every name that was taken; a name that has such a number already is rare, and numbered too.
    ids: dict[str, None] = {}
    for place, answer in enumerate(answers):
        plain = "report-" + re.sub(r"[^a-z0-9]+", "-", answer.report.name.lower()).strip("-")[:60]
        ids[plain if plain not in ids else f"{plain}--{place}"] = None

    return list(ids)


def section(answer: Answer, section_id: str, limit: Limit) -> Html:
    """Return an answer as a section with a heading of its own."""
    picture = picture_of(answer)
    heading_id = f"{section_id}-question"
    return tag(
        "section",
        tag("p", title_of(answer), class_="eyebrow"),
        tag("h2", answer.report.question, id=heading_id),
        _FIGURES[picture](answer) if picture in _FIGURES else None,
        *rows_of(answer, picture, limit, heading_id),
        tag("details", tag("summary", "What is counted"), *_definition(answer), class_="definition"),
        class_="report",
        id=section_id,
        aria_labelledby=heading_id,
    )


def without_rows(answers: Sequence[Answer]) -> Html | None:
    """Return one section for all answers without rows: what was asked, in vain."""
    if not answers:
        return None

    names = (tag("div", tag("dt", title_of(one)), tag("dd", one.report.question)) for one in answers)
    return tag(
        "section",
        tag("p", EMPTY_TITLE, class_="eyebrow"),
        tag("h2", "What was asked and has no rows in this range?", id=f"{EMPTY_ID}-question"),
        tag("dl", *names, class_="empty"),
        class_="report",
        id=EMPTY_ID,
        aria_labelledby=f"{EMPTY_ID}-question",
    )


def title_of(answer: Answer) -> str:
    """Return a report's name as a title."""
    words = re.split("[-_ ]", answer.report.name)
    title = " ".join(word.upper() if word in _ABBREVIATIONS else word for word in words)
    return title[:1].upper() + title[1:] or "Report"


def _definition(answer: Answer) -> Iterator[Html]:
    sentences = filter(None, [answer.report.remark, *answer.rules])
    yield from (tag("p", sentence) for sentence in sentences)
    yield tag("dl", *map(_meaning, answer.report.columns))


def _meaning(column: ReportColumn) -> Html:
    name = column.name.replace("_", " ")
    unit = "" if column.unit == name else f" ({column.unit})"
    return tag("div", tag("dt", name), tag("dd", f"{column.meaning}{unit}"))
