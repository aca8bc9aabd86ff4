"""Credentials that DynamoDB does not accept any more: looked for again, and the request sent once more."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from aiobotocore.credentials import AioCredentials

from footfall.errors import AccessDenied
from footfall.store.aws.credentials import Credentials
from footfall.store.outcome import Verdict, error_for, judge
from tests.store.aws.serving import SECRET, Answers, SetEnv, connected, headers_of, http, refusal, serving

pytestmark = pytest.mark.anyio

FROM_FILES = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"))
EXPIRED = "ExpiredTokenException"
CODES = [EXPIRED, "ExpiredToken", "UnrecognizedClientException", "InvalidClientTokenId"]


def accepting(tokens: Iterable[str], code: str = EXPIRED) -> Answers:
    """Answer requests with one of `tokens`; refuse all others."""
    accepted = set(tokens)

    def answer(request: bytes) -> bytes:
        if headers_of(request).get("x-amz-security-token") in accepted:
            return http(b"{}")

        return refusal(code, "The security token included in the request is expired")

    return answer


@pytest.fixture
def shared_file(tmp_path: Path, environment: SetEnv) -> Path:
    """A shared credentials file that is used and that somebody may write to."""
    path = tmp_path / "credentials"
    environment(AWS_SHARED_CREDENTIALS_FILE=str(path), **FROM_FILES)
    write_token(path, "first")
    return path


def write_token(path: Path, token: str) -> None:
    path.write_text(
        f"[default]\naws_access_key_id = ASIAEXAMPLE\naws_secret_access_key = {SECRET}\naws_session_token = {token}\n"
    )


@pytest.mark.parametrize("code", CODES)
async def test_a_file_that_was_updated_is_read_again(shared_file: Path, code: str) -> None:
    async with serving(accepting({"second"}, code)) as server, connected(server.url) as engine:
        write_token(shared_file, "second")
        replies = [await engine.call("PutItem", b'{"a":1}') for _ in range(3)]

    assert [reply.ok for reply in replies] == [True] * 3
    assert server.tokens == ["first", "second", "second", "second"]
    assert all(request.endswith(b'{"a":1}') for request in server.requests)


async def test_requests_that_are_refused_together_are_all_sent_again(shared_file: Path) -> None:
    async with serving(accepting({"second"})) as server, connected(server.url) as engine:
        write_token(shared_file, "second")
        async with anyio.create_task_group() as tasks:
            for _ in range(8):
                tasks.start_soon(engine.call, "PutItem", b"{}")

    assert sorted(server.tokens) == ["first"] * 8 + ["second"] * 8


@pytest.mark.parametrize("found", ["first", "second"])
async def test_those_who_are_refused_together_share_one_reading(found: str) -> None:
    readings, has_been_read, renewed = list[None](), anyio.Event(), list[bool]()

    async def resolve() -> AioCredentials:
        readings.append(None)
        await has_been_read.wait()
        return AioCredentials("ASIAEXAMPLE", SECRET, found)

    credentials = Credentials(AioCredentials("ASIAEXAMPLE", SECRET, "first"), resolve)
    refused = await credentials.frozen()

    async def renew() -> None:
        renewed.append(await credentials.renew(refused))

    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(renew)

        await anyio.wait_all_tasks_blocked()
        has_been_read.set()

    assert (len(readings), renewed) == (1, [found == "second"] * 8)


def counted(credentials: Credentials) -> list[None]:
    """Return a list that grows with each reading of the environment."""
    readings, resolve = list[None](), credentials._resolve

    async def counting() -> Any:
        readings.append(None)
        return await resolve()

    credentials._resolve = counting
    return readings


@pytest.mark.parametrize("code", CODES)
async def test_when_there_is_nothing_new_the_refusal_is_final(shared_file: Path, code: str) -> None:
    async with serving(accepting(set(), code)) as server, connected(server.url) as engine:
        reply = await engine.call("PutItem", b"{}")

    assert server.tokens == ["first"]
    assert judge(reply) is Verdict.FATAL
    error = error_for("PutItem", "events", reply, "dynamodb:")
    assert (type(error), error.exit_code) == (AccessDenied, 4)
    assert "aws sts get-caller-identity" in (error.hint or "")
    assert SECRET not in f"{error} {error.hint}"


async def test_new_credentials_that_are_refused_too_are_final(shared_file: Path) -> None:
    async with serving(accepting(set())) as server, connected(server.url) as engine:
        write_token(shared_file, "second")
        reply = await engine.call("PutItem", b"{}")

    assert server.tokens == ["first", "second"]
    assert reply.error_code == EXPIRED


async def test_credentials_are_replaced_as_often_as_they_end(shared_file: Path) -> None:
    accepted = {"first"}
    async with (
        serving(lambda request: accepting(accepted)(request)) as server,
        connected(server.url) as engine,
    ):
        for token in ("first", "second", "third"):
            write_token(shared_file, token)
            accepted.clear()
            accepted.add(token)
            assert (await engine.call("PutItem", b"{}")).ok

    assert server.tokens == ["first", "first", "second", "second", "third"]


async def test_a_file_that_has_gone_leaves_the_refusal(shared_file: Path) -> None:
    async with serving(accepting(set())) as server, connected(server.url) as engine:
        shared_file.unlink()
        assert (await engine.call("PutItem", b"{}")).error_code == EXPIRED

    assert len(server.requests) == 1


def process_config(tmp_path: Path, *answers: dict[str, Any]) -> str:
    """Return a configuration whose credential process gives one answer after the other, then the last for ever."""
    for number, answer in enumerate(answers):
        document = {"Version": 1, "AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": SECRET, **answer}
        (tmp_path / f"answer-{number}").write_text(json.dumps(document))

    script = tmp_path / "login.py"
    script.write_text(
        "import pathlib, sys\n"
        "answers = sorted(pathlib.Path(sys.argv[1]).glob('answer-*'))\n"
        "print(answers[0].read_text())\n"
        "if len(answers) > 1: answers[0].unlink()\n"
    )
    return f"[default]\ncredential_process = {sys.executable} {script} {tmp_path}\n"


def expiring(token: str, **after: float) -> dict[str, Any]:
    return {"SessionToken": token, "Expiration": (datetime.now(UTC) + timedelta(**after)).isoformat()}


@pytest.mark.parametrize(
    "first", [{"SessionToken": "first"}, expiring("first", days=1)], ids=["plain", "dated"]
)
async def test_a_credential_process_is_asked_again(
    environment: SetEnv, tmp_path: Path, first: dict[str, Any]
) -> None:
    environment(process_config(tmp_path, first, expiring("second", days=1)), **FROM_FILES)
    async with serving(accepting({"second"})) as server, connected(server.url) as engine:
        assert (await engine.call("PutItem", b"{}")).ok

    assert server.tokens == ["first", "second"]


async def test_a_token_that_is_about_to_expire_is_replaced_before_it_is_refused(
    environment: SetEnv, tmp_path: Path
) -> None:
    config = process_config(tmp_path, expiring("first", minutes=5), expiring("second", days=1))
    environment(config, **FROM_FILES)
    async with serving(accepting({"second"})) as server, connected(server.url) as engine:
        assert (await engine.call("PutItem", b"{}")).ok

    assert server.tokens == ["second"]


async def test_a_process_that_gives_an_expired_token_is_denied(environment: SetEnv, tmp_path: Path) -> None:
    config = process_config(tmp_path, {"SessionToken": "first"}, expiring("second", days=-1))
    environment(config, **FROM_FILES)
    async with serving(accepting(set())) as server, connected(server.url) as engine:
        with pytest.raises(AccessDenied, match="expired") as caught:
            await engine.call("PutItem", b"{}")

    assert server.tokens == ["first"]
    assert SECRET not in f"{caught.value} {caught.value.hint}"


GARBAGE = [
    "not JSON",
    "{}",
    '{"Version": 1}',
    '{"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "b", "Expiration": "soon"}',
]


@pytest.mark.parametrize("said", GARBAGE)
async def test_a_process_that_says_nonsense_is_denied_at_the_start(
    environment: SetEnv, tmp_path: Path, said: str
) -> None:
    config = process_config(tmp_path, {})
    (tmp_path / "answer-0").write_text(said)
    environment(config, **FROM_FILES)
    with pytest.raises(AccessDenied) as caught:
        async with connected():
            pass

    assert "aws sts get-caller-identity" in (caught.value.hint or "")


@pytest.mark.parametrize("said", GARBAGE)
async def test_a_process_that_says_nonsense_during_a_run_is_denied(
    environment: SetEnv, tmp_path: Path, said: str
) -> None:
    config = process_config(tmp_path, {"SessionToken": "first"}, {})
    (tmp_path / "answer-1").write_text(said)
    environment(config, **FROM_FILES)
    async with serving(accepting(set())) as server, connected(server.url) as engine:
        with pytest.raises(AccessDenied):
            await engine.call("PutItem", b"{}")

    assert server.tokens == ["first"]


async def test_a_role_is_assumed_again(environment: SetEnv) -> None:
    config = (
        "[profile role]\nrole_arn = arn:aws:iam::123456789012:role/writer\nsource_profile = base\n"
        f"[profile base]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = {SECRET}\n"
    )
    tokens = iter(("first", "second", "third"))

    def assume(_request: bytes) -> bytes:
        until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        return http(
            f"<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>"
            f"{SECRET}</SecretAccessKey><SessionToken>{next(tokens)}</SessionToken><Expiration>{until}</Expiration>"
            f"</Credentials></AssumeRoleResult></AssumeRoleResponse>".encode()
        )

    async with serving(assume) as sts, serving(accepting({"second"})) as server:
        environment(config, AWS_ENDPOINT_URL_STS=sts.url, **FROM_FILES)
        async with connected(server.url, profile="role") as engine:
            assert (await engine.call("PutItem", b"{}")).ok

    assert server.tokens == ["first", "second"]


async def test_other_refusals_do_not_ask_for_credentials(shared_file: Path) -> None:
    async with serving(refusal("AccessDeniedException", "no")) as server, connected(server.url) as engine:
        readings = counted(engine._credentials)
        await engine.call("PutItem", b"{}")

    assert (len(server.requests), readings) == (1, [])
