from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import click
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.errors import SettingsError
from footfall.event import SCHEMA, TIME, conform
from ingest.commands.filter_options import OPTIONS, TAKES, filters_of
from ingest.filters import FIELDS, FILTER_REASONS, Filters, Rule, check, early, late, rule_of, rules_of_file

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


def hours(*values: int) -> pl.DataFrame:
    times = [NOON + timedelta(hours=value) for value in values]
    return pl.DataFrame({"time": times, "hour": values}, schema={"time": TIME, "hour": pl.Int64})


def test_without_bounds_everything_is_kept() -> None:
    kept, left_out = early(hours(-1, 0, 1), Filters())
    assert (kept["hour"].to_list(), left_out) == ([-1, 0, 1], {})


def test_since_is_inclusive_and_until_is_exclusive() -> None:
    kept, left_out = early(hours(-1, 0, 1, 2, 3), Filters(NOON, NOON + timedelta(hours=2)))
    assert kept["hour"].to_list() == [0, 1]
    assert left_out == {"before-since": 1, "at-or-after-until": 2}


def test_bounds_in_another_time_zone_are_the_same_moments() -> None:
    new_york = NOON.astimezone(timezone(timedelta(hours=-5)))
    kept, _ = early(hours(-1, 0, 1), Filters(since=new_york))
    assert kept["hour"].to_list() == [0, 1]


def test_an_empty_frame_stays_empty() -> None:
    kept, left_out = early(hours(), Filters(NOON, NOON))
    assert (len(kept), left_out) == (0, {})


@settings(deadline=None)
@given(st.lists(st.integers(-50, 50)), st.integers(-60, 60), st.integers(-60, 60))
def test_kept_and_left_out_add_up(values: list[int], since: int, until: int) -> None:
    filters = Filters(NOON + timedelta(hours=since), NOON + timedelta(hours=until))
    kept, left_out = early(hours(*values), filters)
    assert len(kept) + sum(left_out.values()) == len(values)
    assert kept["hour"].to_list() == [value for value in values if since <= value < until]


# Rules by field


def frame(**columns: list[Any]) -> pl.DataFrame:
    """Return events of these columns, numbered by `offset`, of the types of the event."""
    count = len(next(iter(columns.values())))
    events = pl.DataFrame({"time": [NOON] * count, "offset": range(count), **columns}, strict=False)
    return events.with_columns(pl.col(name).cast(SCHEMA[name]) for name in events.columns)


def kept(events: pl.DataFrame, *includes: str, excludes: tuple[str, ...] = ()) -> list[int]:
    """Return the numbers of the events that pass the rules, early ones and late ones, and see that figures add up."""
    rules = (*map(rule_of, includes), *(rule_of(text, excludes=True) for text in excludes))
    found, left_out = early(events, Filters(rules=rules))
    found, left_out_late = late(found, Filters(rules=rules))
    assert len(found) + sum(left_out.values()) + sum(left_out_late.values()) == len(events)
    assert {*left_out, *left_out_late} <= FILTER_REASONS.keys()
    return found["offset"].to_list()


PATHS = frame(path=["/", "/Shop/a", "/shop/b", "/shop/b/c", None, "/a.b", "/a*b", "/axb", "/line\nbreak"])


@pytest.mark.parametrize(
    ("rule", "numbers"),
    [
        ("path=/", [0]),
        ("path=/shop/*", [2, 3]),
        ("path=/SHOP/*", []),
        ("path=*", [0, 1, 2, 3, 5, 6, 7, 8]),
        ("path=-", [4]),
        ("path=-,/", [0, 4]),
        ("path=/shop/?", [2]),
        ("path=/a.b", [5]),
        ("path=/a?b", [5, 6, 7]),
        ("path=/line?break", [8]),
        ("path=/, /shop/b", [0, 2]),
        ("path~^/shop", [2, 3]),
        ("path~(?i)^/shop", [1, 2, 3]),
        ("path~b$", [2, 5, 6, 7]),
        ("path~/b{1,2}$", [2]),
        ("PATH = /", [0]),
    ],
)
def test_a_pattern_of_a_path_minds_case_and_is_of_the_whole_path(rule: str, numbers: list[int]) -> None:
    assert kept(PATHS, rule) == numbers
    assert kept(PATHS, excludes=(rule,)) == [number for number in range(len(PATHS)) if number not in numbers]


def test_texts_other_than_paths_and_queries_do_not_mind_case() -> None:
    agents = frame(user_agent=["Mozilla/5.0 Googlebot/2.1", "curl/8.0", None])
    assert kept(agents, "agent=*GOOGLEBOT*") == [0]
    assert kept(agents, "agent=CURL/8.0") == [1]
    assert kept(agents, "agent~^CURL") == [1]


def test_a_host_is_compared_without_its_port() -> None:
    hosts = frame(host=["www.Example.org:443", "example.org", "[2001:db8::1]:80", "example.org.evil.example"])
    assert kept(hosts, "host=*.example.org,example.org") == [0, 1]
    assert kept(hosts, "host=[2001:db8::1]") == [2]


@pytest.mark.parametrize(
    ("pattern", "numbers"),
    [("404", [1]), ("4xx", [1, 2]), ("4XX,200", [0, 1, 2]), ("404-500", [1, 2, 3]), ("-", [4]), ("301", [])],
)
def test_statuses_are_numbers_hundreds_and_ranges(pattern: str, numbers: list[int]) -> None:
    assert kept(frame(status=[200, 404, 499, 500, None]), f"status={pattern}") == numbers


@pytest.mark.parametrize(
    ("pattern", "numbers"),
    [
        ("192.0.2.7", [0, 5]),
        ("192.0.2.0/24", [0, 1, 5]),
        ("192.0.2.9/24", [0, 1, 5]),
        ("2001:db8::/32", [2, 6]),
        ("2001:db8::1", [2, 6]),
        ("0.0.0.0/0", [0, 1, 5]),
        ("::/0", [2, 6]),
        ("198.51.100.0/24,2001:db8::1,192.0.2.8", [1, 2, 6]),
        ("-", [4]),
    ],
)
def test_addresses_are_compared_as_numbers(pattern: str, numbers: list[int]) -> None:
    texts = [
        "192.0.2.7",
        "192.0.2.8",
        "2001:DB8:0::1",
        "host.example.org",
        None,
        "::ffff:192.0.2.7",
        "2001:db8::1%e",
    ]
    assert kept(frame(ip=texts), f"address={pattern}") == numbers


def test_address_rules_wait_for_the_client_behind_proxies() -> None:
    filters = Filters(rules=(rule_of("address=192.0.2.1"),))
    events = frame(ip=["198.51.100.1"])
    assert early(events, filters)[1] == {}
    assert late(events, filters)[1] == {"not-included-address": 1}


def test_of_one_field_one_rule_has_to_fit_and_of_different_fields_each() -> None:
    events = frame(path=["/a", "/b", "/c", "/a"], method=["GET", "get", "GET", "POST"])
    assert kept(events, "path=/a", "path=/b", "method=get") == [0, 1]


def test_an_event_is_left_out_for_the_first_reason_there_is() -> None:
    events = frame(path=["/a", "/b", "/a", "/b"], host=["x", "x", "y", "y"], status=[200, 404, 404, 404])
    rules = (rule_of("host=y", excludes=True), rule_of("status=4xx", excludes=True), rule_of("path=/b"))
    found, left_out = early(events, Filters(since=NOON, rules=rules))
    assert found.is_empty()
    assert left_out == {"not-included-path": 2, "excluded-host": 1, "excluded-status": 1}


@pytest.mark.parametrize("name", FIELDS)
def test_a_column_that_a_format_lacks_fits_only_what_is_absent(name: str) -> None:
    pattern = {"status": "200", "address": "192.0.2.1"}.get(name, "x")
    events = frame(time=[NOON])
    assert kept(events, f"{name}={pattern}") == []
    assert kept(events, excludes=(f"{name}={pattern}",)) == [0]
    assert kept(events, f"{name}=-") == [0]


def test_every_field_is_a_column_of_the_event() -> None:
    assert {field.column for field in FIELDS.values()} <= set(SCHEMA)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("path", "neither"),
        ("colour=red", "no field 'colour'"),
        ("path=", "empty"),
        ("path=/a,,/b", "empty"),
        ("path~", "empty"),
        ("status=4x", "no status"),
        ("status=abc", "no status"),
        ("address=192.0.2", "does not appear"),
        ("address~192", "no regular expression"),
        ("path~(", r"^'\(' is no regular expression \(unclosed group\)$"),
        ("path~(?=a)", "look-around"),
    ],
)
def test_a_rule_that_is_none_is_refused_with_the_reason(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check(Filters(rules=(rule_of(text),)))


def test_rules_of_a_file_stand_one_a_line_beside_comments() -> None:
    text = "\ufeff# ours\n\n  path=/health\n  # theirs\nagent~^kube-probe/\r\n"
    assert list(rules_of_file(text, excludes=True)) == [
        Rule("path", ("/health",), excludes=True),
        Rule("agent", ("^kube-probe/",), is_regex=True, excludes=True),
    ]
    with pytest.raises(ValueError, match="line 2: "):
        list(rules_of_file("path=/\nnonsense\n"))


# What is understood


UNDERSTOOD = frame(
    resource=["page", "static", "static", None],
    bot=[None, "Googlebot", None, "GPTBot"],
    bot_class=[None, "search", None, "ai-crawler"],
    country=["DE", "US", None, "US"],
)


def test_static_resources_and_bots_are_dropped_when_told() -> None:
    found, left_out = late(UNDERSTOOD, Filters(keeps_static=False, keeps_bots=False))
    assert (found["offset"].to_list(), left_out) == ([0], {"static": 2, "bot": 1})
    assert late(UNDERSTOOD, Filters())[1] == {}


def test_rules_over_what_was_understood_are_late() -> None:
    assert kept(UNDERSTOOD, "bot-class=search,ai-*") == [1, 3]
    assert kept(UNDERSTOOD, "country=us", excludes=("bot=gptbot",)) == [1]


@pytest.mark.parametrize(
    ("sql", "numbers"),
    [
        ("status >= 400 AND path LIKE '/a%'", [1]),
        ("status < 400", [0]),
        ("NOT (status < 400)", [1, 2]),
        ("status IS NULL", [3]),
        ("path ILIKE '%SELECT%'", [2]),
        ("status % 2 = 0 AND path IN ('/a', '/select')", [0, 2]),
        ("EXTRACT(hour FROM time) = 12", [0, 1, 2, 3]),
        ("time::date = DATE '2026-01-15'", [0, 1, 2, 3]),
        ("revenue > 3.5", []),
        ("country IS NULL AND status = 200", [0]),
        ("1 = 1", [0, 1, 2, 3]),
        ("1 = 2", []),
    ],
)
def test_a_condition_keeps_what_it_is_true_for(sql: str, numbers: list[int]) -> None:
    events = frame(status=[200, 404, 500, None], path=["/a", "/a/b", "/select", "/d"])
    found, left_out = late(events, Filters(where=sql))
    assert found["offset"].to_list() == numbers
    assert left_out.get("where", 0) == len(events) - len(numbers)


@pytest.mark.parametrize(
    "sql",
    [
        "status",
        "status =",
        "colour = 'red'",
        "status = 'x'",
        "path ~ '('",
        "SUM(bytes) > 3",
        "bytes = MAX(bytes)",
        "COUNT(*) > 1",
        "ROW_NUMBER() OVER (ORDER BY time) < 3",
        "LAG(bytes) OVER (ORDER BY time) > 3",
        "sum(bytes) OVER (PARTITION BY path) > 1",
        "corr(bytes, status) > 0",
        "UNNEST(path) = 'a'",
        "FIRST(path) = 'x'",
        "path IN (SELECT path FROM read_csv('/etc/passwd'))",
        "path IN (FROM read_csv('/etc/passwd'))",
        "$$'$$ = path OR path IN (SELECT 1) OR path = $$'$$",
        "status = 1 -- '\nOR path IN (SELECT 1) -- '",
        "status = 1; DROP TABLE events",
        "*",
    ],
)
def test_what_is_no_condition_over_one_event_is_refused(sql: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        check(Filters(where=sql))


def test_a_condition_that_fails_ends_the_run_rather_than_losing_a_line() -> None:
    filters = Filters(where="CAST(path AS INT) > 3")
    check(filters)
    with pytest.raises(SettingsError, match="--where"):
        late(frame(path=["4", "four"]), filters)


def test_a_condition_sees_an_empty_frame_as_one() -> None:
    assert late(conform(pl.DataFrame()).clear(), Filters(where="status > 1"))[1] == {}


# Sampling


def visitors(count: int) -> pl.DataFrame:
    numbers = range(count)
    ips = [f"198.51.100.{number % 250}" for number in numbers]
    return frame(
        ip=ips, user_agent=[f"Agent/{number % 400}" for number in numbers], visitor=["salted"] * count
    )


def test_a_sample_keeps_or_drops_visitors_whole_whatever_the_chunk() -> None:
    events = visitors(2000)
    found, left_out = late(events, Filters(sample=0.25))
    assert 0.15 < len(found) / len(events) < 0.35
    assert left_out == {"sampled-out": len(events) - len(found)}
    apart = [late(part, Filters(sample=0.25))[0] for part in events.iter_slices(37)]
    assert pl.concat(apart).equals(found)
    gone = events.join(found, on="offset", how="anti")
    assert found.join(gone, on=["ip", "user_agent"], how="semi").is_empty()


def test_a_larger_sample_holds_the_smaller_one() -> None:
    few, more = (late(visitors(2000), Filters(sample=share))[0]["offset"] for share in (0.1, 0.5))
    assert set(few) < set(more)


def test_a_sample_is_the_same_for_ever() -> None:
    assert late(visitors(40), Filters(sample=0.2))[0]["offset"].to_list() == SAMPLED


@pytest.mark.parametrize("dialect", [None, "plausible"])
def test_events_that_tell_of_nobody_are_sampled_one_by_one(dialect: str | None) -> None:
    nobody = (pl.lit(None, dtype=pl.String).alias(name) for name in ("ip", "visitor"))
    events = visitors(2000).with_columns(*nobody, pl.lit(dialect, dtype=pl.String).alias("dialect"))
    found, _ = late(events, Filters(sample=0.25))
    assert 450 < len(found) < 550


def test_beacons_are_sampled_by_the_visitor_of_their_tracker() -> None:
    events = frame(dialect=["matomo"] * 300, visitor=[f"{n % 50:016x}" for n in range(300)], ip=[None] * 300)
    found, _ = late(events, Filters(sample=0.5))
    gone = events.join(found, on="offset", how="anti")
    assert 10 < found["visitor"].n_unique() < 40
    assert not set(found["visitor"]) & set(gone["visitor"])


# Options


def from_options(**given: Any) -> Filters:
    return filters_of(given, Filters(since=NOON))


def test_no_options_are_no_filters() -> None:
    assert from_options() == Filters(since=NOON)


def test_options_become_filters(tmp_path: Path) -> None:
    path = tmp_path / "rules.txt"
    path.write_text("# bots\nagent=*bot*\n")
    assert from_options(
        include=("path=/a,/b",), exclude=("status=5xx",), exclude_from=(path,), where="status > 1", static="drop",
        bots="drop", sample=0.5,
    ) == Filters(
        since=NOON,
        rules=(
            Rule("path", ("/a", "/b")),
            Rule("status", ("5xx",), excludes=True),
            Rule("agent", ("*bot*",), excludes=True),
        ),
        where="status > 1",
        keeps_static=False,
        keeps_bots=False,
        sample=0.5,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ({"include": ("nonsense",)}, "--include"),
        ({"exclude": ("status=9",)}, "--exclude"),
        ({"where": "SUM(bytes) > 1"}, "--where"),
        ({"exclude_from": (Path("/nonexistent/rules"),)}, "--exclude-from"),
    ],
)
def test_bad_options_are_refused_by_name(given: dict[str, Any], hint: str) -> None:
    with pytest.raises(click.BadParameter) as caught:
        from_options(**given)

    assert caught.value.param_hint is not None
    assert str(caught.value.param_hint).startswith(hint)


@pytest.mark.parametrize("sql", ["status >", "status < 400 AND"])
def test_what_is_no_expression_is_told_what_one_is(sql: str) -> None:
    with pytest.raises(click.BadParameter) as caught:
        from_options(where=sql)

    assert "for instance, status < 400" in str(caught.value)
    assert "as Expr" not in str(caught.value)


def test_a_file_of_rules_that_is_not_there_is_said_so_without_numbers_of_errors() -> None:
    with pytest.raises(click.BadParameter, match=r"^cannot be read: No such file or directory$"):
        from_options(include_from=(Path("/nonexistent/rules"),))


def test_a_bad_line_of_a_file_is_named_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "rules.txt"
    path.write_bytes(b"path=/a\npath~(\n\x1b[2J=/\n")
    with pytest.raises(click.BadParameter) as caught:
        from_options(include_from=(path,))

    assert "line 3" in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_the_options_are_those_that_are_taken() -> None:
    @click.command()
    def nothing() -> None:
        """Do nothing."""

    command: Any = nothing
    for add in OPTIONS:
        command = add(command)

    assert {parameter.name for parameter in command.params} == TAKES


SAMPLED = [1, 4, 6, 12, 13, 19, 20, 23, 24, 26, 36]
TEXTS = st.none() | st.text(max_size=8)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(TEXTS, TEXTS, st.none() | st.integers(0, 999), TEXTS), min_size=1, max_size=8),
    st.lists(
        st.sampled_from(
            ["path=*a*", "agent~a", "status=2xx,4xx", "host=a?", "address=192.0.2.0/24", "path=-"]
        )
    ),
    st.lists(st.sampled_from(["path=/*", "agent=-", "status=-", "host~.", "address=::/0", "query=*"])),
)
def test_whatever_the_events_kept_and_left_out_add_up(
    rows: list[tuple[Any, ...]], includes: list[str], excludes: list[str]
) -> None:
    paths, agents, statuses, ips = (list(column) for column in zip(*rows, strict=True))
    events = frame(path=paths, user_agent=agents, status=statuses, ip=ips, host=paths)
    kept(events, *includes, excludes=tuple(excludes))
