"""Read the campaign that brought a visitor, of the query of the page.

Parameters are those of `lists/campaign.toml`, in any case: utm_*, Open Web Analytics' and Matomo's own names. A value
that a beacon gives goes before that of the query. Click ids (`lists/clicks.toml`) say which network a link was
clicked in, and so the medium and the source where nothing else does; kept is the name of the parameter, never its
value, which names a click and so a person.

A source or campaign without a medium has the medium ``campaign``. Not so where the source is by ``ref`` or ``source``
alone: sites use these for other things too, so the medium is the referrer's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote_plus

import polars as pl

from ingest.enrich.distinct import Distinct, Memory
from ingest.enrich.lists.reading import read_list
from ingest.enrich.rules import Rules
from ingest.enrich.settings import EnrichSettings

COLUMNS: Final = ("medium", "source", "campaign", "campaign_term", "campaign_content", "click_id")
VISITING: Final = ("request", "pageview")
"""Kinds of events that somebody comes with; a null kind is a request."""

LONGEST_VALUE: Final = 255
"""Characters of a value that are kept."""

LONGEST_QUERY: Final = 8_192
"""Characters of a query that are read."""

UNNAMED_MEDIUM: Final = "campaign"
_WEAK_SOURCES: Final = frozenset({"ref", "source"})

Campaign = tuple[str | None, ...]
_NONE: Final[Campaign] = (None,) * len(COLUMNS)


@dataclass(frozen=True, slots=True)
class Parameters:
    """What parameters mean: name, lower case → column and rank (lower goes first), click id → medium and source.

    A query with any of them has one of `marks` in it, whatever the case.
    """

    ranks: Mapping[str, tuple[str, int]]
    clicks: Mapping[str, tuple[str, str]]
    marks: tuple[str, ...]


def read_campaign(events: pl.DataFrame, settings: EnrichSettings) -> pl.DataFrame:
    """Add medium, source, campaign, campaign_term, campaign_content and click_id of page views and requests."""
    given = [name for name in COLUMNS if name in events.columns]
    read = _read(events, settings.options.rules)
    if not given and are_visiting(events):
        return events.with_columns(read.get(name, pl.lit(None, pl.String).alias(name)) for name in COLUMNS)

    filled = events.with_columns(_nulls(name for name in COLUMNS if name not in given))
    of_visit = ((name, pl.when(is_visiting()).then(column)) for name, column in read.items())
    read_or_given = [pl.coalesce(name, column).alias(name) for name, column in of_visit]
    return _with_medium(filled.with_columns(read_or_given))


def are_visiting(events: pl.DataFrame) -> bool:
    """Tell whether all events are ones that somebody comes with."""
    return bool(events.select(is_visiting().all()).item())


def is_visiting() -> pl.Expr:
    """Tell for each event whether it is one that somebody comes with."""
    return pl.col("kind").is_null() | pl.col("kind").is_in(VISITING)


def campaign_of(query: str, parameters: Parameters) -> Campaign:
    """Return what `query` says of each of `COLUMNS`."""
    found: dict[str, tuple[int, str]] = {}
    click, is_strong = None, False
    for name, value in _pairs(query):
        if name in parameters.clicks and value:
            click = click or name

        column, rank = parameters.ranks.get(name, ("", 0))
        if column and value and rank < found.get(column, (rank + 1, ""))[0]:
            found[column] = (rank, value)
            is_strong = is_strong or name not in _WEAK_SOURCES

    if not found and click is None:
        return _NONE

    values: dict[str, str | None] = {column: value for column, (_, value) in found.items()}
    values["click_id"] = click
    if click is not None and not is_strong:
        values["medium"], values["source"] = parameters.clicks[click]
    elif click is not None:
        values["medium"] = values.get("medium") or parameters.clicks[click][0]
        values["source"] = values.get("source") or parameters.clicks[click][1]
    elif is_strong:
        values.setdefault("medium", UNNAMED_MEDIUM)

    return tuple(values.get(column) for column in COLUMNS)


@lru_cache(maxsize=8)
def parameters_of(rules: Rules) -> Parameters:
    """Return the parameters of the lists and of a user's rules, which go first."""
    ranks: dict[str, tuple[str, int]] = {}
    for column, name in rules.campaign_parameters:
        ranks.setdefault(name.lower(), (column, len(ranks)))

    for column, names in read_list("campaign")["column"].items():
        for name in names:
            ranks.setdefault(name, (column, len(ranks)))

    clicks = {name: (said["medium"], said["source"]) for name, said in read_list("clicks")["click"].items()}
    marks = tuple(f"{name}=" for name in (*ranks, *clicks))
    return Parameters(MappingProxyType(ranks), MappingProxyType(clicks), marks)


def clean_value(encoded: str) -> str:
    """Return a value decoded, without control characters and surrounding spaces, at most `LONGEST_VALUE` long."""
    text = unquote_plus(encoded[: LONGEST_VALUE * 9]) if "%" in encoded or "+" in encoded else encoded
    visible = text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)
    return visible.strip()[:LONGEST_VALUE].rstrip()


def _pairs(query: str) -> Iterator[tuple[str, str]]:
    for part in query[:LONGEST_QUERY].split("&"):
        name, _, value = part.partition("=")
        yield name.lower(), clean_value(value)


def _nulls(names: Iterable[str]) -> list[pl.Expr]:
    return [pl.lit(None, dtype=pl.String).alias(name) for name in names]


def _read(events: pl.DataFrame, rules: Rules) -> dict[str, pl.Series]:
    """Return the columns of which the queries say something."""
    if events["query"].null_count() == len(events):
        return {}

    distinct = Distinct.of(events, "query")
    said = _reading(rules)(distinct.values(events["query"]))
    return {column.name: distinct.spread(column) for column in said if column.null_count() < len(column)}


@lru_cache(maxsize=8)
def _reading(rules: Rules) -> Memory:
    return Memory(partial(_campaigns, parameters=parameters_of(rules)))


def _campaigns(queries: pl.Series, parameters: Parameters) -> pl.DataFrame:
    """Return what distinct queries say of each of `COLUMNS`."""
    at = queries.str.contains_any(list(parameters.marks), ascii_case_insensitive=True).arg_true()
    said = zip(*(campaign_of(query, parameters) for query in queries.gather(at)), strict=True)
    columns = list(said) or [()] * len(COLUMNS)
    nothing = pl.Series([None], dtype=pl.String).new_from_index(0, len(queries))
    return pl.DataFrame(
        [
            nothing.scatter(at, pl.Series(values, dtype=pl.String)).alias(name)
            for name, values in zip(COLUMNS, columns, strict=True)
        ]
    )


def _with_medium(events: pl.DataFrame) -> pl.DataFrame:
    """Give the campaigns of beacons that name no medium one."""
    unnamed = pl.col("campaign").is_not_null() & pl.col("medium").is_null()
    return events.with_columns(
        pl.when(unnamed).then(pl.lit(UNNAMED_MEDIUM)).otherwise("medium").alias("medium")
    )
