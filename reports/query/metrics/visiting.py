"""Metrics of visits and visitors."""

from __future__ import annotations

from typing import Final

import polars as pl

from reports.query.metric import Count, Metric, Quantile, Ratio, Share
from reports.query.metrics.counting import ROWS, VISITS_OF_ROWS, different, those, total

_CODE: Final = pl.col("visitor_code")
_CODES: Final = different(_CODE)
_VISITOR: Final = pl.col("visitor")
_AGAIN: Final = ~pl.col("is_new")


def _of_visits(name: str, unit: str, meaning: str, counted: pl.Expr, *owa: str, remark: str = "") -> Count:
    """Return a metric that only whole visits have."""
    return Count(name, unit, meaning, {"visits": counted}, of_visits=True, owa=owa, remark=remark)


_VISITS: Final[tuple[Metric, ...]] = (
    Count(
        "visits",
        "visits",
        "visits, as the profile defines them; by a page, an action or a product those that had it",
        {"visits": ROWS, "hits": VISITS_OF_ROWS, "items": VISITS_OF_ROWS},
        of_visits=True,
        owa=("visits",),
    ),
    _of_visits("bounces", "visits", "visits that bounced", those(pl.col("bounced")), "bounces"),
    _of_visits("engaged_visits", "visits", "visits that did not bounce", those(~pl.col("bounced"))),
    _of_visits("visit_seconds", "seconds", "of all visits together", total("duration_seconds")),
    Ratio("bounce_rate", "share", "bounces of all visits", "bounces", "visits", owa=("bounceRate",)),
    Ratio("engagement_rate", "share", "visits that did not bounce, of all", "engaged_visits", "visits"),
    Ratio(
        "visit_duration",
        "seconds",
        "mean duration of a visit, bounces included",
        "visit_seconds",
        "visits",
        digits=1,
        owa=("visitDuration",),
    ),
    *(
        Quantile(
            f"visit_duration_p{percent}",
            "seconds",
            f"duration that {percent} % of visits did not exceed",
            percent / 100,
            "duration_seconds",
            {"visits": pl.col("duration_seconds")},
        )
        for percent in (50, 90)
    ),
    Share("visits_share", "of all visits", "visits"),
)

_VISITORS: Final[tuple[Metric, ...]] = (
    Count(
        "visitors",
        "visitors",
        "distinct visitors",
        {"visits": _CODES, "hits": _CODES, "items": _CODES, "events": different(pl.col("who"))},
        things={"visits": _VISITOR, "hits": _VISITOR, "items": _VISITOR, "events": pl.col("who")},
        owa=("uniqueVisitors", "visitors"),
        remark="OWA's visitors counts rows of its table, so that who comes twice is two; these are people.",
    ),
    _of_visits(
        "new_visitors",
        "visitors",
        "visitors whose first visit it is",
        those(pl.col("is_new")),
        "newVisitors",
        remark="First as the events at hand tell, with those that --lookback reads, not as a cookie says.",
    ),
    _of_visits(
        "returning_visitors",
        "visitors",
        "distinct visitors with a visit that is not their first",
        different(pl.when(_AGAIN).then(_CODE)),
        "repeatVisitors",
        remark="OWA takes new visitors from distinct ones: who is new and comes again within the range is none.",
    ),
    _of_visits("returning_visits", "visits", "visits by somebody who came before", those(_AGAIN)),
    Ratio("new_visitor_share", "share", "new visitors of all visitors", "new_visitors", "visitors"),
    Ratio("new_visit_share", "share", "first visits of all visits", "new_visitors", "visits"),
    Ratio("visits_per_visitor", "ratio", "visits a visitor", "visits", "visitors", digits=2),
    Share("visitors_share", "of the sum of visitors", "visitors"),
)

_GOALS: Final[tuple[Metric, ...]] = (
    _of_visits(
        "goals", "goals", "goals reached, each once a visit", total("goals"), "goalCompletionsAll",
        remark="Of the definitions file, in retrospect. OWA's are frozen when collected; its fifteenth never counts.",
    ),
    _of_visits("goal_starts", "goals", "goals that a visit set out for", total("goal_starts"), "goalStartsAll"),
    _of_visits("goal_value", "value", "value of the goals reached", total("goal_value"), "goalValueAll"),
    _of_visits(
        "goal_abandons",
        "goals",
        "goals set out for and not reached",
        total("goal_abandons"),
    ),
    _of_visits("goal_visits", "visits", "visits that reached a goal", those(pl.col("goals") > 0)),
    Ratio(
        "goal_conversion_rate",
        "ratio",
        "goals reached a visit",
        "goals",
        "visits",
        digits=6,
        owa=("goalConversionRateAll",),
    ),
    Ratio("goal_visit_share", "share", "visits that reached a goal, of all", "goal_visits", "visits"),
    Ratio(
        "goal_abandon_rate",
        "share",
        "goals set out for and not reached, of those set out for",
        "goal_abandons",
        "goal_starts",
        owa=("goalAbandonRateAll",),
        remark="OWA divides starts by completions, which grows with what is reached less often but is no rate.",
    ),
    Ratio("goal_value_per_visit", "value", "value of goals a visit", "goal_value", "visits", digits=4),
)  # fmt: skip

VISITING: Final[tuple[Metric, ...]] = (*_VISITS, *_VISITORS, *_GOALS)
