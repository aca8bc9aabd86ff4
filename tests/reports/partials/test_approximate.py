from __future__ import annotations

import random
from dataclasses import replace

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from reports.answer import Answer, Provenance
from reports.catalogue import CATALOGUE, View
from reports.extraction.reading import Reading
from reports.partials.approximate import HIGH, LOW, sentence
from reports.partials.contribution import combine, contribute, finish
from reports.partials.partitions import spread
from reports.query.typed import Typed, report_from
from reports.report import Report
from reports.run import Questions, collect
from reports.scope import Scope
from reports.visits import Facts
from tests.reports.conftest import MakeEvents
from tests.reports.partials.events import EVENTS
from tests.reports.store import CLOCK

TYPED = report_from(Typed(("visitors", "visits_per_visitor", "addresses", "page_views"), ("path",)))
RATIO = report_from(Typed(("visits_per_visitor",), ("date",)))
REPORTS = (*CATALOGUE.values(), TYPED, RATIO)
APPROXIMATE = View(is_approximate=True)
FACTS = Facts(EVENTS.lazy(), APPROXIMATE.rule)


@pytest.mark.parametrize("largest", [150, 60])
def test_partitions_in_any_order_give_the_same_estimates(largest: int) -> None:
    asked = Questions(REPORTS, view=APPROXIMATE).asked
    whole = finish(contribute(FACTS, asked, APPROXIMATE), asked, APPROXIMATE)
    with spread(EVENTS.lazy(), APPROXIMATE.rule, largest) as partitions:
        parts = [contribute(Facts(part, APPROXIMATE.rule), asked, APPROXIMATE) for part in partitions]

    random.Random(largest).shuffle(parts)
    for frame, expected in zip(finish(combine(parts), asked, APPROXIMATE), whole, strict=True):
        assert_frame_equal(frame, expected)


def test_of_few_things_estimates_are_the_exact_counts() -> None:
    asked = Questions(REPORTS, view=APPROXIMATE)
    exact = collect(EVENTS.lazy(), Questions(REPORTS))
    for report, frame, expected in zip(REPORTS, collect(EVENTS.lazy(), asked), exact, strict=True):
        assert_frame_equal(frame.select(report.column_names), expected)


@pytest.mark.parametrize("report", REPORTS, ids=[report.name for report in REPORTS])
def test_a_report_says_which_of_its_columns_are_estimates(report: Report) -> None:
    def sketches(view: View) -> set[str]:
        parts = report.measure(FACTS, view)
        found = (part.name for part in parts if "union" in part.merge.values())
        return {name.rpartition(":")[2] for name in found}

    assert sketches(View()) == set()
    assert sketches(APPROXIMATE) <= {*report.uniques} | ({"visitors"} if report is RATIO else set())
    assert bool(sketches(APPROXIMATE)) is bool(report.uniques)


@pytest.mark.parametrize("report", REPORTS, ids=[report.name for report in REPORTS])
def test_columns_of_approximate_answers_are_those_declared(report: Report) -> None:
    questions = Questions((report,), view=APPROXIMATE)
    [frame] = collect(EVENTS.lazy(), questions)

    assert tuple(frame.columns) == questions.asked[0].column_names
    for name in {name.removesuffix(LOW) for name in frame.columns if name.endswith(LOW)}:
        value, low, high = (frame[f"{name}{end}"] for end in ("", LOW, HIGH))
        assert ((low <= value) & (value <= high)).all()


def test_bounds_stand_beside_what_they_are_of() -> None:
    [report] = Questions((TYPED,), view=APPROXIMATE).asked
    assert report.column_names == (
        "path",
        "visitors", "visitors_low", "visitors_high",
        "visits_per_visitor",
        "addresses", "addresses_low", "addresses_high",
        "page_views",
    )  # fmt: skip
    assert TYPED.uniques == ("visitors", "visits_per_visitor", "addresses")


def test_what_is_not_asked_to_be_approximate_is_exact(make_events: MakeEvents) -> None:
    many = make_events(*({"visitor": f"{place:016x}", "ip": f"192.0.2.{place}"} for place in range(3_000)))
    typed = report_from(Typed(("visitors", "addresses")))
    [exact], [estimated] = (collect(many, Questions((typed,), view=view)) for view in (View(), APPROXIMATE))

    assert exact.to_dicts() == [{"visitors": 3_000, "addresses": 3_000}]
    assert estimated["visitors"].item() != 3_000
    assert estimated["visitors_low"].item() <= 3_000 <= estimated["visitors_high"].item()


def test_without_events_nothing_is_estimated() -> None:
    [frame] = collect(
        EVENTS.lazy().head(0), Questions((report_from(Typed(("visitors",))),), view=APPROXIMATE)
    )
    assert frame.row(0) == (0, 0, 0)

    [frame] = collect(EVENTS.lazy().head(0), Questions((TYPED,), view=APPROXIMATE))
    assert frame.height == 0


def answer_to(report: Report, view: View) -> Answer:
    provenance = Provenance("embedded:x.db", Scope(), view, CLOCK.now(), Reading("scan", 1))
    return Answer(report, pl.DataFrame(), 0, provenance)


def test_an_answer_says_how_far_it_may_be_off() -> None:
    answer = answer_to(CATALOGUE["days"], APPROXIMATE)

    assert any("Approximate: visitors. " in rule and "±1.6% at 95%" in rule for rule in answer.rules)
    assert answer.heading()["approximate"] == {
        "columns": ["visitors"],
        "relative_error": 0.016,
        "confidence": 0.95,
        "method": "CPC sketches of Apache DataSketches, lg_k 13",
    }


def test_an_exact_answer_says_nothing_of_it() -> None:
    answer = answer_to(CATALOGUE["days"], View())

    assert "approximate" not in answer.heading()
    assert "pproximate" not in answer.definition
    assert answer_to(replace(CATALOGUE["days"], uniques=()), APPROXIMATE).rules[-2] == sentence(())
