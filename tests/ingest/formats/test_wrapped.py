"""Lines inside of other lines: syslog, Docker, CRI."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.samples import content_of
from footfall.errors import FormatError
from ingest.formats import named
from ingest.formats.wrapped import MOST_WRAPPERS, WRAPPERS, separate, unwrap, wrapper_of
from tests.examples import SOME
from tests.ingest.formats.parsing import event, frame, outcomes, parse

COMBINED = named("combined").example
EVENT = event("combined", COMBINED)
WRAPPED = (
    "docker:combined",
    "journald:combined",
    "cri:combined",
    "syslog:combined",
    "docker:syslog:combined",
    "syslog:nginx_json",
)
EVERY_SPEC = pytest.mark.parametrize("spec", WRAPPED)
EVERY_KIND = pytest.mark.parametrize("kind", WRAPPERS)


def docker(text: str, stream: str = "stdout", **more: object) -> str:
    return json.dumps({"log": text, "stream": stream, "time": "2026-01-17T10:05:03.1Z"} | more)


@EVERY_SPEC
def test_a_wrapped_line_gives_the_event_of_the_line_inside(spec: str) -> None:
    form = named(spec)
    inner = named(spec.rpartition(":")[2])
    assert event(form, form.example) == event(inner, inner.example)
    assert (form.name, form.spec, form.columns) == (spec, spec, inner.columns)
    assert named(form.spec) == form


@EVERY_SPEC
def test_the_wrapper_is_the_first_part_of_an_explanation_and_places_are_those_of_the_whole_line(
    spec: str,
) -> None:
    form = named(spec)
    explanation = form.explain(form.example)
    assert explanation.taken[0].field == spec.partition(":")[0]
    assert explanation.failed_at is None
    shown = {form.example[part.begin : part.end] for part in explanation.taken if "ip" in part.columns}
    assert shown <= {"192.0.2.7"}


def test_a_failure_inside_is_shown_where_it_stands_in_the_whole_line() -> None:
    form = named("docker:nginx_json")
    inside = '{"time":"never","ip":"192.0.2.7","uri":"/shop"}'
    line = docker(f"{inside}\n")
    explanation = form.explain(line)
    assert explanation.reason == "bad-time"
    assert line[(explanation.failed_at or 0) - 1 :].startswith("never")
    assert form.explain("nonsense").failed_at == 1


@EVERY_SPEC
def test_a_wrapped_line_is_whole_when_the_line_inside_is(spec: str) -> None:
    form = named(spec)
    assert form.is_whole(form.example)
    assert not any(form.is_whole(form.example[:end]) for end in range(0, len(form.example) - 1, 7))


@pytest.mark.parametrize(
    "header",
    [
        "<134>Jan 17 10:05:03 web1 nginx[812]: ",
        "<134>Jan  7 10:05:03 web1 nginx: ",
        "Jan 17 10:05:03 web1 nginx: ",
        "<190>Jan 17 10:05:03 haproxy[12]: ",
        "Jan 17 2026 10:05:03 fw1 nginx: ",
        "Jan 17 10:05:03.123456 web1 nginx[812]: ",
        "<134>Jan 17 10:05:03 2001:db8::1 nginx: ",
        "<134>Jan 17 10:05:03 198.51.100.8 nginx: ",
        "2026-01-17T10:05:03.123456+01:00 web1 nginx[812]: ",
        "2026-01-17T10:05:03+0000 web1 nginx[812]: ",
        "<134>1 2026-01-17T10:05:03.123Z web1 nginx 812 ID47 - ",
        "<134>1 2026-01-17T10:05:03Z web1 nginx - - - \ufeff",
        '<134>1 - - - - - [meta@32473 a="b\\"c\\]d" e=""][x] ',
    ],
)
def test_syslog_of_every_kind_is_unwrapped(header: str) -> None:
    assert event("syslog:combined", header + COMBINED) == EVENT


@pytest.mark.parametrize(
    "line",
    [
        COMBINED,
        "<134>Jan 17 10:05:03 web1 nginx " + COMBINED,
        "<134>2 2026-01-17T10:05:03Z web1 nginx - - - " + COMBINED,
        "<134>1 2026-01-17T10:05:03Z web1 nginx - - [x " + COMBINED,
        "-- Journal begins at Mon 2026-01-12 --",
        "<30>Jan 12 13:07:00 web1 systemd[1]: Started Daily apt download activities.",
    ],
)
def test_what_is_not_wrapped_in_syslog_is_rejected_as_it_is(line: str) -> None:
    parsed = parse("syslog:combined", line)
    assert parsed.rejected.rows() == [(1, 1000, "no-match", line)]


def test_docker_skips_standard_error_and_blank_lines_and_rejects_parts() -> None:
    lines = [
        docker(f"{COMBINED}\n"),
        docker(f"{COMBINED}\r\n", attrs={"tag": "web"}),
        docker("2026/01/17 10:05:03 [error] 31#31\n", "stderr"),
        docker("\n"),
        docker(COMBINED[:40]),
        docker(COMBINED[40:] + "\n"),
        '{"log":7}',
        "",
        '{"other":"x"}',
    ]
    parsed = parse("docker:combined", *lines)
    assert parsed.events["line_number"].to_list() == [1, 2]
    assert parsed.rejected["line_number"].to_list() == [5, 6, 7, 9]
    assert parsed.rejected["text"].to_list() == [lines[4], lines[5], lines[6], lines[8]]
    assert parsed.skipped_lines == 3


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"source": "stdout", "container_id": "b4", "container_name": "/web"}, (1, 0, 0)),
        ({"source": "stderr", "container_id": "b4"}, (0, 0, 1)),
        ({"source": "stdout", "container_id": "b4", "partial_message": "true"}, (0, 1, 0)),
        ({"stream": "stdout", "_p": "F", "kubernetes": {"pod_name": "web-1"}}, (1, 0, 0)),
        ({"stream": "stdout", "logtag": "F"}, (1, 0, 0)),
        ({"stream": "stdout", "_p": "P"}, (0, 1, 0)),
        ({"stream": "stdout"}, (0, 1, 0)),
        ({"source": "stdout"}, (0, 1, 0)),
    ],
)
def test_what_fluentd_and_fluent_bit_are_handed_needs_no_line_feed(
    more: dict[str, object], expected: tuple[int, int, int]
) -> None:
    assert outcomes(parse("docker:combined", json.dumps({"log": COMBINED} | more))) == expected


def test_an_address_of_version_6_behind_the_tag_stays_whole() -> None:
    line = COMBINED.replace("192.0.2.7", "2001:db8::7")
    assert event("syslog:combined", f"Jan 17 10:05:03 nginx: {line}") == EVENT | {"ip": "2001:db8::7"}


def test_the_journal_holds_access_logs_and_other_messages() -> None:
    entry = {"__REALTIME_TIMESTAMP": "1768644303123456", "_PID": "812", "PRIORITY": "6"}
    messages = (COMBINED, "Started nginx.service.", [104, 105], None)
    lines = [json.dumps(entry | {"MESSAGE": message}) for message in messages]
    assert outcomes(parse("journald:combined", *lines, json.dumps({"MESSAGE": COMBINED}))) == (1, 4, 0)


def test_cri_skips_standard_error_and_rejects_parts() -> None:
    start = "2026-01-17T10:05:03.123456789+01:00"
    lines = [
        f"{start} stdout F {COMBINED}",
        f"{start} stderr F oops",
        f"{start} stdout P {COMBINED}",
        f"{start} stdout F ",
    ]
    assert outcomes(parse("cri:combined", *lines)) == (1, 1, 2)


@EVERY_KIND
def test_a_wrapper_is_recognised_by_the_first_lines(kind: str) -> None:
    head = frame([WRAPPERS[kind].example(COMBINED)] * 3 + ["garbage", "", "# comment"])
    assert wrapper_of(head) == kind
    assert unwrap(kind, head)["text"].to_list() == [COMBINED] * 3
    assert unwrap(kind, head)["line_number"].to_list() == [1, 2, 3]


@pytest.mark.parametrize("name", ["combined", "nginx_json", "caddy", "cloudfront_json", "common_vhost"])
def test_lines_that_are_not_wrapped_have_no_wrapper(name: str) -> None:
    assert wrapper_of(frame([named(name).example] * 3)) is None
    assert wrapper_of(frame(["", "#"])) is None


@pytest.mark.parametrize("definition", ["", "nonsense", "docker:", "docker:docker:docker:combined"])
def test_an_inner_format_that_is_none_is_refused_with_a_hint(definition: str) -> None:
    with pytest.raises(FormatError) as caught:
        named(f"docker:{definition}")

    assert caught.value.hint


def test_lines_may_be_wrapped_a_few_times_and_not_for_ever() -> None:
    deepest = named("docker:" * MOST_WRAPPERS + "combined")
    assert event(deepest, deepest.example) == EVENT
    with pytest.raises(FormatError):
        named("docker:" * 10_000 + "combined")


PIECES = st.sampled_from(
    ['{"log":"', '\\n"', ',"stream":"stdout"', '"}', "<134>", "1 ", "Jan 17 10:05:03 ", "2026-01-17T10:05:03Z ",
     "web1 ", "nginx: ", "- - - ", "[x]", "stdout ", "stderr ", "F ", "P ", COMBINED, "\\", '"', "é"]
)  # fmt: skip


@SOME
@given(
    st.lists(st.lists(PIECES, max_size=10).map("".join) | st.text(max_size=20), max_size=6),
    st.sampled_from(WRAPPED),
)
def test_every_line_has_exactly_one_outcome(lines: list[str], spec: str) -> None:
    form = named(spec)
    parsed = form.parse(frame([*lines, form.example]))
    assert sum(outcomes(parsed)) == len(lines) + 1
    assert parsed.events["line_number"].to_list()[-1] == len(lines) + 1
    for line in lines:
        assert (form.explain(line).failed_at is None) >= (outcomes(form.parse(frame([line])))[0] == 1)


@EVERY_KIND
def test_a_sample_is_read_but_for_what_does_not_belong_there(kind: str) -> None:
    content = content_of(f"{kind}.log")
    lines = frame(content.decode().splitlines())
    assert len(content) < 60_000
    assert wrapper_of(lines) == kind
    events, rejected, skipped = outcomes(named(f"{kind}:combined").parse(lines))
    assert (events + rejected + skipped, rejected) == (len(lines), 2)
    assert len(separate(kind, lines).lines) >= events
