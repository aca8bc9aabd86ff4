from __future__ import annotations

import re

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import AccessDenied, SchemaMismatch, StoreError, TableMissing
from footfall.store.engine import Reply
from footfall.store.outcome import VERDICTS, Verdict, error_for, judge
from tests.fakes import refused

OPERATIONS = (
    "BatchWriteItem",
    "CreateTable",
    "DescribeTable",
    "GetItem",
    "PutItem",
    "Query",
    "Scan",
    "UpdateItem",
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
        (400, Verdict.REFUSED),
        (403, Verdict.REFUSED),
        (413, Verdict.REFUSED),
        (429, Verdict.RETRY),
        (500, Verdict.RETRY),
        (502, Verdict.RETRY),
        (503, Verdict.RETRY),
    ],
)
def test_an_unknown_code_is_judged_by_its_status(status: int, verdict: Verdict) -> None:
    assert judge(refused("NeverHeardOfException", status=status)) is verdict
    assert judge(Reply(status, HTML)) is verdict


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
            "Table owa_events does not exist.",
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


def test_the_session_token_in_a_refused_signature_is_not_shown() -> None:
    message = "The request signature we calculated does not match.\n\nThe Canonical String should have been\n'POST\n/\n"
    reply = refused("InvalidSignatureException", message + "x-amz-security-token:FwoGZXIvYXdzSECRET'")
    error = error_for("Scan", "events", reply, "dynamodb:")
    assert str(error).endswith("The request signature we calculated does not match.")


def test_a_hint_names_the_action_of_iam() -> None:
    error = error_for("BatchWriteItem", "events", refused("AccessDeniedException"), "dynamodb:")
    assert re.search(r"\bdynamodb:BatchWriteItem\b", error.hint or "")
