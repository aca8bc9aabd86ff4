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
from functools import lru_cache
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote_plus

import polars as pl

from ingest.enrich.distinct import join_back
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
    """What parameters mean: name, lower case → column and rank (lower goes first), click id → medium and source."""

    ranks: Mapping[str, tuple[str, int]]
    clicks: Mapping[str, tuple[str, str]]

    @property
    def marks(self) -> list[str]:
        """Return texts of which a query with any of the parameters holds one."""
        return [f"{name}=" for name in (*self.ranks, *self.clicks)]


def read_campaign(events: pl.DataFrame, settings: EnrichSettings) -> pl.DataFrame:
    """Add medium, source, campaign, campaign_term, campaign_content and click_id of page views and requests."""
    given = [name for name in COLUMNS if name in events.columns]
    parameters = parameters_of(settings.options.rules)
    queries = events.get_column("query").drop_nulls()
    queries = queries.filter(queries.str.contains_any(parameters.marks, ascii_case_insensitive=True)).unique()
    read = [campaign_of(query, parameters) for query in queries]
    table = pl.DataFrame({"query": queries} | {name: _column(read, i) for i, name in enumerate(COLUMNS)})
    if not given and are_visiting(events):
        return join_back(events, table, ["query"]) if read else events.with_columns(_nulls(COLUMNS))

    filled = events.with_columns(_nulls(name for name in COLUMNS if name not in given))
    joined = join_back(filled, table.rename(_mine), ["query"])
    read_or_given = [
        pl.coalesce(name, pl.when(is_visiting()).then(_mine(name))).alias(name) for name in COLUMNS
    ]
    return _with_medium(joined.with_columns(read_or_given).drop(_mine(name) for name in COLUMNS))


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
    return Parameters(MappingProxyType(ranks), MappingProxyType(clicks))


def clean_value(encoded: str) -> str:
    """Return a value decoded, without control characters and surrounding spaces, at most `LONGEST_VALUE` long."""
    text = unquote_plus(encoded[: LONGEST_VALUE * 9]) if "%" in encoded or "+" in encoded else encoded
    visible = text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)
    return visible.strip()[:LONGEST_VALUE].rstrip()


def _pairs(query: str) -> Iterator[tuple[str, str]]:
    for part in query[:LONGEST_QUERY].split("&"):
        name, _, value = part.partition("=")
        yield name.lower(), clean_value(value)


def _mine(name: str) -> str:
    return name if name == "query" else f"_{name}"


def _nulls(names: Iterable[str]) -> list[pl.Expr]:
    return [pl.lit(None, dtype=pl.String).alias(name) for name in names]


def _column(rows: list[Campaign], place: int) -> pl.Series:
    return pl.Series([row[place] for row in rows], dtype=pl.String)


def _with_medium(events: pl.DataFrame) -> pl.DataFrame:
    """Give the campaigns of beacons that name no medium one."""
    unnamed = pl.col("campaign").is_not_null() & pl.col("medium").is_null()
    return events.with_columns(
        pl.when(unnamed).then(pl.lit(UNNAMED_MEDIUM)).otherwise("medium").alias("medium")
    )
