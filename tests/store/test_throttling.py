from __future__ import annotations

import json

import botocore.session
import pytest

from footfall.store.engine import Reply
from footfall.store.outcome import Verdict, judge
from footfall.store.throttling import LIMITS, Limit, limits_of, raw_reasons


def throttled(*reasons: str, member: str = "ThrottlingReasons") -> Reply:
    told = [{"reason": reason, "resource": "arn:aws:dynamodb:eu-west-1:1:table/events"} for reason in reasons]
    return Reply(
        400, json.dumps({"__type": "x#ThrottlingException", "message": "slow", member: told}).encode()
    )


SIXTEEN = [
    (f"{what}{side}{ending}", limit)
    for what in ("Table", "Index")
    for side in ("Read", "Write")
    for ending, limit in LIMITS.items()
]


@pytest.mark.parametrize(("reason", "limit"), SIXTEEN)
@pytest.mark.parametrize("member", ["ThrottlingReasons", "throttlingReasons"])
def test_each_reason_names_its_limit_in_both_spellings(reason: str, limit: Limit, member: str) -> None:
    reply = throttled(reason, member=member)
    assert (limits_of(reply), raw_reasons(reply)) == ((limit,), (reason,))


@pytest.mark.parametrize(
    "error", ["ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded"]
)
def test_the_members_of_a_reason_are_those_of_the_service_model(error: str) -> None:
    shape = botocore.session.get_session().get_service_model("dynamodb").shape_for(error)
    (member,) = (name for name in shape.members if name.lower() == "throttlingreasons")
    assert set(shape.members[member].member.members) == {"reason", "resource"}
    assert limits_of(throttled("TableWriteAccountLimitExceeded", member=member)) == (Limit.ACCOUNT,)


def test_limits_are_named_once_in_order() -> None:
    reply = throttled(
        "TableWriteKeyRangeThroughputExceeded",
        "TableWriteProvisionedThroughputExceeded",
        "IndexWriteKeyRangeThroughputExceeded",
    )
    assert limits_of(reply) == (Limit.KEY_RANGE, Limit.TABLE)
    assert len(raw_reasons(reply)) == 3


@pytest.mark.parametrize("reason", ["TableWriteSomethingNew", "", "Table\x1b[2J"])
def test_an_unknown_reason_is_answered_by_slowing_down(reason: str) -> None:
    assert limits_of(throttled(reason)) == (Limit.TABLE,)
    assert "\x1b" not in "".join(raw_reasons(throttled(reason)))


@pytest.mark.parametrize(
    "body",
    [
        b'{"__type":"x#ThrottlingException","message":"m"}',
        b'{"__type":"x#ThrottlingException","throttlingReasons":[]}',
        b'{"__type":"x#ThrottlingException","throttlingReasons":null}',
        b'{"__type":"x#ThrottlingException","throttlingReasons":[5]}',
    ],
)
def test_without_reasons_that_can_be_read_it_is_throttled_all_the_same(body: bytes) -> None:
    assert limits_of(Reply(400, body)) == ()
    assert judge(Reply(400, body)) is Verdict.THROTTLED
