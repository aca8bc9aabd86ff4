from __future__ import annotations

import pickle
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from footfall.errors import SettingsError
from reports.catalogue import CATALOGUE, View
from reports.definitions import Definitions, load_definitions
from reports.query import probe
from reports.visits import Facts
from tests.reports.conftest import MakeEvents, build
from tests.reports.definitions.test_reports import loaded, refused

DOCS = Path(__file__).parents[3] / "docs"
EXAMPLE = DOCS / "examples" / "footfall-reports.toml"


def reaching(tmp_path: Path, make_events: MakeEvents, says: str, *rows: dict[str, Any]) -> list[bool]:
    """Whether each of `rows`, a visit of its own, reaches a goal."""
    goals = loaded(tmp_path, f'[[goal]]\nname = "g"\n{says}\n').goals
    numbered = [row | {"visitor": str(number)} for number, row in enumerate(rows)]
    facts = Facts(make_events(*numbered), View().rule, goals=goals)
    reached = set(facts.visits.filter(facts.visits.collect()["goals"] > 0).collect()["visitor"])
    return [str(number) in reached for number in range(len(rows))]


PAGES: tuple[dict[str, Any], ...] = (
    {"path": "/a"},
    {"path": "/a/b"},
    {"path": "/a", "query": "x=1", "title": "Thank you"},
    {"path": "/a", "kind": "event", "event_category": "video", "event_action": "play"},
    {"path": "/a", "kind": "event", "event_category": "video"},
    {"path": "/a", "kind": "transaction"},
    {"path": "/a.pdf", "resource": "download"},
    {"path": "/a", "country": "DE"},
)
"""Numbered in the table below."""


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        ('url = "/a"', {0, 2, 7}),
        ('url_prefix = "/a/"', {1}),
        ('url_prefix = "/"', {0, 1, 2, 6, 7}),
        ("url_regex = '^/.$'", {0, 2, 7}),
        ("url_regex = '[.]pdf'", {6}),
        ('event = { category = "video" }', {3, 4}),
        ('event = { category = "video", action = "play" }', {3}),
        ('event = { label = "x" }', set()),
        ('kind = "transaction"', {5}),
        ('kind = "request"', {0, 1, 2, 6, 7}),
        ('url = "/a"\nkind = "transaction"', {5}),
        ('url = "/b"\nkind = "transaction"', set()),
        ("where = \"title LIKE 'Thank%'\"", {2}),
        ("where = \"country = 'DE'\"", {7}),
        ("url = '/a'\nwhere = \"query = 'x=1' OR country = 'DE'\"", {2, 7}),
        ("url = '/a'\nwhere = \"pages_in_visit = 0\"", set()),
    ],
)
def test_what_reaches_a_goal(tmp_path: Path, make_events: MakeEvents, says: str, expected: set[int]) -> None:
    reached = reaching(tmp_path, make_events, says, *PAGES)

    assert {number for number, one in enumerate(reached) if one} == expected


def test_a_goal_says_its_start_its_value_and_how_often_it_counts(tmp_path: Path) -> None:
    one, other, third = loaded(
        tmp_path,
        """
        [[goal]]
        name = "one"
        url = "/thanks"
        starts = { url_prefix = "/cart" }
        value = 3
        [[goal]]
        name = "other"
        kind = "transaction"
        value = "revenue"
        once = false
        [[goal]]
        name = "third"
        url = "/third"
        """,
    ).goals

    assert (one.value, one.is_once, one.starts and one.starts.said) == (3.0, True, 'url_prefix = "/cart"')
    assert (other.value, other.is_once, other.starts) == ("revenue", False, None)
    assert (third.value, third.is_once) == (0.0, True)


GOAL = '[[goal]]\nname = "g"\n'


@pytest.mark.parametrize(
    ("content", "says", "hint"),
    [
        ("[[goal]]\nurl = '/a'", "goal number 1 has no name", "name = "),
        (GOAL, "goal 'g': it needs one of url, url_prefix", 'url = "/thanks"'),
        (GOAL + "url = 'thanks'", "goal 'g': url is to be a path that begins with /", 'url = "/thanks"'),
        (GOAL + "url = '/a?b=1'", "without a query", 'url = "/thanks"'),
        (GOAL + "url = 1", "goal 'g': url is to be a line of text", 'url = "/thanks"'),
        (GOAL + "ulr = '/a'", "there is no key 'ulr'. Did you mean url?", "keys are name, url"),
        (GOAL + "url_regex = '('", "is no regular expression of Rust's regex crate: unclosed group", "url_regex"),
        (GOAL + r"url_regex = '(a)\1'", "backreferences are not supported", "url_regex"),
        (GOAL + "url_regex = '(a{1000}){1000}'", "it is too large", "url_regex"),
        (GOAL + "event = 'play'", "event is to be a table with some of category, action, label", "event = {"),
        (GOAL + "event = { name = 'play' }", "event is to be a table", "event = {"),
        (GOAL + "event = {}", "event is to be a table", "event = {"),
        (GOAL + "kind = 'sale'", "kind 'sale' is none of request, pageview", 'kind = "transaction"'),
        (GOAL + "where = \"contry = 'DE'\"", "There is no dimension of hits 'contry'. Did you mean country", "dim"),
        (GOAL + "where = 'hour = 3'", "There is no dimension of hits 'hour'", "footfall reports --dimensions"),
        (GOAL + "where = 'goals_in_visit > 1'", "no dimension of hits 'goals_in_visit'", "footfall reports"),
        (GOAL + "where = 'country ='", "goal 'g': where 'country =' cannot be used", "where"),
        (GOAL + "where = 'path > 3'", "goal 'g': where 'path > 3' cannot be used", "where"),
        (GOAL + "where = 'pages_in_visit'", "goal 'g': where 'pages_in_visit' compares nothing", "where = "),
        (GOAL + "url = '/a'\nwhere = 'title'", "goal 'g': where 'title' c", "where = "),
        (GOAL + "where = 'COUNT(path) > 3'", "does not tell row by row", "where"),
        (GOAL + "url = '/a'\nvalue = -1", "goal 'g': value is to be a number, 0 or more", "value = "),
        (GOAL + "url = '/a'\nvalue = 'price'", "value is to be a number, or one of event_value, revenue", "value = "),
        (GOAL + "url = '/a'\nonce = 1", "once is to be true or false", "once = false"),
        (GOAL + "url = '/a'\nstarts = '/b'", "goal 'g', starts is no table", "docs/definitions.md"),
        (GOAL + "url = '/a'\nstarts = {}", "goal 'g', starts: it needs one of url", "url = "),
        (GOAL + "url = '/a'\nstarts = { value = 1 }", "goal 'g', starts: there is no key 'value'", "keys are url"),
        (GOAL + "url = '/a'\n" + GOAL + "url = '/b'", "2 entries of goal called 'g'", 'name = "g-2"'),
        ("goal = 'g'", "[[goal]] begins each goal", "docs/definitions.md"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_file_goal_and_key(tmp_path: Path, content: str, says: str, hint: str) -> None:
    error = refused(tmp_path, content)

    assert str(error).startswith(str(tmp_path))
    assert says in str(error)
    assert hint in (error.hint or "")


def test_a_condition_that_fails_over_a_value_is_told(tmp_path: Path, make_events: MakeEvents) -> None:
    with pytest.raises(SettingsError, match="cannot be told of some hits") as caught:
        reaching(
            tmp_path,
            make_events,
            "where = 'CAST(status AS SMALLINT) = 200'",
            {"status": 70_000, "kind": "pageview"},
        )

    assert "TRY_CAST" in (caught.value.hint or "")


def test_definitions_can_be_sent_to_workers() -> None:
    view = load_definitions(EXAMPLE).applied(View())

    sent = pickle.loads(pickle.dumps(view))
    assert sent == view
    events = probe.events().lazy()
    assert build(CATALOGUE["goals"], events, sent).equals(build(CATALOGUE["goals"], events, view))


def test_the_example_in_the_documents_is_the_file_to_copy() -> None:
    [block] = re.findall(r"```toml\n(.*?)```", (DOCS / "definitions.md").read_text(), re.DOTALL)

    assert block == EXAMPLE.read_text()
    assert set(tomllib.loads(block)) == {"goal", "funnel", "report"}


def test_the_example_answers_as_its_comments_say(make_events: MakeEvents) -> None:
    definitions = load_definitions(EXAMPLE)
    events = make_events(
        {"path": "/product/1", "country": "DE"},
        {"path": "/cart", "at": "2026-03-01T12:01:00+00:00"},
        {"path": "/order", "kind": "transaction", "revenue": 20, "at": "2026-03-01T12:02:00+00:00"},
        {"path": "/signup", "visitor": "b"},
        {"path": "/welcome", "visitor": "b", "at": "2026-03-01T12:01:00+00:00"},
        {"path": "/files/manual-1.2.pdf", "visitor": "c", "resource": "download"},
        {"path": "/files/manual-2.0.pdf", "visitor": "c", "resource": "download"},
    )
    view = definitions.applied(View())

    goals = build(CATALOGUE["goals"], events, view)
    assert goals.select("goal", "completions", "abandons", "value").rows() == [
        ("order", 1, 0, 20.0),
        ("signup", 1, 0, 5.0),
        ("manual", 2, 0, 0.0),
        ("video-watched", 0, 0, 0.0),
        ("german-search", 0, 0, 0.0),
    ]
    funnels = build(CATALOGUE["funnels"], events, view)
    assert funnels.select("funnel", "called", "reached").rows() == [
        ("checkout", "Product", 1),
        ("checkout", "Cart", 1),
        ("checkout", "Order", 1),
        ("come-back-and-buy", "Any page", 3),
        ("come-back-and-buy", "Order", 1),
        ("signup", "Form", 1),
        ("signup", "Confirm", 0),
        ("signup", "Welcome", 0),
    ]
    assert build(definitions.reports[0], events, view).rows() == [("/product/1", 1, 0.0, 1)]


def test_nothing_is_defined_without_a_file() -> None:
    assert Definitions().applied(View()) == View()
