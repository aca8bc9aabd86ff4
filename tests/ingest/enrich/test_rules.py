from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
import polars as pl
import pytest

from footfall.errors import SettingsError
from footfall.event import SCHEMA
from ingest.commands.enrich_options import enrichment_of
from ingest.enrich import Enrichment, enrich
from ingest.enrich.rule_file import LONGEST_ENTRY, glob_expression, load_rules
from ingest.enrich.rules import BotRule, ReferrerRule, Rules
from tests.ingest.enrich.frames import Row, events_of, settings_of

EVERYTHING = """
[resources.endings]
download = ["STEP", ".igs"]
page = ["xml"]

[resources.paths]
api = ["/rpc/*", "/v?/*"]
page = ["/api/docs/*"]

[bots]
not = ["Acme Browser"]

[[bots.rules]]
contains = "Acme-Monitor"
name = "Acme"
class = "monitoring"

[[bots.rules]]
matches = '^[0-9]+$'
name = "Digits"
class = "scanner"

[referrers]
internal = ["Shop.Example.com", "example.net"]

[[referrers.rules]]
hosts = ["partner.example.org", "spam.example.org"]
medium = "partner"
source = "Partner"

[campaigns]
source = ["src"]
campaign = ["cid", "kampagne"]

[scrub]
parameters = ["customer"]
patterns = ['K-[0-9]{8}']
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "rules.toml"
    path.write_text(text)
    return path


def test_a_file_with_everything_is_read(tmp_path: Path) -> None:
    assert load_rules(written(tmp_path, EVERYTHING)) == Rules(
        endings=(("step", "download"), ("igs", "download"), ("xml", "page")),
        paths=((r"(?s:^/rpc/.*$)|(?s:^/v./.*$)", "api"), (r"(?s:^/api/docs/.*$)", "page")),
        bots=(
            BotRule(r"(?i)Acme\-Monitor", "Acme", "monitoring", "Acme-Monitor"),
            BotRule("^[0-9]+$", "Digits", "scanner", "^[0-9]+$"),
        ),
        not_bots=("(?i)Acme Browser",),
        internal_hosts=("shop.example.com", "example.net"),
        referrers=(
            ReferrerRule("partner.example.org", "partner", "Partner"),
            ReferrerRule("spam.example.org", "partner", "Partner"),
        ),
        campaign_parameters=(("source", "src"), ("campaign", "cid"), ("campaign", "kampagne")),
        scrub_parameters=("customer",),
        scrub_patterns=("K-[0-9]{8}",),
    )


def test_an_empty_file_has_no_rules(tmp_path: Path) -> None:
    assert load_rules(written(tmp_path, "")) == Rules()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[resource]", "'resource' at the top is not known; there are resources, bots,"),
        ("resources = 1", "resources has to be a table, [resources]"),
        ("[resources]\nextensions = 1", "'extensions' in resources is not known"),
        ("[resources.endings]\nmovie = ['x']", "'movie' in resources.endings is not known; there are page,"),
        ("[resources.endings]\nstatic = 'x'", "resources.endings.static has to be a list of texts"),
        ("[resources.endings]\nstatic = [1]", "resources.endings.static: 1 has to be a text"),
        ("[resources.endings]\nstatic = ['']", "resources.endings.static: '' has to be a text"),
        ("[bots]\nrules = 1", "bots.rules has to be an array of tables"),
        ("[[bots.rules]]\ncontains = 'a'", "bots.rules[1].name is missing"),
        (
            "[[bots.rules]]\nname = 'a'\nclass = 'b'\ncontains = 'c'",
            "bots.rules[1].class: 'b' is none of search,",
        ),
        ("[[bots.rules]]\nname = 'a'\nclass = 'seo'", "bots.rules[1] needs either contains or matches"),
        (
            "[[bots.rules]]\nname = 'a'\nclass = 'seo'\nmatches = '('",
            "bots.rules[1].matches: '(' is no regular",
        ),
        ("[[bots.rules]]\nname = 'a'\nclass = 'seo'\nmatches = 'a(?=b)'", "look-around"),
        ("[scrub]\npatterns = ['x{1000}{1000}']", "scrub.patterns: 'x{1000}{1000}' is no regular"),
        ("[referrers]\ninternal = ['https://example.com/']", "'https://example.com/' is no host"),
        ("[[referrers.rules]]\nhosts = ['example.com']", "referrers.rules[1].medium is missing"),
        ("[[referrers.rules]]\nmedium = 'x'", "referrers.rules[1].hosts has to be a list"),
        ("[campaigns]\nclick_id = ['x']", "'click_id' in campaigns is not known"),
        (f"[scrub]\nparameters = ['{'x' * (LONGEST_ENTRY + 1)}']", "has to be a text of 1 to 500 characters"),
        (
            "[scrub]\nparameters = [" + "'x'," * 5001 + "]",
            "scrub.parameters has 5,001 entries, more than 5,000",
        ),
        ("[scrub]\nparameter = ['x']", "'parameter' in scrub is not known; there are parameters, patterns"),
        ("[bots]\nnever = ['x']", "'never' in bots is not known; there are not, rules"),
        (
            "[[bots.rules]]\nregex = 'x'",
            "'regex' in bots.rules[1] is not known; there are contains, matches,",
        ),
        ("[referrers]\nspam = ['x']", "'spam' in referrers is not known; there are internal, rules"),
        (
            "[[referrers.rules]]\nhost = 'x'",
            "'host' in referrers.rules[1] is not known; there are hosts, medium,",
        ),
        ("[scrub", "cannot be read as TOML"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_key(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_rules(written(tmp_path, text))

    assert sentence in str(caught.value)
    assert "rules.toml" in str(caught.value)
    assert caught.value.hint


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        load_rules(tmp_path / "nothing.toml")


def test_the_option_gives_the_rules(tmp_path: Path) -> None:
    path = written(tmp_path, EVERYTHING)
    assert enrichment_of({"rules": path}, Enrichment()).rules == load_rules(path)
    assert enrichment_of({"rules": None}, Enrichment()) == Enrichment()
    assert enrichment_of({}, Enrichment()) == Enrichment()


def test_the_option_refuses_a_bad_file(tmp_path: Path) -> None:
    with pytest.raises(click.BadParameter, match="is not known"):
        enrichment_of({"rules": written(tmp_path, "[x]")}, Enrichment())


@pytest.mark.parametrize(
    ("pattern", "expression"),
    [("/a.b", r"(?s:^/a\.b$)"), ("*.php?", r"(?s:^.*\.php.$)"), ("/[x]{2}", r"(?s:^/\[x\]\{2\}$)")],
)
def test_a_pattern_means_itself_but_for_two_signs(pattern: str, expression: str) -> None:
    assert glob_expression(pattern) == expression


def test_rules_reach_every_step(tmp_path: Path) -> None:
    rules = load_rules(written(tmp_path, EVERYTHING))
    row: dict[str, str | None] = {
        "path": "/rpc/x",
        "method": "GET",
        "query": "cid=may",
        "referrer": "https://www.example.net/",
        "user_agent": "Acme-Monitor/1",
    }
    [event] = enrich(_whole(row), "0123456789abcdef", settings_of(rules)).to_dicts()
    assert (event["resource"], event["campaign"], event["bot"]) == ("api", "may", "Acme")
    [event] = enrich(_whole(row | {"query": None}), "0123456789abcdef", settings_of(rules)).to_dicts()
    assert event["medium"] == "internal"


def _whole(row: Row) -> pl.DataFrame:
    return events_of(row).with_columns(
        pl.lit(0, dtype=pl.Int64).alias("offset"),
        pl.lit(datetime(2026, 1, 17, tzinfo=UTC), dtype=SCHEMA["time"]).alias("time"),
    )
