"""What a user is told when DynamoDB refuses: a sentence, a hint, exit code 4."""

from __future__ import annotations

import sys
from datetime import timedelta

import anyio
import pytest

import cli
from footfall.clock import SystemClock
from tests.store.aws.service import TimedService
from tests.store.aws.serving import REGION, SECRET, TOKEN, SetEnv, http, refusal, serving

pytestmark = pytest.mark.anyio

REFUSALS = {
    "expired": (
        refusal("ExpiredTokenException", "The security token included in the request is expired"),
        "footfall: DynamoDB does not accept the credentials: The security token included in the request is expired",
        "aws sso login, or see which credentials are used: aws sts get-caller-identity",
    ),
    "denied": (
        refusal("AccessDeniedException", "User: someone is not authorized"),
        "footfall: Not allowed to GetItem on owa_state: User: someone is not authorized",
        "allow dynamodb:GetItem in IAM",
    ),
    "encrypted": (
        refusal("AccessDeniedException", "KMS key access denied error: the key is disabled"),
        "footfall: The key that encrypts owa_state cannot be used: KMS key access denied error: the key is disabled",
        "enable the table's KMS key, and allow kms:Decrypt on it in IAM",
    ),
    "missing": (
        refusal("ResourceNotFoundException", "Requested resource not found"),
        "footfall: Table owa_state does not exist or is not ready yet.",
        "footfall table create --store dynamodb:owa_ --region eu-central-1 --endpoint-url http://127.0.0.1:",
    ),
    "at another time": (
        refusal("InvalidSignatureException", "Signature expired: then is now earlier than now"),
        "footfall: DynamoDB refuses the time that requests are signed with; this machine's clock is wrong: Signature",
        "set the clock, for instance: timedatectl set-ntp true",
    ),
    "by a proxy": (
        http(b"<html>no</html>", "403 Forbidden"),
        "footfall: Not DynamoDB but something before it answered GetItem on owa_state, a proxy or another web",
        "check the proxy settings and --endpoint-url",
    ),
}


@pytest.mark.parametrize(("answer", "sentence", "hint"), REFUSALS.values(), ids=REFUSALS.keys())
async def test_a_refusal_is_a_sentence_and_exit_code_4(
    environment: SetEnv, answer: bytes, sentence: str, hint: str
) -> None:
    environment(AWS_ACCESS_KEY_ID="AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY=SECRET, AWS_SESSION_TOKEN=TOKEN)
    async with serving(answer) as server:
        command = [
            "table",
            "describe",
            "--store",
            "dynamodb:owa_",
            "--region",
            REGION,
            "--endpoint-url",
            server.url,
        ]
        ended = await anyio.run_process([sys.executable, cli.__file__, *command], check=False)

    said = ended.stderr.decode()
    assert ended.returncode == 4
    assert said.startswith(sentence)
    assert f"\n  try: {hint}" in said
    assert "Traceback" not in said
    assert SECRET not in said
    assert TOKEN not in said


async def test_a_clock_that_is_wrong_is_told_while_work_goes_on() -> None:
    async with serving(TimedService(SystemClock(), timedelta(hours=3))) as server:
        command = [
            "table",
            "describe",
            "--store",
            "dynamodb:",
            "--region",
            REGION,
            "--endpoint-url",
            server.url,
        ]
        ended = await anyio.run_process([sys.executable, cli.__file__, *command], check=False)

    assert ended.stderr.decode().count("footfall: This machine's clock is 180 minutes slow") == 1
    assert len(server.requests) >= 2
