from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.enrich.campaign import COLUMNS, LONGEST_VALUE, read_campaign
from ingest.enrich.lists.reading import read_list
from ingest.enrich.rules import Rules
from tests.examples import SOME
from tests.ingest.enrich.frames import after, after_row, events_of, settings_of


def said(query: str | None, **given: str | None) -> dict[str, Any]:
    row = after_row(read_campaign, {"query": query, **given})
    return {name: row[name] for name in COLUMNS if row[name] is not None}


@pytest.mark.parametrize(
    ("query", "campaign"),
    [
        (None, {}),
        ("", {}),
        ("page=2&lang=de", {}),
        (
            "utm_source=news&utm_medium=email&utm_campaign=may&utm_term=red+shoes&utm_content=top%20link",
            {
                "source": "news",
                "medium": "email",
                "campaign": "may",
                "campaign_term": "red shoes",
                "campaign_content": "top link",
            },
        ),
        (
            "owa_medium=ad&owa_source=partner&owa_campaign=c&owa_search_terms=t&owa_ad=a",
            {
                "medium": "ad",
                "source": "partner",
                "campaign": "c",
                "campaign_term": "t",
                "campaign_content": "a",
            },
        ),
        ("pk_campaign=may&pk_kwd=shoes", {"medium": "campaign", "campaign": "may", "campaign_term": "shoes"}),
        ("pk_cpn=may", {"medium": "campaign", "campaign": "may"}),
        ("mtm_campaign=may&mtm_source=s&mtm_medium=m", {"medium": "m", "source": "s", "campaign": "may"}),
        ("matomo_campaign=may&piwik_kwd=k", {"medium": "campaign", "campaign": "may", "campaign_term": "k"}),
        ("UTM_Source=news&utm_MEDIUM=email", {"source": "news", "medium": "email"}),
        ("utm_source=a&utm_source=b&utm_medium=m", {"source": "a", "medium": "m"}),
        ("pk_source=b&utm_source=a&utm_medium=m", {"source": "a", "medium": "m"}),
        ("utm_source=&utm_medium=", {}),
        ("utm_id=42", {"medium": "campaign", "campaign": "42"}),
        ("ref=newsletter", {"source": "newsletter"}),
        ("source=rss&utm_source=news", {"medium": "campaign", "source": "news"}),
        ("gclid=abc", {"medium": "paid", "source": "Google", "click_id": "gclid"}),
        ("gbraid=abc", {"medium": "paid", "source": "Google", "click_id": "gbraid"}),
        ("msclkid=abc", {"medium": "paid", "source": "Microsoft Advertising", "click_id": "msclkid"}),
        ("fbclid=abc", {"medium": "social", "source": "Facebook", "click_id": "fbclid"}),
        ("ref=x&fbclid=abc", {"medium": "social", "source": "Facebook", "click_id": "fbclid"}),
        (
            "fbclid=abc&utm_source=fb&utm_medium=cpc",
            {"medium": "cpc", "source": "fb", "click_id": "fbclid"},
        ),
        (
            "gclid=a&utm_campaign=may",
            {"medium": "paid", "source": "Google", "campaign": "may", "click_id": "gclid"},
        ),
        ("gclid=", {}),
        ("q=what+is+utm_source=", {}),
        ("xutm_source=a", {}),
        ("utm_source=a%00b%0d%0a&utm_medium=%1b[31m", {"source": "a b", "medium": "[31m"}),
        ("utm_source=%E2%80%AEevil&utm_medium=m", {"source": "evil", "medium": "m"}),
        ("utm_source=%ff&utm_medium=m", {"source": "\ufffd", "medium": "m"}),
        ("utm_source=%ZZ&utm_medium=m", {"source": "%ZZ", "medium": "m"}),
    ],
)
def test_the_campaign_of_a_query(query: str | None, campaign: dict[str, str]) -> None:
    assert said(query) == campaign


def test_a_value_has_a_longest_length() -> None:
    assert said(f"utm_campaign={'a' * 9000}")["campaign"] == "a" * LONGEST_VALUE
    assert said(f"utm_campaign={'%C3%A9' * 900}")["campaign"] == "é" * LONGEST_VALUE


def test_the_value_of_a_click_id_is_nowhere() -> None:
    assert "secret" not in str([said(f"{name}=secret") for name in read_list("clicks")["click"]])


def test_what_a_beacon_says_goes_before_its_query() -> None:
    assert said("utm_source=q&utm_medium=q", kind="pageview", source="own") == {
        "source": "own",
        "medium": "q",
    }
    assert said(None, kind="pageview", campaign="may") == {"campaign": "may", "medium": "campaign"}


@pytest.mark.parametrize("kind", ["ping", "event", "click"])
def test_only_what_somebody_comes_with_has_the_campaign_of_its_query(kind: str) -> None:
    assert said("utm_source=a&utm_medium=b", kind=kind) == {}


def test_a_users_parameters_go_first() -> None:
    rules = Rules(campaign_parameters=(("source", "Partner"), ("campaign", "cid")))
    row = after(read_campaign, settings_of(rules), query="utm_source=a&partner=b&cid=7")
    assert (row["source"], row["campaign"]) == ("b", "7")


@given(st.lists(st.none() | st.text() | st.text(alphabet="utm_source=&%41+gclid")))
def test_any_query_is_read_in_order(queries: list[str | None]) -> None:
    frame = events_of(*[{"query": query} for query in queries])
    done = read_campaign(frame, settings_of())
    assert done.select(frame.columns).equals(frame)
    assert all(done.schema[name] == pl.String for name in COLUMNS)


@SOME
@given(st.lists(st.sampled_from(["utm_source=a", "ref=x&gclid=1", "q=1", None]), min_size=1))
def test_an_event_has_the_campaign_it_has_alone(queries: list[str | None]) -> None:
    together = read_campaign(events_of(*[{"query": query} for query in queries]), settings_of())
    alone = [after(read_campaign, query=query) for query in queries]
    assert together.select(COLUMNS).to_dicts() == [{name: row[name] for name in COLUMNS} for row in alone]


def test_a_page_view_among_other_kinds_has_its_campaign() -> None:
    rows = [{"kind": kind, "query": "utm_source=a"} for kind in ("ping", "pageview", "request", None)]
    done = read_campaign(events_of(*rows), settings_of())
    assert done["source"].to_list() == [None, "a", "a", "a"]
