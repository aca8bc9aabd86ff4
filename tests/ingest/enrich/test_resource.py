from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.enrich.lists.reading import read_list
from ingest.enrich.resource import CLASSES, classify_resource
from ingest.enrich.rules import Rules
from tests.examples import SOME
from tests.ingest.enrich.frames import after, after_row, events_of, settings_of


@pytest.mark.parametrize(
    ("path", "resource"),
    [
        ("/", "page"),
        ("/about", "page"),
        ("/index.html", "page"),
        ("/shop.php", "page"),
        ("/v1.2/notes", "page"),
        ("/style.css", "static"),
        ("/IMG/Logo.PNG", "static"),
        ("/favicon.ico", "static"),
        ("/robots.txt", "static"),
        ("/notes/robots.txt", "download"),
        ("/sitemap.xml", "static"),
        ("/sitemap-2.xml.gz", "static"),
        ("/manifest.json", "static"),
        ("/.well-known/security.txt", "static"),
        ("/report.pdf", "download"),
        ("/a.tar.gz", "download"),
        ("/data.xml", "download"),
        ("/feed", "feed"),
        ("/blog/feed/", "feed"),
        ("/blog/rss", "feed"),
        ("/feed.xml", "feed"),
        ("/atom.xml", "feed"),
        ("/blog/index.rdf", "feed"),
        ("/posts.atom", "feed"),
        ("/feedback", "page"),
        ("/newsfeed.html", "page"),
        ("/api/v1/users", "api"),
        ("/apiary", "page"),
        ("/graphql", "api"),
        ("/wp-json/wp/v2/posts", "api"),
        ("/xmlrpc.php", "api"),
        ("/data.json", "api"),
        ("*", "page"),
        (None, None),
    ],
)
def test_the_resource_of_a_path(path: str | None, resource: str | None) -> None:
    assert after(classify_resource, path=path, method="GET")["resource"] == resource


@pytest.mark.parametrize(
    ("method", "resource"),
    [("GET", "page"), ("HEAD", "page"), ("POST", "page"), (None, "page"), ("PUT", "api"), ("OPTIONS", "api")],
)
def test_methods_of_programs_are_an_apis(method: str | None, resource: str) -> None:
    assert after(classify_resource, path="/a", method=method)["resource"] == resource


@pytest.mark.parametrize(
    ("path", "mime", "resource"),
    [
        ("/a", "text/html; charset=utf-8", "page"),
        ("/a", "application/json", "api"),
        ("/a", "application/vnd.api+json", "api"),
        ("/a", "image/webp", "static"),
        ("/a", "application/rss+xml", "feed"),
        ("/a", "application/pdf", "download"),
        ("/a", "strange", "page"),
        ("/a", None, "page"),
        ("/missing.png", "text/html", "static"),
    ],
)
def test_the_content_type_tells_what_the_path_does_not(path: str, mime: str | None, resource: str) -> None:
    assert after(classify_resource, path=path, mime=mime)["resource"] == resource


@pytest.mark.parametrize(
    ("path", "query", "resource"),
    [
        ("/", "feed=rss2", "feed"),
        ("/", "a=1&flav=atom", "feed"),
        ("/blog", "format=rss", "feed"),
        ("/", "feed=no", "page"),
        ("/", "newsfeed=rss", "page"),
        ("/a.png", "feed=rss2", "static"),
        (None, "feed=rss2", None),
    ],
)
def test_a_page_can_be_asked_for_as_a_feed(path: str | None, query: str, resource: str | None) -> None:
    assert after(classify_resource, path=path, query=query)["resource"] == resource


@pytest.mark.parametrize(
    ("kind", "resource"),
    [("request", "static"), (None, "static"), ("pageview", "page"), ("download", "download"), ("ping", None)],
)
def test_a_beacon_is_what_it_tells_of(kind: str | None, resource: str | None) -> None:
    assert after(classify_resource, kind=kind, path="/a.png")["resource"] == resource


def test_a_users_rules_go_before_all_others() -> None:
    rules = Rules(endings=(("pdf", "page"), ("step", "download")), paths=((r"(?s:^/api/docs/.*$)", "page"),))
    for path, resource in {
        "/a.pdf": "page",
        "/b.STEP": "download",
        "/api/docs/x": "page",
        "/api/x": "api",
    }.items():
        assert after(classify_resource, settings_of(rules), path=path, method="GET")["resource"] == resource

    assert after(classify_resource, settings_of(rules), path="/a.pdf", method="PUT")["resource"] == "page"


@SOME
@given(st.lists(st.tuples(st.none() | st.text(), st.sampled_from([None, "request", "pageview", "ping"]))))
def test_any_path_has_a_class_in_order(rows: list[tuple[str | None, str | None]]) -> None:
    events = [{"path": path, "kind": kind} for path, kind in rows]
    done = classify_resource(events_of(*events), settings_of())
    assert done.select(events_of(*events).columns).equals(events_of(*events))
    assert done["resource"].to_list() == [after_row(classify_resource, event)["resource"] for event in events]


def test_an_ending_is_of_one_class() -> None:
    endings = [ending for said in read_list("resources")["ending"].values() for ending in said]
    assert len(endings) == len(set(endings))
    assert read_list("resources")["ending"].keys() <= set(CLASSES)
