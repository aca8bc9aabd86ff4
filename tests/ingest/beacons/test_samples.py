from __future__ import annotations

import pytest

from benchmarks.samples import beacons
from benchmarks.samples.traffic import Hit, shown_pages
from ingest.beacons import Read
from tests.ingest.beacons.beaconing import read_lines

FORMS = {"matomo_bulk.ndjson": "beacons", "owa_queue.txt": "owa_queue"}


def read_sample(name: str) -> Read:
    return read_lines(*_lines(name), form=FORMS.get(name, "combined"))


def _lines(name: str) -> list[str]:
    made = beacons.SAMPLES[name]()
    assert isinstance(made, list)
    return made


def pages(hits: list[Hit]) -> list[tuple[str, str, str | None, str | None]]:
    """Return client, path, query and referrer of pages that were shown."""
    split = [(hit, *hit.target.partition("?")[::2]) for hit in hits]
    return [
        (hit.ip, path, query or None, None if hit.referrer == "-" else hit.referrer)
        for hit, path, query in split
    ]


@pytest.mark.parametrize("dialect", beacons.RENDERERS)
def test_the_beacons_of_pages_tell_of_these_pages(dialect: str) -> None:
    shown = shown_pages()
    events = read_lines(*beacons.RENDERERS[dialect](shown)).parsed.events
    assert events.select("ip", "path", "query", "referrer").rows() == pages(shown)
    assert events["time"].to_list() == [hit.at for hit in shown]
    assert events["user_agent"].to_list() == [hit.agent for hit in shown]
    assert set(events["host"]) == {"www.example.com"}
    assert set(events["kind"]) == {"pageview"}
    assert set(events["dialect"]) == {dialect}


@pytest.mark.parametrize("name", ["owa_queue.txt", "matomo_bulk.ndjson"])
def test_files_of_bodies_tell_of_the_same_pages(name: str) -> None:
    events = read_sample(name).parsed.events
    told = set(events.select("ip", "path", "query", "referrer").rows())
    assert set(pages(shown_pages())) <= told


@pytest.mark.parametrize("name", beacons.SAMPLES)
def test_each_sample_has_one_line_that_is_rejected(name: str) -> None:
    assert len(read_sample(name).parsed.rejected) == 1


@pytest.mark.parametrize("name", ["matomo.log", "owa_queue.txt", "matomo_bulk.ndjson"])
def test_samples_with_ids_have_a_beacon_that_was_sent_twice(name: str) -> None:
    identities = read_sample(name).parsed.events["identity"].drop_nulls()
    assert identities.n_unique() < len(identities)


def test_the_sample_of_owa_has_every_type_of_event() -> None:
    kinds = set(read_sample("owa.log").parsed.events["kind"])
    assert kinds == {"pageview", "event", "click", "transaction", "recording", "feed", "request"}
