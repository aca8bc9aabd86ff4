from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from footfall.errors import SettingsError
from footfall.salts import FIRST_DAY, Secret
from footfall.store.secrets import SecretPlace, create_secret, load_secret, replace_secret

pytestmark = pytest.mark.anyio

SECRET = Secret(FIRST_DAY, bytes(range(32)))
LATER = SECRET.advanced(date(2026, 1, 17))
Kept = Callable[[str, int], SecretPlace]


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    """Write a salt file with some text and a mode; give its place."""

    def keep(text: str, mode: int = 0o600) -> SecretPlace:
        path = tmp_path / "salt"
        path.write_text(text)
        path.chmod(mode)
        return SecretPlace(path)

    return keep


async def test_a_secret_that_is_created_can_be_loaded_by_its_owner_only(tmp_path: Path) -> None:
    place = SecretPlace(tmp_path / "salt")
    await create_secret(place, SECRET)
    assert await load_secret(place, {}) == SECRET
    assert (tmp_path / "salt").stat().st_mode & 0o777 == 0o600


async def test_a_secret_is_never_overwritten_by_a_new_one(kept: Kept) -> None:
    place = kept(SECRET.text, 0o600)
    with pytest.raises(SettingsError, match="already"):
        await create_secret(place, LATER)

    assert await load_secret(place, {}) == SECRET


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o660, 0o777])
async def test_a_file_that_others_can_read_or_change_is_refused(kept: Kept, mode: int) -> None:
    with pytest.raises(SettingsError, match="others than its owner") as refused:
        await load_secret(kept(SECRET.text, mode), {})

    assert (refused.value.hint or "").startswith("chmod 600 ")


@pytest.mark.parametrize(
    "text", ["", "\xff", SECRET.text[:-1], SECRET.key.hex(), SECRET.text + "\n" + SECRET.text]
)
async def test_a_file_with_something_else_is_refused_without_showing_it(kept: Kept, text: str) -> None:
    with pytest.raises(SettingsError, match="no secret for salts") as refused:
        await load_secret(kept(text, 0o600), {})

    assert SECRET.key.hex()[:8] not in f"{refused.value} {refused.value.hint}"
    assert refused.value.__cause__ is None


async def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    path = tmp_path / "none"
    with pytest.raises(SettingsError, match="cannot be read") as refused:
        await load_secret(SecretPlace(path), {})

    assert refused.value.hint == f"footfall salts create --salt-file {path}"


async def test_a_folder_is_no_salt_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        await load_secret(SecretPlace(tmp_path), {})

    with pytest.raises(SettingsError, match="cannot be replaced"):
        await replace_secret(SecretPlace(tmp_path), SECRET)


async def test_replacing_leaves_nothing_of_the_earlier_secret(tmp_path: Path, kept: Kept) -> None:
    place = kept(SECRET.text + "\n", 0o600)
    with (tmp_path / "salt").open("rb") as still_open:
        await replace_secret(place, LATER)
        assert still_open.read().strip(b"\0") == b""

    assert await load_secret(place, {}) == LATER
    assert [path.name for path in tmp_path.iterdir()] == ["salt"]
    assert (tmp_path / "salt").stat().st_mode & 0o777 == 0o600


async def test_what_an_interrupted_replacement_left_is_no_hindrance(tmp_path: Path, kept: Kept) -> None:
    place = kept(SECRET.text, 0o600)
    (tmp_path / ".salt.new").write_text("half")
    await replace_secret(place, LATER)
    assert await load_secret(place, {}) == LATER


async def test_a_link_stays_a_link_to_the_file_that_is_replaced(tmp_path: Path, kept: Kept) -> None:
    kept(SECRET.text, 0o600)
    link = tmp_path / "link"
    link.symlink_to("salt")
    await replace_secret(SecretPlace(link), LATER)
    assert link.is_symlink()
    assert (tmp_path / "salt").read_text().strip() == LATER.text


async def test_the_environment_is_asked_when_no_place_is_named(kept: Kept) -> None:
    assert await load_secret(SecretPlace(), {}) is None
    assert await load_secret(SecretPlace(), {"FOOTFALL_SALT": ""}) is None
    assert await load_secret(SecretPlace(), {"FOOTFALL_SALT": LATER.text}) == LATER
    assert await load_secret(kept(SECRET.text, 0o600), {"FOOTFALL_SALT": LATER.text}) == SECRET
    with pytest.raises(SettingsError, match="FOOTFALL_SALT holds is no secret"):
        await load_secret(SecretPlace(), {"FOOTFALL_SALT": "password"})


@pytest.fixture
def in_aws(moto_endpoint: str, request: pytest.FixtureRequest) -> SecretPlace:
    """Give the place of a secret that nobody has made yet."""
    name = f"footfall/{request.node.name}/{os.getpid()}"
    return SecretPlace(name=name, region="eu-central-1", endpoint_url=moto_endpoint)


async def test_a_secret_is_kept_in_secrets_manager(in_aws: SecretPlace) -> None:
    await create_secret(in_aws, SECRET)
    assert await load_secret(in_aws, {"FOOTFALL_SALT": LATER.text}) == SECRET
    with pytest.raises(SettingsError, match="already"):
        await create_secret(in_aws, LATER)


async def test_replacing_in_secrets_manager_takes_the_labels_from_earlier_versions(
    in_aws: SecretPlace,
) -> None:
    from footfall.store.aws.secrets import _client

    await create_secret(in_aws, SECRET)
    await replace_secret(in_aws, LATER)
    assert await load_secret(in_aws, {}) == LATER
    async with _client(in_aws) as client:
        versions = (await client.describe_secret(SecretId=in_aws.name))["VersionIdsToStages"]

    assert sorted(label for labels in versions.values() for label in labels) == ["AWSCURRENT"]


async def test_a_secret_that_is_not_there_says_how_to_make_one(in_aws: SecretPlace) -> None:
    with pytest.raises(SettingsError, match="There is no secret footfall/") as refused:
        await load_secret(in_aws, {})

    assert refused.value.hint == f"footfall salts create --salt-secret {in_aws.name}"
    with pytest.raises(SettingsError, match="There is no secret footfall/"):
        await replace_secret(in_aws, LATER)


async def test_an_arn_says_its_region_itself(in_aws: SecretPlace) -> None:
    from footfall.store.aws.secrets import _client

    await create_secret(in_aws, SECRET)
    async with _client(in_aws) as client:
        arn = (await client.describe_secret(SecretId=in_aws.name))["ARN"]

    assert ":eu-central-1:" in arn
    assert (
        await load_secret(SecretPlace(name=arn, region="us-east-1", endpoint_url=in_aws.endpoint_url), {})
        == SECRET
    )


async def test_what_aws_refuses_is_one_of_our_errors() -> None:
    place = SecretPlace(name="salt", region="eu-central-1", profile="nobody")
    with pytest.raises(SettingsError, match="nobody"):
        await load_secret(place, {})
