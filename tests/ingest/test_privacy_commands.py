from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest

import cli
from footfall.keys import visitor_id
from footfall.salts import FIRST_DAY, Salts, Secret, parse_secret
from tests.ingest.enrich.mmdb import database, place
from tests.ingest.runs import table

SECRET = Secret(FIRST_DAY, bytes(range(32)))
LINE = (
    '192.0.2.7 - - [{day}/Jan/2026:10:00:00 +0000] "GET /?token=abc HTTP/1.1" 200 5 '
    '"https://example.org/" "Firefox"\n'
)


@dataclass(frozen=True, slots=True)
class Said:
    """What a command line said, and its exit code."""

    code: int
    out: str
    err: str


Run = Callable[..., Said]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run_command(*arguments: str | Path) -> Said:
        code = cli.run([str(argument) for argument in arguments])
        shown = capsys.readouterr()
        return Said(code, shown.out, shown.err)

    return run_command


@pytest.fixture
def salt_file(tmp_path: Path) -> Path:
    path = tmp_path / "salt"
    path.write_text(SECRET.text)
    path.chmod(0o600)
    return path


@pytest.fixture
def ingest(run: Run, tmp_path: Path) -> Run:
    """`footfall ingest` of two days and a line of junk into tmp_path/store.db."""
    log = tmp_path / "access.log"
    log.write_text(LINE.format(day=16) + LINE.format(day=17) + "junk\n")

    def run_ingest(*arguments: str | Path) -> Said:
        store, dead = f"embedded:{tmp_path / 'store.db'}", tmp_path / "dead.ndjson"
        return run(
            "ingest", log, "--store", store, "--dead-letters", dead, "--format", "combined", *arguments
        )

    return run_ingest


def stored(tmp_path: Path, attribute: str) -> list[str | None]:
    """Return an attribute of all events in the order of time, None where an event has none."""
    items = sorted(anyio.run(table, tmp_path / "store.db").values(), key=lambda item: item["sk"]["S"])
    return [item.get(attribute, {}).get("S") for item in items]


def test_a_salt_file_is_created_shown_and_destroyed(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "new"
    assert run("salts", "create", "--salt-file", path).code == 0
    made = parse_secret(path.read_text())
    assert made.first_on == FIRST_DAY
    assert "from 1970-01-01 on" in run("salts", "show", "--salt-file", path).out
    assert run("salts", "destroy", "--before", "2026-01-17", "--salt-file", path).code == 0
    assert parse_secret(path.read_text()) == made.advanced(datetime(2026, 1, 17, tzinfo=UTC).date())
    assert "from 2026-01-17 on" in run("salts", "show", "--salt-file", path).out


def test_salts_are_destroyed_by_age(run: Run, salt_file: Path) -> None:
    before = datetime.now(UTC).date()
    assert run("salts", "destroy", "--older-than", "2", "--salt-file", salt_file).code == 0
    first_on = parse_secret(salt_file.read_text()).first_on
    assert before <= first_on + timedelta(days=2) <= datetime.now(UTC).date()


def test_salts_of_days_to_come_cannot_be_destroyed(run: Run, salt_file: Path) -> None:
    said = run("salts", "destroy", "--before", "2999-01-01", "--salt-file", salt_file)
    assert (said.code, parse_secret(salt_file.read_text())) == (2, SECRET)
    assert "lies in the future" in said.err


def test_destroying_what_is_destroyed_changes_nothing(run: Run, salt_file: Path) -> None:
    said = run("salts", "destroy", "--before", "1970-01-01", "--salt-file", salt_file)
    assert (said.code, parse_secret(salt_file.read_text())) == (0, SECRET)
    assert "Nothing to destroy" in said.out


@pytest.mark.parametrize("days", [(), ("--before", "2026-01-17", "--older-than", "2")])
def test_destroying_needs_one_day(run: Run, salt_file: Path, days: tuple[str, ...]) -> None:
    assert run("salts", "destroy", "--salt-file", salt_file, *days).code == 2


@pytest.mark.parametrize("command", [("create",), ("destroy", "--older-than", "2")])
def test_the_salt_of_a_store_cannot_be_made_or_destroyed(run: Run, command: tuple[str, ...]) -> None:
    said = run("salts", *command)
    assert said.code == 2
    assert "lasts as long as the store" in said.err
    assert "keyed with the salt of the store" in run("salts", "show").out


def test_there_is_one_secret(run: Run, salt_file: Path) -> None:
    assert run("salts", "show", "--salt-file", salt_file, "--salt-secret", "name").code == 2


def test_a_secret_in_aws_is_created_used_and_destroyed(
    run: Run, ingest: Run, tmp_path: Path, moto_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", moto_endpoint)
    named = ("--salt-secret", f"footfall/{tmp_path.name}", "--region", "eu-central-1")
    assert run("salts", "create", *named).code == 0
    assert ingest(*named, "--visitor-ids", "daily").code == 0
    assert len(set(stored(tmp_path, "v"))) == 2
    destroyed = run("salts", "destroy", "--before", "2026-01-17", *named)
    assert (destroyed.code, "Secrets Manager keeps the earlier version" in destroyed.out) == (0, True)
    assert ingest(*named, "--visitor-ids", "daily", "--replay").code == 0
    assert [visitor is None for visitor in stored(tmp_path, "v")] == [True, False]


def test_daily_ids_come_from_the_secret_and_are_the_same_in_a_replay(
    ingest: Run, tmp_path: Path, salt_file: Path
) -> None:
    options = ("--salt-file", salt_file, "--visitor-ids", "daily")
    ingest(*options)
    days = [datetime(2026, 1, day, tzinfo=UTC).date() for day in (16, 17)]
    salts = Salts(secret=SECRET)
    expected = [visitor_id("192.0.2.7", "Firefox", salts.on(day) or b"") for day in days]
    assert stored(tmp_path, "v") == expected
    ingest(*options, "--replay")
    assert stored(tmp_path, "v") == expected


def test_a_replay_with_other_salts_and_proxies_doubles_nothing(
    ingest: Run, tmp_path: Path, salt_file: Path
) -> None:
    ingest()
    keys = set(anyio.run(table, tmp_path / "store.db"))
    ingest(
        "--replay", "--salt-file", salt_file, "--visitor-ids", "daily", "--trusted-proxies", "192.0.2.0/24"
    )
    assert set(anyio.run(table, tmp_path / "store.db")) == keys


def test_a_run_says_that_early_days_have_no_visitors(ingest: Run, tmp_path: Path, salt_file: Path) -> None:
    salt_file.write_text(SECRET.advanced(datetime(2026, 1, 17, tzinfo=UTC).date()).text)
    said = ingest("--salt-file", salt_file, "--visitor-ids", "daily")
    assert "Salts before 2026-01-17 are destroyed" in said.err
    assert [visitor is None for visitor in stored(tmp_path, "v")] == [True, False]


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_run_shows_nothing_of_the_secret(ingest: Run, tmp_path: Path, salt_file: Path, form: str) -> None:
    said = ingest("--salt-file", salt_file, "--summary", form)
    dead = (tmp_path / "dead.ndjson").read_text()
    assert "junk" in dead
    for text in (said.out, said.err, dead):
        assert SECRET.key.hex()[:16] not in text


def test_the_secret_can_stand_in_the_environment(
    ingest: Run, tmp_path: Path, salt_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest("--salt-file", salt_file)
    by_file = stored(tmp_path, "v")
    monkeypatch.setenv("FOOTFALL_SALT", SECRET.text)
    ingest("--replay")
    assert stored(tmp_path, "v") == by_file
    monkeypatch.setenv("FOOTFALL_SALT", "something else")
    refused = ingest("--replay")
    assert (refused.code, "something else" in refused.err) == (2, False)


def test_tokens_are_scrubbed_unless_the_user_keeps_them(ingest: Run, tmp_path: Path) -> None:
    ingest()
    assert set(stored(tmp_path, "q")) == {"token=*"}
    ingest("--replay", "--no-scrub")
    assert set(stored(tmp_path, "q")) == {"token=abc"}


def test_geography_comes_from_a_file_that_is_looked_at_first(ingest: Run, tmp_path: Path) -> None:
    path = tmp_path / "city.mmdb"
    path.write_bytes(b"junk")
    refused = ingest("--geography", path)
    assert (refused.code, "cannot be read as a MaxMind database" in refused.err) == (2, True)
    good = tmp_path / "good.mmdb"
    good.write_bytes(database({"192.0.2.0/24": place("DE", "BE", "Berlin")}))
    assert ingest("--geography", good).code == 0
    assert set(stored(tmp_path, "rg")) == {"DE-BE"}


@pytest.mark.parametrize("networks", ["192.0.2.0/33", "cdn", "private,x"])
def test_what_is_no_network_of_proxies_is_refused(ingest: Run, networks: str) -> None:
    said = ingest("--trusted-proxies", networks)
    assert said.code == 2
    assert "neither a network" in said.err
