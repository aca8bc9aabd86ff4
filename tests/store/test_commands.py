from __future__ import annotations

from pathlib import Path

import click
import pytest

import cli
from footfall.store.address import DEFAULT, StoreSettings
from footfall.store.commands import option, store_options


@click.command
@store_options
def settings_command(store: StoreSettings) -> StoreSettings:
    return store


def settings_of(*arguments: str) -> StoreSettings:
    settings = settings_command.main(list(arguments), standalone_mode=False)
    assert isinstance(settings, StoreSettings)
    return settings


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STORE", "REGION", "PROFILE", "ENDPOINT_URL"):
        monkeypatch.delenv(f"FOOTFALL_{name}", raising=False)


@pytest.fixture
def store(tmp_path: Path) -> str:
    return f"embedded:{tmp_path}/site.db"


def table(*arguments: str) -> int:
    return cli.run(["table", *arguments])


def test_without_options_the_store_is_the_default() -> None:
    assert settings_of() == StoreSettings(DEFAULT)


def test_options_say_which_store_and_how_to_reach_it() -> None:
    arguments = ["--store", "dynamodb:x", "--region", "r", "--profile", "p", "--endpoint-url", "http://u"]
    expected = StoreSettings("dynamodb:x", region="r", profile="p", endpoint_url="http://u")
    assert settings_of(*arguments) == expected


def test_the_environment_says_it_as_well_and_options_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTFALL_STORE", "dynamodb:x")
    monkeypatch.setenv("FOOTFALL_REGION", "r")
    monkeypatch.setenv("FOOTFALL_PROFILE", "p")
    monkeypatch.setenv("FOOTFALL_ENDPOINT_URL", "http://u")
    expected = StoreSettings("dynamodb:x", region="s", profile="p", endpoint_url="http://u")
    assert settings_of("--region", "s") == expected


def test_an_option_shows_variable_and_default() -> None:
    @click.command(context_settings={"auto_envvar_prefix": "X"})
    @option("--size", default=3, help="How large.")
    @option("--when", usual="now", help="How late.")
    def command(size: int, when: str | None) -> None: ...

    shown = " ".join(command.get_help(click.Context(command, **command.context_settings)).split())
    assert "How large. [env var: X_SIZE; default: 3]" in shown
    assert "How late. [env var: X_WHEN; default: (now)]" in shown


def test_tables_are_created_and_described(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert table("create", "--store", store, "--shards", "4") == 0
    assert capsys.readouterr().out == "events and state are ready: layout items, 4 shards.\n"
    assert table("describe", "--store", store) == 0
    assert capsys.readouterr().out == DESCRIBED


DESCRIBED = """\
events
  status   ACTIVE
  items    0
  bytes    0
  billing  on demand
  keys     pk (S), sk (S)
state
  status   ACTIVE
  items    1
  bytes    151
  billing  on demand
  keys     pk (S), sk (S)
layout items, 4 shards, schema version 1
"""


def test_creating_again_says_the_same(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert [table("create", "--store", store) for _ in range(2)] == [0, 0]
    first, second = capsys.readouterr().out.splitlines()
    assert first == second


def test_other_shards_are_refused(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert table("create", "--store", store, "--shards", "4") == 0
    assert table("create", "--store", store, "--shards", "5") == 2
    assert "made with 4 shards and cannot change to 5" in capsys.readouterr().err


def test_provisioned_capacity_is_described(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert table("create", "--store", store, "--read-units", "5", "--write-units", "50") == 0
    assert table("describe", "--store", store) == 0
    assert "  billing  5 read and 50 write units/s\n" in capsys.readouterr().out


@pytest.mark.parametrize("units", ["--read-units", "--write-units"])
def test_provisioned_capacity_needs_both_units(store: str, units: str, tmp_path: Path) -> None:
    assert table("create", "--store", store, units, "5") == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments", [["--shards", "0"], ["--shards", "1025"], ["--read-units", "0"], ["--shards", "many"]]
)
def test_numbers_out_of_range_are_refused(store: str, arguments: list[str]) -> None:
    assert table("create", "--store", store, *arguments) == 2


def test_describing_what_is_not_there_says_how_to_make_it(
    store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert table("describe", "--store", store) == 4
    assert capsys.readouterr().err.endswith(
        f"  try: footfall ingest access.log --site example.org --store {store}\n"
    )


def test_tables_are_made_on_a_server(moto_endpoint: str, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--store", "dynamodb:cmd_", "--endpoint-url", moto_endpoint, "--region", "eu-central-1"]
    assert table("create", *where) == 0
    assert table("describe", *where) == 0
    assert "cmd_events and cmd_state are ready" in capsys.readouterr().out
    for arguments, state in (([], "on"), ([], "on"), (["--off"], "off")):
        assert table("ttl", *arguments, *where) == 0
        assert f"TTL of cmd_events is {state}" in capsys.readouterr().out


def test_an_embedded_store_has_no_ttl_and_says_what_happens_instead(
    store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert table("create", "--store", store) == 0
    assert table("ttl", "--store", store) == 2
    assert "reports leave out what has expired" in capsys.readouterr().err
