from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random

import polars as pl
import pytest

from ingest.chunks import Chunk
from ingest.formats import FORMATS
from ingest.formats.detect import Detection, detect
from ingest.formats.finish import is_skipped
from ingest.formats.wrapped import WRAPPERS, wrapping
from ingest.lines import split_lines
from ingest.sources import find_sources, open_source

SAMPLES = Path(__file__).resolve().parents[2] / "sample_logs"
COMBINED = FORMATS["combined"].example
COMMON = FORMATS["common"].example

SPECS = {
    "docker.log": "docker:combined",
    "journald.log": "journald:combined",
    "cri.log": "cri:combined",
    "syslog.log": "syslog:combined",
    "cloudfront.parquet": "cloudfront_json",
    **dict.fromkeys(
        ["ga4.log", "goatcounter.log", "matomo.log", "owa.log", "snowplow.log"],
        "combined",
    ),
    **dict.fromkeys(
        [
            "beacons.ndjson",
            "matomo_bulk.ndjson",
            "measurement_protocol.ndjson",
            "plausible.ndjson",
            "posthog.ndjson",
            "snowplow_tp2.ndjson",
            "umami.ndjson",
        ],
        "beacons",
    ),
}
"""File in `sample_logs/` → format that it is in, where that is not the name of the file."""

SOME_LINES = 40

HEADED = {"gcs.log"}
"""Files that begin with a line of names, which is no record."""

MORE_THAN_COMBINED = {"icecast", "ingress_nginx", "nginx_main", "ovh", "squid_combined", "traefik_clf"}
W3C = {"w3c", "cloudfront", "iis", "isa", "netscaler", "shoutcast"}
OVERLAPS: dict[str, set[str]] = {
    **{name: {"combined"} for name in MORE_THAN_COMBINED},
    **{name: {"w3c"} for name in W3C - {"w3c"}},
    "haproxy_clf": {"combined"},
    "beacons": {"nginx_json"},
}
"""Format → other formats that read its lines as well: with less behind, or to the same events."""

NO_LOGS = {
    "prose": "It was the best of times, it was the worst of times.\nIt was the age of wisdom.\n" * 20,
    "csv": "date,name,amount\n2026-01-17,Anna,12.50\n2026-01-18,Ben,7\n" * 20,
    "semicolons": "17.01.2026;10:05:03;192.0.2.7;ok\n" * 20,
    "application": '{"time":"2026-01-17T10:05:03Z","level":"info","msg":"job done","took":12}\n' * 20,
    "python": "2026-01-17 10:05:03,123 INFO worker Started job 17 for 192.0.2.7\n" * 20,
    "auth": "Jan 17 10:05:03 web1 sshd[812]: Failed password for root from 192.0.2.7 port 22 ssh2\n" * 20,
    "apache error": "[Sat Jan 17 10:05:03.123456 2026] [core:error] [pid 7] [client 192.0.2.7:1] AH00126: Invalid\n"
    * 20,
    "nginx error": "2026/01/17 10:05:03 [error] 7#7: *1 open() failed, client: 192.0.2.7, server: _\n" * 20,
    "trace": "java.lang.NullPointerException: null\n\tat com.example.Main.main(Main.java:12)\n" * 20,
    "html": "<!DOCTYPE html>\n<html><head><title>x</title></head>\n<body>y</body></html>\n" * 20,
    "sql": "INSERT INTO t VALUES (1, '192.0.2.7', '2026-01-17 10:05:03');\n" * 20,
    "dead letters": '{"source":"a","source_id":"0","line":1,"offset":0,"reason":"no-match","raw":"x"}\n' * 20,
    "docker application": '{"log":"started\\n","stream":"stdout","time":"2026-01-17T10:05:03.1Z"}\n' * 20,
    "binary": Random(1).randbytes(20_000).decode("latin-1"),
}


def frame_of(data: bytes) -> pl.DataFrame:
    return split_lines(Chunk("", data, 0, len(data), 1, data.count(b"\n")))


def detect_text(*lines: str) -> Detection:
    return detect(frame_of("".join(f"{line}\n" for line in lines).encode()))


@cache
def head_of(name: str) -> pl.DataFrame:
    with open_source(find_sources([str(SAMPLES / name)])[0]) as opened:
        return opened.head()


@cache
def every_line() -> pl.DataFrame:
    """Return lines of all samples, each also cut and with an odd end, numbered through."""
    texts = [
        text
        for name in sorted(path.name for path in SAMPLES.iterdir())
        for line in head_of(name).filter(~is_skipped())["text"].head(SOME_LINES)
        for text in (line, line[: len(line) // 2], line + " \\x22", "\0\0" + line)
    ]
    return frame_of("".join(f"{text}\n" for text in texts).encode())


def spec_of(name: str) -> str:
    return SPECS.get(name, name.partition(".")[0])


EVERY_SAMPLE = pytest.mark.parametrize("name", sorted(path.name for path in SAMPLES.iterdir()))
EVERY_FORMAT = pytest.mark.parametrize("name", FORMATS)


# The matrix


@EVERY_SAMPLE
def test_each_sample_is_found_to_be_in_its_format(name: str) -> None:
    found = detect(head_of(name))
    assert found.format is not None
    assert found.format.spec == spec_of(name)
    assert found.confidence > 0.75
    assert found.matched > 0.95 * found.total


@EVERY_SAMPLE
@pytest.mark.parametrize("count", [1, 10])
def test_the_first_lines_of_a_sample_are_enough(name: str, count: int) -> None:
    head = head_of(name)
    first = head.filter((~is_skipped()).cum_sum() <= count + (name in HEADED))
    found = detect(first)
    assert found.format is not None
    assert found.format.spec == spec_of(name)


@EVERY_FORMAT
def test_an_example_is_in_its_own_format_and_read_by_no_others_than_it_is_known_of(name: str) -> None:
    found = detect(frame_of((FORMATS[name].example + "\n").encode()))
    assert found.format is FORMATS[name]
    readers = {other for other, share in found.scores.items() if share} - {name}
    assert readers == OVERLAPS.get(name, set())


@pytest.mark.parametrize("kind", WRAPPERS)
@pytest.mark.parametrize("name", ["common", "combined_vhost", "haproxy", "icecast", "alb", "caddy"])
def test_what_is_inside_of_wrapped_lines_is_found(kind: str, name: str) -> None:
    form = wrapping(kind, FORMATS[name])
    found = detect_text(form.example, form.example)
    assert found.format is not None
    assert found.format.spec == f"{kind}:{name}"


@pytest.mark.parametrize("name", NO_LOGS)
def test_what_is_no_log_is_no_format_whoever_reads_it_by_accident(name: str) -> None:
    found = detect(frame_of(NO_LOGS[name].encode()))
    assert found.format is None
    assert found.confidence < 0.5


# How sure


def test_a_format_that_alone_reads_every_line_is_certain() -> None:
    found = detect_text(COMBINED)
    assert (found.confidence, found.nearest, found.runner_up) == (1.0, "combined", None)


def test_a_rival_that_reads_the_same_lines_takes_certainty_away() -> None:
    found = detect_text(FORMATS["icecast"].example)
    assert found.runner_up == "combined"
    assert 0.5 < found.confidence < 1


def test_a_rival_that_makes_the_same_events_takes_none() -> None:
    found = detect_text(*FORMATS["iis"].example.splitlines())
    assert (found.format, found.confidence, found.runner_up) == (FORMATS["iis"], 1.0, "w3c")


def test_lines_that_are_not_read_take_their_share() -> None:
    assert detect_text(COMBINED, COMBINED, COMBINED, "rubbish").confidence == pytest.approx(0.75)


def test_one_odd_line_does_not_give_a_log_to_the_format_with_less() -> None:
    icecast = FORMATS["icecast"].example
    found = detect_text(*[icecast] * 99, icecast.rpartition(" ")[0])
    assert found.format is FORMATS["icecast"]


def test_few_columns_are_no_log() -> None:
    found = detect_text("#Fields: date time cs-method", "2026-01-17 10:05:03 GET")
    assert (found.nearest, found.matched) == ("w3c", 1)
    assert found.format is None
    assert found.confidence < 0.5


# Shares


def test_blank_lines_and_comments_do_not_count() -> None:
    found = detect_text("# written by hand", "", COMBINED)
    assert (found.format, found.matched, found.total) == (FORMATS["combined"], 1, 1)


def test_the_largest_share_wins() -> None:
    found = detect_text(COMMON, COMMON, COMBINED)
    assert found.format is FORMATS["common"]
    assert found.scores["common"] == pytest.approx(2 / 3)
    assert found.offending == ((3, COMBINED),)


def test_of_equals_the_format_that_gives_most_wins() -> None:
    assert detect_text(COMMON, COMBINED).format is FORMATS["combined"]


def test_less_than_half_is_no_format_and_the_first_offending_lines_are_shown() -> None:
    found = detect_text("one", COMBINED, "two", "three", "four")
    assert found.format is None
    assert (found.nearest, found.matched, found.total) == ("combined", 1, 5)
    assert found.offending == ((1, "one"), (3, "two"), (4, "three"))


def test_exactly_half_is_enough() -> None:
    assert detect_text("one", COMBINED).format is FORMATS["combined"]


@pytest.mark.parametrize("lines", [(), ("", "# nothing but comments")])
def test_nothing_to_read_is_no_format(lines: tuple[str, ...]) -> None:
    found = detect_text(*lines)
    assert (found.format, found.matched, found.total, found.offending) == (None, 0, 0, ())
    assert (found.confidence, found.nearest, found.runner_up) == (0.0, None, None)


def test_an_empty_frame_is_no_format() -> None:
    head = pl.DataFrame(schema={"line_number": pl.Int64, "offset": pl.Int64, "text": pl.String})
    assert detect(head).format is None


# More lines than the sample has


def test_the_whole_head_counts_for_the_contenders() -> None:
    found = detect_text(*[COMBINED] * 300, *["rubbish"] * 100)
    assert (found.format, found.matched, found.total) == (FORMATS["combined"], 300, 400)
    assert found.offending[0] == (301, "rubbish")


def test_a_log_that_begins_with_rubbish_is_read_on() -> None:
    found = detect_text(*["rubbish"] * 300, *[COMBINED] * 500)
    assert (found.format, found.matched, found.total) == (FORMATS["combined"], 500, 800)


def test_a_log_of_two_formats_is_in_the_one_with_more_lines() -> None:
    assert detect_text(*[COMMON] * 250, *[COMBINED] * 450).format is FORMATS["combined"]


@pytest.mark.parametrize(
    "name", [name for name, form in FORMATS.items() if form.clue and name not in {*W3C, "ovh"}]
)
def test_every_line_that_a_format_reads_has_its_clue(name: str) -> None:
    form, lines = FORMATS[name], every_line()
    read = lines.filter(pl.col("line_number").is_in(form.parse(lines).events["line_number"].implode()))
    assert len(read)
    assert read.filter(~pl.col("text").str.contains(form.clue)).is_empty()


@pytest.mark.parametrize("name", sorted(W3C))
def test_no_line_is_read_without_the_directive_that_is_its_clue(name: str) -> None:
    form, head = FORMATS[name], head_of(f"{name}.log")
    has_clue = pl.col("text").str.contains(form.clue)
    assert len(form.parse(head.filter(has_clue | ~is_skipped())).events)
    assert form.parse(head.filter(~has_clue)).events.is_empty()


def test_clues_rule_out_nearly_all_formats() -> None:
    combined = frame_of((COMBINED + "\n").encode())
    possible = [
        name
        for name, form in FORMATS.items()
        if form.clue and combined.select(pl.col("text").str.contains(form.clue).any()).item()
    ]
    assert possible == [
        "common", "combined", "haproxy_clf", "traefik_clf", "squid_combined", "icecast", "nginx_main", "ingress_nginx"
    ]  # fmt: skip


def test_json_among_other_lines_hides_neither() -> None:
    caddy = FORMATS["caddy"].example
    assert detect_text(caddy, caddy, "rubbish").format is FORMATS["caddy"]
    assert detect_text(COMBINED, COMBINED, caddy).format is FORMATS["combined"]
