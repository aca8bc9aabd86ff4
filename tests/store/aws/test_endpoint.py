from __future__ import annotations

import pytest

from footfall.errors import SettingsError
from footfall.store.engine import NoReply
from tests.servers import HOST, free_port
from tests.store.aws.serving import (
    REGION,
    SECRET,
    SetEnv,
    ask,
    connected,
    headers_of,
    http,
    refused_to_connect,
    serving,
)

pytestmark = pytest.mark.anyio

NO_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


async def test_the_endpoint_of_a_region_is_the_usual_one() -> None:
    async with connected() as engine:
        assert engine._endpoint.url == "https://dynamodb.eu-central-1.amazonaws.com/"


async def test_an_account_has_its_own_endpoint(environment: SetEnv) -> None:
    environment(AWS_ACCOUNT_ID="123456789012")
    async with connected() as engine:
        assert engine._endpoint.url == "https://123456789012.ddb.eu-central-1.amazonaws.com/"


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"])
async def test_the_endpoint_of_the_environment_is_asked(environment: SetEnv, variable: str) -> None:
    async with serving(http(b'{"TableNames":[]}')) as server:
        environment(**{variable: server.url})
        async with connected() as engine:
            assert (await engine.call("ListTables", b"{}")).ok

    assert len(server.requests) == 1


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
async def test_the_region_of_the_environment_is_used(environment: SetEnv, variable: str) -> None:
    environment(**{variable: "eu-west-3"})
    async with connected(region=None) as engine:
        assert engine._endpoint.url == "https://dynamodb.eu-west-3.amazonaws.com/"


async def test_a_named_region_goes_before_that_of_the_environment(environment: SetEnv) -> None:
    environment(AWS_REGION="eu-west-3")
    async with connected() as engine:
        assert engine._endpoint.region == REGION


async def test_the_region_of_a_profile_is_used(environment: SetEnv) -> None:
    environment("[profile paris]\nregion = eu-west-3\naws_access_key_id = a\naws_secret_access_key = b\n")
    async with connected(region=None, profile="paris") as engine:
        assert engine._endpoint.region == "eu-west-3"


async def test_an_emulator_on_this_machine_needs_neither_region_nor_credentials(environment: SetEnv) -> None:
    environment(**dict.fromkeys(NO_CREDENTIALS))
    async with serving(http(b"{}")) as server, connected(server.url, region=None) as engine:
        await engine.call("ListTables", b"{}")

    assert "/us-east-1/dynamodb/" in headers_of(server.requests[0])["authorization"]


async def test_a_proxy_of_the_environment_is_asked(environment: SetEnv) -> None:
    async with serving(http(b"{}")) as proxy:
        environment(HTTP_PROXY=proxy.url)
        async with connected("http://dynamodb.invalid:8000") as engine:
            assert (await engine.call("ListTables", b"{}")).ok

    assert proxy.requests[0].startswith(b"POST http://dynamodb.invalid:8000/ HTTP/1.1\r\n")


async def test_a_host_without_proxy_is_asked_itself(environment: SetEnv) -> None:
    async with serving(http(b"{}")) as proxy, serving(http(b"{}")) as server:
        environment(HTTP_PROXY=proxy.url, NO_PROXY=HOST)
        await ask(server)

    assert (len(proxy.requests), len(server.requests)) == (0, 1)


async def test_the_password_of_a_proxy_is_not_shown(environment: SetEnv) -> None:
    environment(HTTP_PROXY=f"http://me:{SECRET}@{HOST}:{free_port()}")
    async with connected("http://dynamodb.invalid:8000") as engine:
        with pytest.raises(NoReply) as caught:
            await engine.call("ListTables", b"{}")

    assert SECRET not in str(caught.value)
    assert not caught.value.maybe_applied


@pytest.mark.parametrize(
    "url",
    ["localhost:8000", "http://", "http://[::1", "ftp://127.0.0.1/", "//127.0.0.1", "8000", "http://a b/"],
)
async def test_an_endpoint_that_is_no_url_is_refused(url: str) -> None:
    error = await refused_to_connect(endpoint_url=url)
    assert type(error) is SettingsError
    assert "http://localhost:8000" in (error.hint or "")


async def test_an_endpoint_with_a_password_is_refused_without_showing_it(environment: SetEnv) -> None:
    environment(AWS_ENDPOINT_URL_DYNAMODB=f"http://me:{SECRET}@{HOST}:8000")
    error = await refused_to_connect()
    assert (type(error), error.hint) == (SettingsError, f"--endpoint-url http://{HOST}:8000/")
    assert SECRET not in str(error)


async def test_a_ca_bundle_that_is_not_there_is_said_at_once(environment: SetEnv) -> None:
    environment(AWS_CA_BUNDLE="/nonexistent/ca.pem")
    error = await refused_to_connect()
    assert (type(error), str(error)) == (SettingsError, "The CA bundle /nonexistent/ca.pem does not exist.")
