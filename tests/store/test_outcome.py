from __future__ import annotations

import re

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import AccessDenied, SchemaMismatch, StoreError, TableMissing
from footfall.store.engine import Reply
from footfall.store.outcome import (
    SCHEMA_SENTENCES,
    VERDICTS,
    Verdict,
    error_for,
    is_clock_skew,
    is_schema_mismatch,
    judge,
)
from tests.fakes import refused

OPERATIONS = (
    "BatchWriteItem",
    "CreateTable",
    "DeleteItem",
    "DeleteTable",
    "DescribeTable",
    "DescribeTimeToLive",
    "GetItem",
    "ListTables",
    "PutItem",
    "Query",
    "Scan",
    "UpdateItem",
    "UpdateTable",
    "UpdateTimeToLive",
)
HTML = b"<html><head><title>502 Bad Gateway</title></head></html>"


def documented() -> list[tuple[str, str]]:
    """Return (operation, error) as botocore's service model has them."""
    model = botocore.session.get_session().get_service_model("dynamodb")
    return [(name, shape.name) for name in OPERATIONS for shape in model.operation_model(name).error_shapes]


@pytest.mark.parametrize(("operation", "error"), documented())
def test_every_error_of_the_service_model_has_a_verdict(operation: str, error: str) -> None:
    assert error in VERDICTS


def test_the_service_model_was_read() -> None:
    assert len(documented()) > 30


@pytest.mark.parametrize(("code", "verdict"), VERDICTS.items())
def test_a_known_code_decides_whatever_the_status(code: str, verdict: Verdict) -> None:
    assert {judge(refused(code, status=status)) for status in (400, 500)} == {verdict}


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (301, Verdict.FATAL),
        (400, Verdict.FATAL),
        (403, Verdict.FATAL),
        (404, Verdict.FATAL),
        (407, Verdict.FATAL),
        (408, Verdict.RETRY),
        (409, Verdict.RETRY),
        (413, Verdict.REFUSED),
        (429, Verdict.THROTTLED),
        (500, Verdict.RETRY),
        (502, Verdict.RETRY),
        (503, Verdict.RETRY),
        (504, Verdict.RETRY),
    ],
)
def test_an_unknown_code_is_judged_by_its_status(status: int, verdict: Verdict) -> None:
    assert judge(refused("NeverHeardOfException", status=status)) is verdict
    assert judge(Reply(status, HTML)) is verdict


def test_only_known_words_put_the_blame_on_a_put() -> None:
    """What is REFUSED may end in the dead letters: an unknown refusal would fill them with every event there is."""
    blaming = {code for code, verdict in VERDICTS.items() if verdict is Verdict.REFUSED}
    assert blaming == {
        "ValidationException",
        "ValidationError",
        "SerializationException",
        "RequestEntityTooLargeException",
        "ItemCollectionSizeLimitExceededException",
        "ConditionalCheckFailedException",
        "ResourceInUseException",
    }


@pytest.mark.parametrize("code", ["ExpiredTokenException", "ExpiredToken"])
def test_expired_credentials_are_not_waited_for(code: str) -> None:
    assert judge(refused(code)) is Verdict.FATAL


def test_what_was_carried_out_is_done_whatever_it_says() -> None:
    assert judge(Reply(200, b'{"__type":"ValidationException"}')) is Verdict.DONE


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (b'{"__type":"com.amazonaws.dynamodb.v20120810#ScanException","message":"m"}', "ScanException", "m"),
        (b'{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"m"}', "AccessDeniedException", "m"),
        (b'{"__type":"ThrottlingException"}', "ThrottlingException", ""),
        (b'{"__type":"InternalServerError","message":null}', "InternalServerError", ""),
        (b'{"__type":null,"message":"m"}', "", "m"),
        (b'{"message":"m","extra":{"a":[1]}}', "", "m"),
        (b'{"__type":5}', "", ""),
        (HTML, "", ""),
        (b"", "", ""),
        (b"\xff\xfe", "", ""),
    ],
)  # fmt: skip
def test_code_and_message_are_read_from_any_body(body: bytes, code: str, message: str) -> None:
    reply = Reply(400, body)
    assert (reply.error_code, reply.error_message) == (code, message)


@given(st.binary(), st.integers(201, 599))
def test_no_body_raises(body: bytes, status: int) -> None:
    reply = Reply(status, body)
    assert judge(reply) in Verdict
    assert str(error_for("Scan", "events", reply, "dynamodb:"))


@pytest.mark.parametrize(
    ("reply", "kind", "sentence", "hint"),
    [
        (
            refused("ResourceNotFoundException"),
            TableMissing,
            "Table owa_events does not exist or is not ready yet.",
            "footfall table create --store dynamodb:owa_ --region eu-central-1",
        ),
        (
            refused("AccessDeniedException", "User: arn:x is not authorized"),
            AccessDenied,
            "Not allowed to Scan on owa_events: User: arn:x is not authorized",
            "allow dynamodb:Scan in IAM",
        ),
        (
            refused("UnrecognizedClientException", "The security token included in the request is invalid."),
            AccessDenied,
            "DynamoDB does not accept the credentials: The security token included in the request is invalid.",
            "aws sts get-caller-identity",
        ),
        (
            refused("ExpiredTokenException", "The security token included in the request is expired"),
            AccessDenied,
            "DynamoDB does not accept the credentials: The security token included in the request is expired",
            "aws sso login, or see which credentials are used: aws sts get-caller-identity",
        ),
        (
            refused("ValidationException", "The provided key element does not match the schema"),
            SchemaMismatch,
            "Table owa_events has other keys than footfall's: The provided key element does not match the schema",
            "choose another prefix",
        ),
        (
            refused("AccessDeniedException", "KMS key access denied error: the ciphertext refers"),
            AccessDenied,
            "The key that encrypts owa_events cannot be used: KMS key access denied error: the ciphertext refers",
            "enable the table's KMS key, and allow kms:Decrypt on it in IAM",
        ),
        (
            refused(
                "SubscriptionRequiredException", "The AWS Access Key Id needs a subscription for the service"
            ),
            AccessDenied,
            "The AWS account cannot use DynamoDB: The AWS Access Key Id needs a subscription for the service",
            "see which account it is: aws sts get-caller-identity",
        ),
        (
            refused(
                "InvalidSignatureException", "Signature not yet current: 20190305T002809Z is still later"
            ),
            AccessDenied,
            "DynamoDB refuses the time that requests are signed with; this machine's clock is wrong: Signature not yet "
            "current: 20190305T002809Z is still later",
            "set the clock, for instance: timedatectl set-ntp true",
        ),
        (
            Reply(403, HTML),
            StoreError,
            "Not DynamoDB but something before it answered Scan on owa_events, a proxy or another web server.",
            "check the proxy settings and --endpoint-url",
        ),
    ],
)
def test_an_error_says_what_failed_and_what_to_do(
    reply: Reply, kind: type[StoreError], sentence: str, hint: str
) -> None:
    error = error_for("Scan", "owa_events", reply, "dynamodb:owa_ --region eu-central-1")
    assert (type(error), str(error), error.hint) == (kind, sentence, hint)


@pytest.mark.parametrize(
    ("reply", "ending"),
    [
        (refused("ValidationException", "One of the values is odd"), "ValidationException: One of the values is odd"),
        (refused("ValidationException", ""), "ValidationException"),
        (Reply(413, HTML), "HTTP 413"),
        (Reply(400, b'{"message":"why"}'), "HTTP 400: why"),
    ],
)  # fmt: skip
def test_any_other_error_names_operation_table_and_reason(reply: Reply, ending: str) -> None:
    error = error_for("PutItem", "state", reply, "dynamodb:")
    assert (type(error), str(error)) == (StoreError, f"PutItem on state was refused, {ending}")
    assert error.hint == "footfall table describe --store dynamodb:"


FATAL = sorted(code for code, verdict in VERDICTS.items() if verdict is Verdict.FATAL)


@pytest.mark.parametrize("code", [code for code in FATAL if code != "UnknownOperationException"])
def test_what_only_a_person_can_mend_comes_with_a_hint(code: str) -> None:
    error = error_for("Scan", "events", refused(code), "dynamodb:")
    assert isinstance(error, TableMissing | AccessDenied)
    assert error.hint


def test_what_the_service_says_cannot_move_the_cursor() -> None:
    for code in ("AccessDeniedException", "Odd\x1b[2J"):
        assert "\x1b" not in str(error_for("Scan", "events", refused(code, "no\x1b[2J"), "dynamodb:"))


def test_braces_in_names_and_words_stay_as_they_are() -> None:
    error = error_for("Scan", "{table}", refused("AccessDeniedException", "{said} {0}"), "dynamodb:")
    assert str(error) == "Not allowed to Scan on {table}: {said} {0}"


SCHEMA = [
    "The provided key element does not match the schema",
    "One of the required keys was not given a value",
    "One or more parameter values were invalid: Missing the key pk in the item",
    "One or more parameter values were invalid: Type mismatch for key sk expected: N actual: S",
    "One or more parameter values were invalid: Type mismatch for Index Key st Expected: S Actual: N IndexName: st",
    "One or more parameter values were invalid: Condition parameter type does not match schema type",
    "The number of conditions on the keys is invalid",
    "Query condition missed key schema element: pk",
    "Query key condition not supported",
]
ONE_PUT = [
    "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string "
    "value. Key: pk",
    "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes",
    "Hash primary key values must be under 2048 bytes, and range primary key values must be under 1024 bytes",
    "Item size has exceeded the maximum allowed size",
    "Provided list of item keys contains duplicates",
    "Number overflow. Attempting to store a number with magnitude larger than supported range",
    "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
]


@pytest.mark.parametrize("message", SCHEMA)
def test_a_table_with_other_keys_stops_the_run(message: str) -> None:
    reply = refused("ValidationException", message)
    assert is_schema_mismatch(reply)
    assert judge(reply) is Verdict.FATAL
    assert type(error_for("BatchWriteItem", "events", reply, "dynamodb:")) is SchemaMismatch


def test_each_sentence_about_the_schema_has_an_example() -> None:
    assert all(any(words in message.lower() for message in SCHEMA) for words in SCHEMA_SENTENCES)


@pytest.mark.parametrize("message", ONE_PUT)
def test_what_is_wrong_with_one_put_does_not_stop_the_run(message: str) -> None:
    reply = refused("ValidationException", message)
    assert not is_schema_mismatch(reply)
    assert judge(reply) is Verdict.REFUSED


def test_only_a_validation_is_about_the_schema() -> None:
    assert not is_schema_mismatch(refused("AccessDeniedException", SCHEMA[0]))


@pytest.mark.parametrize(
    ("code", "message", "is_skew"),
    [
        (
            "InvalidSignatureException",
            "Signature expired: 20180920T174101Z is now earlier than 20180920T174504Z",
            True,
        ),
        (
            "InvalidSignatureException",
            "Signature not yet current: 20190305T002809Z is still later than",
            True,
        ),
        ("InvalidSignatureException", "The request signature we calculated does not match", False),
        ("RequestTimeTooSkewed", "", True),
        ("RequestExpired", "", True),
        ("RequestInTheFuture", "", True),
        ("ExpiredTokenException", "The security token included in the request is expired", False),
        ("ValidationException", "Signature expired", False),
    ],
)
def test_a_refused_time_is_told_from_a_wrong_signature(code: str, message: str, is_skew: bool) -> None:
    assert is_clock_skew(refused(code, message)) is is_skew


def test_the_session_token_in_a_refused_signature_is_not_shown() -> None:
    message = "The request signature we calculated does not match.\n\nThe Canonical String should have been\n'POST\n/\n"
    reply = refused("InvalidSignatureException", message + "x-amz-security-token:FwoGZXIvYXdzSECRET'")
    error = error_for("Scan", "events", reply, "dynamodb:")
    assert str(error).endswith("The request signature we calculated does not match.")


def test_a_hint_names_the_action_of_iam() -> None:
    error = error_for("BatchWriteItem", "events", refused("AccessDeniedException"), "dynamodb:")
    assert re.search(r"\bdynamodb:BatchWriteItem\b", error.hint or "")
