from __future__ import annotations

import tomllib
from pathlib import Path

import polars as pl

from reports.query.dimensions.operators import BOTS, operator_of

LIST = Path(__file__).parents[3] / "ingest" / "enrich" / "lists" / "bots.toml"


def test_bots_are_called_as_ingest_calls_them_and_have_one_operator() -> None:
    classes = tomllib.loads(LIST.read_text())
    known = {name for tokens in classes.values() for name in tokens.values()}
    named = [bot for bots in BOTS.values() for bot in bots]

    assert set(named) <= known
    assert len(named) == len(set(named))


def test_most_bots_of_ai_companies_have_an_operator() -> None:
    classes = tomllib.loads(LIST.read_text())
    named = {bot for bots in BOTS.values() for bot in bots}
    of_ai = {name for kind in ("ai-crawler", "ai-assistant", "ai-search") for name in classes[kind].values()}

    assert len(of_ai & named) > len(of_ai) / 2


def test_a_bot_of_nobody_known_and_a_person_have_no_operator() -> None:
    bots = pl.DataFrame({"bot": ["GPTBot", "Claude-User", "somebody's", None]})

    assert bots.select(operator_of(pl.col("bot")))["bot"].to_list() == ["OpenAI", "Anthropic", None, None]
