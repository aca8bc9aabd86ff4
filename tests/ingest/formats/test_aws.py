from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ingest.formats import FORMATS
from ingest.formats.aws import AWS
from ingest.formats.detect import detect
from tests.ingest.formats.parsing import event, frame, outcomes, parse

GROUP = "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067"
BEFORE = (
    "https 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.0.2.39:2817 198.51.100.1:80"
)
BEHIND = (
    f'{GROUP} "Root=1-58337281-1d84f3d73c47ec4e58577259" "www.example.com" '
    '"arn:aws:acm:us-east-2:123456789012:certificate/1" 1 2018-07-02T22:22:48.364000Z "authenticate,forward" "-" "-" '
    '"198.51.100.1:80" "200" "-" "-" TID_123456'
)
REQUEST = "GET https://www.example.com:443/a?b=c HTTP/1.1"
TLS = "ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2"
ALB = f'{BEFORE} 0.086 0.048 0.037 200 200 0 57 "{REQUEST}" "curl/7.46.0" {TLS} {BEHIND}'
ALB_EVENT: dict[str, object] = {
    "time": datetime(2018, 7, 2, 22, 23, 0, 186000, tzinfo=UTC),
    "ip": "192.0.2.39",
    "method": "GET",
    "host": "www.example.com",
    "path": "/a",
    "query": "b=c",
    "protocol": "HTTP/1.1",
    "status": 200,
    "bytes": 57,
    "duration_ms": 171.0,
    "user_agent": "curl/7.46.0",
    "tls_cipher": "ECDHE-RSA-AES128-GCM-SHA256",
    "tls_version": "TLSv1.2",
}
OWNER = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
S3_HEAD = f"{OWNER} bucket1.example.com [06/Feb/2019:00:00:38 +0000] 192.0.2.3 {OWNER} 3E57427F3EXAMPLE"
S3_TAIL = (
    "s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234= SigV4 "
    "ECDHE-RSA-AES128-GCM-SHA256 AuthHeader bucket1.example.com.s3.us-west-1.amazonaws.com TLSV1.2 "
    "arn:aws:s3:us-west-1:123456789012:accesspoint/example-AP Yes"
)
S3_REQUEST = '"GET /bucket1?versioning HTTP/1.1"'
S3 = f'{S3_HEAD} REST.GET.VERSIONING - {S3_REQUEST} 200 - 113 - 7 - "-" "S3Console/0.4" - {S3_TAIL}'
S3_EVENT: dict[str, object] = {
    "time": datetime(2019, 2, 6, 0, 0, 38, tzinfo=UTC),
    "host": "bucket1.example.com",
    "ip": "192.0.2.3",
    "user": OWNER,
    "method": "GET",
    "path": "/bucket1",
    "query": "versioning",
    "protocol": "HTTP/1.1",
    "status": 200,
    "bytes": 113,
    "duration_ms": 7.0,
    "user_agent": "S3Console/0.4",
    "tls_cipher": "ECDHE-RSA-AES128-GCM-SHA256",
    "tls_version": "TLSv1.2",
}
ELB = (
    "2015-05-13T23:39:43.945958Z my-loadbalancer 192.0.2.39:2817 198.51.100.1:80 "
    "0.000086 0.001048 0.001337 200 200 0 57 "
    f'"{REQUEST}" "curl/7.38.0" DHE-RSA-AES128-SHA TLSv1.2'
)
NLB = (
    "tls 2.0 2018-12-20T02:59:40 net/my-network-loadbalancer/c6e77e28c25b2234 g3d4b5e8bb8464cd 192.0.2.154:51341 "
    "198.51.100.185:443 5 2 98 246 - arn:aws:acm:us-east-2:123456789012:certificate/2a108f19 - "
    "ECDHE-RSA-AES128-SHA tlsv12 - nlb.example.com - - - 2018-12-20T02:59:30"
)


def without(found: dict[str, object], *names: str) -> dict[str, object]:
    return {name: value for name, value in found.items() if name not in names}


def test_an_application_load_balancer() -> None:
    assert event("alb", ALB) == ALB_EVENT


@pytest.mark.parametrize(
    "behind",
    [GROUP, f'{GROUP} "Root=1-2"', BEHIND, f'{BEHIND} "-" "-" "-"', f'{BEHIND} "-" "-" "-" "new" 7 x'],
)
def test_fields_that_aws_has_added_and_will_add_do_not_matter(behind: str) -> None:
    assert event("alb", ALB.replace(BEHIND, behind)) == ALB_EVENT


@pytest.mark.parametrize("kind", ["http", "https", "h2", "grpc", "grpcs", "ws", "wss"])
def test_all_types_of_requests(kind: str) -> None:
    assert event("alb", kind + ALB.removeprefix("https")) == ALB_EVENT


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("0.086 0.048 0.037", "-1 -1 -1", {"duration_ms": None}),
        ("0.086 0.048 0.037", "0.001 0.005 -1", {"duration_ms": None}),
        ("192.0.2.39:2817", "[2001:db8::1]:2817", {"ip": "2001:db8::1"}),
        ("192.0.2.39:2817", "2001:db8::1:2817", {"ip": "2001:db8::1"}),
        (TLS, "- -", {"tls_cipher": None, "tls_version": None}),
        (
            REQUEST,
            "- http://www.example.com:80- -",
            {
                "method": None,
                "path": None,
                "query": None,
                "protocol": None,
                "request": "- http://www.example.com:80- -",
            },
        ),
        (
            REQUEST,
            "GET https://[2001:db8::8]:443/ HTTP/2.0",
            {"host": "[2001:db8::8]", "path": "/", "query": None, "protocol": "HTTP/2.0"},
        ),
        (REQUEST, "GET /a?b=c HTTP/1.1", {}),
        (REQUEST, 'GET https://www.example.com:443/"q" r?b=c HTTP/1.1', {"path": '/"q" r'}),
        ("curl/7.46.0", 'a "quoting" agent', {"user_agent": 'a "quoting" agent'}),
        ("curl/7.46.0", r"a \"quoting\" agent", {"user_agent": 'a "quoting" agent'}),
        ("curl/7.46.0", "-", {"user_agent": None}),
        (" 200 200 ", " 460 - ", {"status": 460}),
        (" 200 200 ", " - 0 ", {"status": None}),
    ],
)
def test_what_load_balancers_also_write(before: str, after: str, expected: dict[str, object]) -> None:
    wanted = ALB_EVENT | expected
    assert event("alb", ALB.replace(before, after)) == {k: v for k, v in wanted.items() if v is not None}


def test_a_classic_load_balancer() -> None:
    assert event("elb", ELB) == ALB_EVENT | {
        "time": datetime(2015, 5, 13, 23, 39, 43, 945000, tzinfo=UTC),
        "duration_ms": 2.471,
        "user_agent": "curl/7.38.0",
        "tls_cipher": "DHE-RSA-AES128-SHA",
    }


def test_a_classic_load_balancer_of_tcp_has_no_request() -> None:
    found = event("elb", ELB.replace(REQUEST, "- - - ").replace(" 200 200 ", " - - "))
    assert not {"request", "path", "status"} & set(found)


def test_lines_of_2014_end_with_the_request() -> None:
    assert event("elb", ELB.partition(' "curl')[0])["path"] == "/a"


def test_a_network_load_balancer_logs_connections() -> None:
    assert event("nlb_tls", NLB) == {
        "time": datetime(2018, 12, 20, 2, 59, 40, tzinfo=UTC),
        "ip": "192.0.2.154",
        "duration_ms": 5.0,
        "bytes": 246,
        "tls_cipher": "ECDHE-RSA-AES128-SHA",
        "tls_version": "TLSv1.2",
        "host": "nlb.example.com",
    }


def test_s3() -> None:
    assert event("s3", S3) == S3_EVENT


@pytest.mark.parametrize("tail", [S3_TAIL + " us-west-1", S3_TAIL + " us-west-1 newer", S3_TAIL])
def test_newer_fields_of_s3_are_passed_over(tail: str) -> None:
    assert event("s3", S3.replace(S3_TAIL, tail)) == S3_EVENT


def test_s3_of_2010_ends_with_the_version() -> None:
    assert event("s3", S3.replace(" " + S3_TAIL, "")) == without(S3_EVENT, "tls_cipher", "tls_version")


def test_s3_before_2010_ends_with_the_agent() -> None:
    line = S3.replace(" " + S3_TAIL, "").removesuffix(" -")
    assert line.endswith('"')
    assert event("s3", line) == without(S3_EVENT, "tls_cipher", "tls_version")


@pytest.mark.parametrize("agent", ['a "quoting" agent', 'a " b', '"', "- -"])
def test_quotation_marks_in_an_agent_of_s3_are_kept(agent: str) -> None:
    assert event("s3", S3.replace("S3Console/0.4", agent)) == S3_EVENT | {"user_agent": agent}


def test_what_s3_deletes_itself_has_no_request() -> None:
    start = f"{OWNER} bucket1 [06/Feb/2019:00:00:38 +0000] - AmazonS3 E9E7C8A S3.EXPIRE.OBJECT a.pdf"
    line = f"{start} {{}} - - - 33 - - {{}} - - - - - - - -"
    for line_of in (line.format("-", '"-" "-"'), line.format('"-"', "- -")):
        assert set(event("s3", line_of)) == {"time", "host", "user"}


def test_api_gateway_has_no_space_before_the_request() -> None:
    request = '"GET /pets/{id} HTTP/1.1"'
    line = f"192.0.2.1 - anna [17/Jan/2026:10:05:03 +0000]{request} 200 2048 c6af9ac6-7b61-11e6-9a41-93e8"
    assert event("apigateway_clf", line) == {
        "time": datetime(2026, 1, 17, 10, 5, 3, tzinfo=UTC),
        "ip": "192.0.2.1",
        "user": "anna",
        "method": "GET",
        "path": "/pets/{id}",
        "protocol": "HTTP/1.1",
        "status": 200,
        "bytes": 2048,
    }


CLF_ROUTE = '192.0.2.1 - - [17/Jan/2026:10:05:03 +0000] "{} HTTP/1.1" 200 34 JHyLbjp4oAMESkQ={}'


@pytest.mark.parametrize(
    "rest", ["", " -", " Xq3hRjyoIAMF0oA=", " The integration's role may not do that. Try again."]
)
def test_an_http_api_names_the_route_behind_the_method(rest: str) -> None:
    found = event("apigateway_clf", CLF_ROUTE.format("GET GET /pets/{id}", rest))
    assert (found["method"], found["path"], found["protocol"]) == ("GET", "/pets/{id}", "HTTP/1.1")
    assert (found["status"], found["bytes"]) == (200, 34)


def test_the_default_route_of_an_http_api_is_no_path() -> None:
    found = event("apigateway_clf", CLF_ROUTE.format("GET $default", ""))
    assert found["method"] == "GET"
    assert not {"path", "request"} & set(found)


def test_routes_of_an_http_api_are_no_common_log() -> None:
    lines = [CLF_ROUTE.format(route, " -") for route in ("GET GET /pets", "POST POST /pets", "GET GET /")]
    assert detect(frame(lines)).nearest == "apigateway_clf"


@pytest.mark.parametrize("form", AWS, ids=lambda form: form.name)
def test_blank_lines_and_comments_are_skipped(form: object) -> None:
    name = str(getattr(form, "name", ""))
    line = FORMATS[name].example
    assert outcomes(parse(name, "", " ", "#" + line, line, "\0\0" + line)) == (2, 0, 3)


@pytest.mark.parametrize("form", AWS, ids=lambda form: form.name)
def test_a_time_that_is_none_is_rejected(form: object) -> None:
    name = str(getattr(form, "name", ""))
    line = FORMATS[name].example.replace("/Jan/", "/Nix/").replace("2026-01-17T", "2026-02-30T")
    assert parse(name, line).rejected["reason"].to_list() == ["bad-time"]


def test_a_line_that_was_cut_is_not_whole() -> None:
    whole = f'{ALB} "-" "-" "-"'
    assert FORMATS["alb"].is_whole(whole)
    assert not FORMATS["alb"].is_whole(whole[:-1])
    assert not FORMATS["alb"].is_whole(ALB)


def test_an_explanation_names_the_fields_of_aws() -> None:
    explained = FORMATS["alb"].explain(ALB)
    spans = {taken.field: (ALB[taken.begin : taken.end], taken.columns[:1]) for taken in explained.taken}
    assert spans["client:port"] == ("192.0.2.39:2817", ("ip",))
    assert spans["request"] == (f'"{REQUEST}"', ("method",))
    assert spans["conn_trace_id"] == ("TID_123456", ())
    failed = FORMATS["alb"].explain(ALB.replace(" 0.048 ", " soon "))
    assert (failed.expected, failed.failed_at) == ("target_processing_time", ALB.index(" 0.048") + 1)
