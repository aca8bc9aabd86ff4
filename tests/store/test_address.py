from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from footfall.errors import SettingsError, StoreError
from footfall.store.address import DEFAULT, Address, StoreSettings, open_store, parse_address
from footfall.store.embedded import EmbeddedEngine
from footfall.store.simulator import Conditions, SimulatedEngine
from tests.fakes import FakeClock

GOOD = {
    "embedded:footfall.db": Address("embedded", "footfall.db"),
    "embedded:/var/lib/site.db": Address("embedded", "/var/lib/site.db"),
    "embedded:a:b.db": Address("embedded", "a:b.db"),
    "embedded::memory:": Address("embedded", ":memory:"),
    "embedded:dynamodb:x": Address("embedded", "dynamodb:x"),
    "embedded: with space.db": Address("embedded", " with space.db"),
    "embedded:x.db?": Address("embedded", "x.db"),
    "embedded:x.db?seed=7": Address("embedded", "x.db", Conditions(seed=7)),
    "embedded::memory:?seed=7&latency_ms=5": Address(
        "embedded", ":memory:", Conditions(seed=7, latency_seconds=0.005)
    ),
    "embedded:why%3F.db": Address("embedded", "why?.db"),
    "embedded:why%3f%3F.db?seed=1": Address("embedded", "why??.db", Conditions(seed=1)),
    "embedded:100%253F.db": Address("embedded", "100%3F.db"),
    "embedded:100%25253F.db": Address("embedded", "100%253F.db"),
    "embedded:100%25.db": Address("embedded", "100%25.db"),
    "dynamodb:owa_": Address("dynamodb", "owa_"),
    "dynamodb:": Address("dynamodb", ""),
    "dynamodb:A-z.0_9": Address("dynamodb", "A-z.0_9"),
    "dynamodb:" + "x" * 240: Address("dynamodb", "x" * 240),
}
BAD = (
    "",
    "footfall.db",
    "embedded",
    "embedded:",
    "dynamodb",
    "sqlite:x.db",
    "EMBEDDED:x.db",
    "embedded:?",
    "embedded:?write_units=500",
    "dynamodb:owa_?write_units=500",
    " embedded:x.db",
    "dynamodb:owa events",
    "dynamodb:owa/",
    "dynamodb:ö",
    "dynamodb:owa_\n",
    "dynamodb:" + "x" * 241,
)


@pytest.mark.parametrize(("text", "address"), GOOD.items())
def test_a_store_is_an_engine_and_a_target(text: str, address: Address) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize("text", BAD)
def test_anything_else_is_refused_with_both_forms(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_address(text)

    assert "embedded:PATH" in (caught.value.hint or "")
    assert "dynamodb:PREFIX" in (caught.value.hint or "")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["embedded:x.db?wirte_units=5", "embedded:x.db?write_units=5?seed=1"])
def test_wrong_parameters_are_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=r"parameter|no sense"):
        parse_address(text)


def test_the_default_is_a_store() -> None:
    assert StoreSettings().address == DEFAULT
    assert parse_address(DEFAULT).engine == "embedded"


def test_only_a_dynamodb_store_has_a_prefix() -> None:
    assert parse_address("dynamodb:owa_").prefix == "owa_"
    assert parse_address("embedded:owa_").prefix == ""


@pytest.mark.anyio
async def test_an_embedded_store_is_a_file_at_its_path(tmp_path: Path) -> None:
    path = tmp_path / "a:b c.db"
    async with open_store(StoreSettings(f"embedded:{path}"), FakeClock()) as store:
        assert path.is_file()
        assert (store.events_table, store.state_table) == ("events", "state")
        assert store.location == f"'embedded:{path}'"


@pytest.mark.anyio
async def test_a_store_without_parameters_is_just_the_file(tmp_path: Path) -> None:
    for address in (f"embedded:{tmp_path}/x.db", f"embedded:{tmp_path}/x.db?"):
        async with open_store(StoreSettings(address), FakeClock()) as store:
            assert type(store.engine) is EmbeddedEngine


@pytest.mark.anyio
async def test_a_store_with_parameters_is_simulated_in_front_of_the_file(tmp_path: Path) -> None:
    address = f"embedded:{tmp_path}/why%3F.db?write_units=1000,500@30&seed=7"
    async with open_store(StoreSettings(address), FakeClock()) as store:
        assert type(store.engine) is SimulatedEngine
        assert (tmp_path / "why?.db").is_file()
        assert shlex.split(store.location) == [address]


@pytest.mark.anyio
async def test_who_only_reads_makes_no_simulated_store_either(tmp_path: Path) -> None:
    address = f"embedded:{tmp_path}/none.db?read_units=5"
    with pytest.raises(StoreError, match="There is no store") as raised:
        async with open_store(StoreSettings(address, must_exist=True), FakeClock()):
            pass

    assert shlex.quote(address) in (raised.value.hint or "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.anyio
async def test_an_embedded_store_may_be_in_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    async with open_store(StoreSettings("embedded:~/site.db"), FakeClock()):
        assert (tmp_path / "site.db").is_file()


@pytest.mark.anyio
async def test_an_embedded_store_in_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="does not exist"):
        async with open_store(StoreSettings(f"embedded:{tmp_path}/no/site.db"), FakeClock()):
            pass


@pytest.mark.anyio
async def test_a_dynamodb_store_says_how_to_name_it_again() -> None:
    settings = StoreSettings("dynamodb:owa_", region="eu-central-1", endpoint_url="http://127.0.0.1:8000")
    async with open_store(settings, FakeClock()) as store:
        assert (store.events_table, store.state_table) == ("owa_events", "owa_state")
        assert store.location == "dynamodb:owa_ --region eu-central-1 --endpoint-url http://127.0.0.1:8000"


@pytest.mark.anyio
@pytest.mark.parametrize("secret", ["hunter2", "hunt/er2", "hunt@er2", "hunter2?"])
async def test_the_password_of_an_endpoint_is_never_shown(secret: str) -> None:
    settings = StoreSettings(
        "dynamodb:", region="eu-central-1", endpoint_url=f"http://me:{secret}@127.0.0.1:8000"
    )
    with pytest.raises(SettingsError) as caught:
        async with open_store(settings, FakeClock()):
            pass

    shown = f"{caught.value} {caught.value.hint} {caught.value.details}"
    assert not any(part in shown for part in ("hunt", "er2"))


@pytest.mark.parametrize("secret", ["hunter2", "hunt/er2", "hunt@er2"])
def test_the_password_of_an_endpoint_is_not_in_the_location(secret: str) -> None:
    from footfall.store.address import _location

    settings = StoreSettings("dynamodb:", endpoint_url=f"https://me:{secret}@db.example.org:8000/path")
    assert _location(settings) == "dynamodb: --endpoint-url https://db.example.org:8000/path"


@pytest.mark.anyio
async def test_who_only_reads_makes_no_store(tmp_path: Path) -> None:
    path = tmp_path / "none.db"
    with pytest.raises(StoreError, match="There is no store") as raised:
        async with open_store(StoreSettings(f"embedded:{path}", must_exist=True), FakeClock()):
            pass

    assert (raised.value.hint or "").startswith("footfall ingest ")
    assert not path.exists()
