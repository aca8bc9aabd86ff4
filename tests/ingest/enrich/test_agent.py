from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.enrich import enrich, understand
from ingest.enrich.agent import AGENT_LOGGED, COLUMNS, LONGEST_AGENT, classify_agent
from ingest.formats import FORMATS, parse_chunk
from ingest.sources import find_sources, open_source
from tests.ingest.enrich.frames import after, events_of, settings_of

REAL_LOG = Path(__file__).resolve().parents[3] / ".." / "shared" / "data" / "apache_access_10k.log.gz"
WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0"


@pytest.mark.parametrize(
    ("agent", "browser", "version", "system", "system_version", "device"),
    [
        (
            f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36",
            "Chrome",
            "124.0",
            "Windows",
            "10",
            "desktop",
        ),
        (
            f"Mozilla/5.0 (Windows NT 10.0) {CHROME} Safari/537.36 Edg/124.0.2478.51",
            "Edge",
            "124.0",
            "Windows",
            "10",
            "desktop",
        ),
        (
            "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0",
            "Firefox",
            "125.0",
            "Ubuntu",
            None,
            "desktop",
        ),
        (
            f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Version/17.4 Safari/605.1.15",
            "Safari",
            "17.4",
            "Mac OS X",
            "10.15",
            "desktop",
        ),
        (
            f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {CHROME} Safari/537.36",
            "Chrome",
            "124.0",
            "Chrome OS",
            "14541.0",
            "desktop",
        ),
        (
            f"Mozilla/5.0 (Linux; Android 10; K) {CHROME} Mobile Safari/537.36",
            "Chrome Mobile",
            "124.0",
            "Android",
            "10",
            "phone",
        ),
        (
            f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) {WEBKIT} Version/17.4 Mobile/15E148 Safari/604.1",
            "Mobile Safari",
            "17.4",
            "iOS",
            "17.4",
            "phone",
        ),
        (
            "Opera/9.80 (J2ME/MIDP; Opera Mini/7.1.32052/34.1244; U; en) Presto/2.8.119 Version/11.10",
            "Opera Mini",
            "7.1",
            None,
            None,
            "phone",
        ),
        (
            f"Mozilla/5.0 (Linux; Android 12; SM-X906C) {CHROME} Safari/537.36",
            "Chrome",
            "124.0",
            "Android",
            "12",
            "tablet",
        ),
        (
            f"Mozilla/5.0 (iPad; CPU OS 12_2 like Mac OS X) {WEBKIT} Version/12.1 Mobile/15E148 Safari/604.1",
            "Mobile Safari",
            "12.1",
            "iOS",
            "12.2",
            "tablet",
        ),
        (
            f"Mozilla/5.0 (Web0S; Linux/SmartTV) {CHROME} Safari/537.36 WebAppManager",
            "Chrome",
            "124.0",
            "Web0S",
            None,
            "tv",
        ),
        (
            f"Mozilla/5.0 (PlayStation; PlayStation 5/2.26) {WEBKIT} Version/13.0 Safari/605.1.15",
            "Safari",
            "13.0",
            None,
            None,
            "console",
        ),
        ("Lynx/2.8.9rel.1 libwww-FM/2.14", "Lynx", "2.8", None, None, "other"),
        ("curl/8.5.0", "curl", "8.5", None, None, "bot"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 6_0 like Mac OS X) Mobile/10A5376e (compatible; Googlebot/2.1)",
            "Googlebot",
            "2.1",
            "iOS",
            "6.0",
            "bot",
        ),
        ("nothing known", None, None, None, None, "other"),
    ],
)
def test_browser_system_and_device(
    agent: str, browser: str, version: str, system: str, system_version: str, device: str
) -> None:
    row = after(classify_agent, user_agent=agent)
    told = (row["browser"], row["browser_version"], row["os"], row["os_version"], row["device"])
    assert told == (browser, version, system, system_version, device)


def test_no_user_agent_is_a_bot_of_unknown_class() -> None:
    row = after(classify_agent, user_agent=None)
    assert (row["bot"], row["bot_class"], row["bot_reason"]) == ("no user agent", "unknown", "no user agent")


def test_of_a_log_without_user_agents_nobody_is_known_to_be_a_bot() -> None:
    events = events_of({"path": "/"}, {"path": "/a"}).with_columns(pl.lit("request").alias("kind"))
    places = pl.Series("offset", [0, 80], dtype=pl.Int64)
    logged = events.with_columns(places, pl.Series("time", [datetime(2026, 1, 12, tzinfo=UTC)] * 2))
    understood = understand(logged.drop("user_agent"), "0" * 16, settings_of())
    assert understood.select(COLUMNS).null_count().row(0) == (2,) * len(COLUMNS)
    assert understand(logged, "0" * 16, settings_of())["bot_class"].to_list() == ["unknown", "unknown"]


def test_where_only_some_lines_have_a_place_for_the_user_agent_each_is_told_by_itself() -> None:
    events = events_of({}, {}, {"user_agent": "curl/8"}).with_columns(
        pl.Series(AGENT_LOGGED, [True, False, True])
    )
    told = classify_agent(events, settings_of())
    assert told["bot_class"].to_list() == ["unknown", None, "library"]
    assert told["device"].to_list() == ["bot", None, "bot"]


def test_only_the_beginning_of_a_long_text_counts() -> None:
    assert after(classify_agent, user_agent="x" * LONGEST_AGENT + " Googlebot/2.1")["bot"] is None
    assert after(classify_agent, user_agent="Googlebot/2.1 " + "x" * 100_000)["bot"] == "Googlebot"


@given(st.lists(st.none() | st.text() | st.sampled_from(["curl/8", "Googlebot", "Mozilla/5.0 Firefox/1.0"])))
def test_any_user_agent_is_told_in_order(agents: list[str | None]) -> None:
    frame = events_of(*[{"user_agent": agent} for agent in agents])
    done = classify_agent(frame, settings_of())
    assert done.select(frame.columns).equals(frame)
    assert {name: done.schema[name] for name in COLUMNS} == dict.fromkeys(COLUMNS, pl.String)
    alone = [after(classify_agent, user_agent=agent) for agent in agents]
    assert done.select(COLUMNS).to_dicts() == [{name: row[name] for name in COLUMNS} for row in alone]


def test_two_threads_are_told_the_same() -> None:
    frame = events_of(*[{"user_agent": f"Agent{n}/1.0 curl/{n} Firefox/{n}.0"} for n in range(400)])
    with ThreadPoolExecutor(4) as pool:
        first, *others = pool.map(lambda _: classify_agent(frame, settings_of()), range(8))

    assert all(other.equals(first) for other in others)


@pytest.fixture(scope="module")
def real_log() -> pl.DataFrame:
    if not REAL_LOG.exists():
        pytest.skip("the shared Apache log is not here")

    [source] = find_sources([str(REAL_LOG)])
    settings = settings_of(site="semicomplete.com")
    with open_source(source) as opened:
        parts = [
            enrich(parse_chunk(chunk, FORMATS["combined"]).events, chunk.source_id, settings)
            for chunk in opened.chunks()
        ]

    return pl.concat(parts, how="diagonal")


def counts(events: pl.DataFrame, column: str) -> dict[str | None, int]:
    return dict(events.group_by(column).len().iter_rows())


def test_the_bots_of_the_public_apache_log(real_log: pl.DataFrame) -> None:
    names = counts(real_log, "bot")
    known = {
        "Googlebot": 510,
        "UniversalFeedParser": 364,
        "Tiny Tiny RSS": 198,
        "no user agent": 190,
        "archive.org_bot": 171,
        "Ezooms": 157,
        "Feedfetcher-Google": 110,
        "Yahoo! Slurp": 107,
        "Wget": 6,
        "PhantomJS": 5,
    }
    assert {name: names[name] for name in known} == known
    assert 2_800 <= len(real_log) - names[None] <= 2_950
    assert counts(real_log, "device")["bot"] == len(real_log) - names[None]


def test_the_bot_whose_user_agent_was_cut_is_told(real_log: pl.DataFrame) -> None:
    cut = real_log.filter(
        pl.col("user_agent").str.ends_with("Googlebot/2.1; +http://www.google.com/bot.html")
    )
    assert cut["bot"].to_list() == ["Googlebot"]


def test_the_visitors_of_the_public_apache_log_came_from_somewhere(real_log: pl.DataFrame) -> None:
    media = counts(real_log, "medium")
    assert (media["internal"], media["direct"], media["feed"]) == (5_039, 3_920, 153)
    assert counts(real_log.filter(pl.col("medium") == "search"), "source")["Google"] == 572
    searched = real_log.filter(pl.col("medium") == "search")["campaign_term"]
    assert (searched.drop_nulls() == searched.drop_nulls().str.strip_chars()).all()


def test_the_resources_of_the_public_apache_log(real_log: pl.DataFrame) -> None:
    assert counts(real_log, "resource") == {
        "static": 5_608,
        "page": 3_270,
        "feed": 901,
        "download": 220,
        "api": 1,
    }
    assert counts(real_log.filter(pl.col("resource") == "static"), "path")["/favicon.ico"] == 807
