"""What holds for all formats that are parts with something between them, and for the W3C format."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.samples import aws, servers, w3c
from benchmarks.samples.rendered import REJECTED
from footfall.event import SCHEMA
from ingest.formats.aws import AWS
from ingest.formats.model import REJECT_REASONS, TRANSIENT, Format
from ingest.formats.servers import SERVERS
from ingest.formats.w3c import W3C
from ingest.formats.w3c import w3c as with_fields
from tests.examples import HANDFUL
from tests.ingest.formats.parsing import frame, outcomes

EVERY: tuple[Format, ...] = (*SERVERS, *AWS, *W3C, with_fields("date time cs-uri-stem cs(User-Agent)"))
EVERY_FORMAT = pytest.mark.parametrize("form", EVERY, ids=lambda form: form.spec)
SAMPLES = {**servers.SAMPLES, **aws.SAMPLES, **w3c.SAMPLES}
ODD = {"gcs": 2, "w3c": 2, "iis": 2}
"""Samples of which more than one line is rejected."""


def texts(form: Format) -> st.SearchStrategy[str]:
    """Return any text, and the example with something else in the place of a part of it."""
    line = form.example.split("\n")[-1]
    places = st.tuples(st.integers(0, len(line)), st.integers(0, 12), st.text(max_size=6))
    changed = places.map(lambda at: line[: at[0]] + at[2] + line[at[0] + at[1] :])
    pieces = st.lists(
        st.sampled_from([*' \t"\\|,-#[]{}', "#Fields:", " c-ip", "%", "\0", "é", "1e999", line[:40]]),
        max_size=12,
    )
    return st.one_of(st.text(), changed, pieces.map("".join))


@EVERY_FORMAT
@HANDFUL
@given(data=st.data())
def test_every_line_has_one_outcome_whatever_it_is(form: Format, data: st.DataObject) -> None:
    lines = data.draw(st.lists(texts(form), max_size=5))
    header = data.draw(st.one_of(st.just(form.example.split("\n")[0]), st.text(max_size=40)))
    parsed = form.parse(frame(lines), header)
    assert sum(outcomes(parsed)) == len(lines)
    assert set(parsed.rejected["reason"]) <= set(REJECT_REASONS)
    assert set(parsed.events["line_number"]).isdisjoint(parsed.rejected["line_number"])
    for line in lines[:1]:
        explained = form.explain(line, header)
        assert form.is_whole(line) in {True, False}
        assert all(0 <= taken.begin <= taken.end <= len(line) for taken in explained.taken)


@EVERY_FORMAT
def test_types_are_those_of_the_event(form: Format) -> None:
    first, *rest = form.example.split("\n")
    for lines in ([first, *rest, "garbage"], ["garbage"], [], [None]):
        schema = form.parse(frame(lines)).events.schema
        for name in set(schema) - {"line_number", "offset"}:
            assert schema[name] == (pl.String if name in TRANSIENT else SCHEMA[name])


@EVERY_FORMAT
def test_all_lines_can_be_rejected_for_one_reason(form: Format) -> None:
    lines = frame([form.example.split("\n")[-1]])
    assert outcomes(form.reject(lines, "line-cut")) == (0, 1, 0)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_read_but_for_what_is_in_no_format(name: str) -> None:
    form = next(form for form in EVERY if f"{form.name}.log" == name)
    lines = SAMPLES[name]()
    assert isinstance(lines, list)
    parsed = form.parse(frame(lines))
    rejected = parsed.rejected["text"].to_list()
    assert REJECTED in rejected
    assert len(rejected) == ODD.get(form.name, 1)
    assert sum(outcomes(parsed)) == len(lines)
    assert len(parsed.events) > 50
    assert sum(len(line) + 1 for line in lines) < 60_000


@EVERY_FORMAT
def test_no_value_is_the_sign_for_none(form: Format) -> None:
    made = SAMPLES.get(f"{form.name}.log", list)()
    assert isinstance(made, list)
    found = form.parse(frame(made)).events
    for name in found.columns:
        if found.schema[name] == pl.String:
            assert not found[name].is_in(["-", ""]).any(), name
