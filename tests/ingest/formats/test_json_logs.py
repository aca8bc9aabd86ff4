"""The tables of formats in JSON, against the examples of those who write the logs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from benchmarks.samples import content_of
from footfall.errors import FormatError
from footfall.event import SCHEMA
from ingest.formats import named
from ingest.formats.json_logs import JSON_LOGS
from ingest.formats.json_logs.clouds import CLOUDFRONT, WAF
from ingest.formats.json_logs.maps import from_map, from_template
from ingest.formats.json_logs.paths import Step
from ingest.formats.json_logs.servers import APACHE, CADDY, NGINX, TRAEFIK
from ingest.formats.model import TRANSIENT, Format
from tests.ingest.formats.parsing import event, frame, outcomes, parse

EVERY_FORMAT = pytest.mark.parametrize("form", JSON_LOGS, ids=lambda form: form.name)
AT = datetime(2026, 1, 17, 10, 5, 3, tzinfo=UTC)


def at(*parts: int, ms: int = 0) -> datetime:
    return datetime(*parts, microsecond=ms * 1000, tzinfo=UTC)  # type: ignore[arg-type, misc]


@EVERY_FORMAT
def test_the_example_is_read_by_its_format_and_no_other(form: Format) -> None:
    assert [other.name for other in JSON_LOGS if outcomes(parse(other, form.example))[0]] == [form.name]


@EVERY_FORMAT
def test_the_example_tells_of_the_same_request_everywhere(form: Format) -> None:
    found = event(form, form.example)
    assert found["time"].replace(microsecond=0) == AT
    assert (found["ip"], found["method"], found["path"]) == ("192.0.2.7", "GET", "/shop")
    assert found.get("query", "page=2") == "page=2"
    assert found.get("bytes", 5316) == 5316
    assert found.get("duration_ms", 21.0) == 21.0
    assert found.get("status", 200) == 200


@EVERY_FORMAT
def test_columns_are_those_declared_with_the_types_of_the_event(form: Format) -> None:
    events = parse(form, form.example, "garbage", "").events
    assert set(events.columns) == {*form.columns, "line_number", "offset", "kind"}
    known = {**SCHEMA, **dict.fromkeys(TRANSIENT, SCHEMA["ip"])}
    assert {name: dtype for name, dtype in events.schema.items() if name != "line_number"} == {
        name: known[name] for name in events.columns if name != "line_number"
    }


@EVERY_FORMAT
def test_every_part_of_the_example_is_explained_where_it_stands(form: Format) -> None:
    explanation = form.explain(form.example)
    assert explanation.failed_at is None
    assert all(part.begin < part.end for part in explanation.taken if part.value is not None)
    assert {"ip", "time"} <= {name for part in explanation.taken for name in part.columns}
    assert form.is_whole(form.example)
    assert not form.is_whole(form.example[:-1])


@EVERY_FORMAT
def test_a_sample_is_read_but_for_what_does_not_belong_there(form: Format) -> None:
    lines = content_of(f"{form.name}.log").decode().splitlines()
    events, rejected, skipped = outcomes(form.parse(frame(lines)))
    assert (rejected, skipped) == (2 if form.name == "caddy" else 1, 0)
    assert events == len(lines) - rejected


@EVERY_FORMAT
def test_a_sample_keeps_below_60_kb(form: Format) -> None:
    assert len(content_of(f"{form.name}.log")) < 60_000


def test_caddy_as_in_its_documents() -> None:
    line = (
        '{"level":"info","ts":1646861401.5241024,"logger":"http.log.access","msg":"handled request","request":'
        '{"remote_ip":"198.51.100.1","remote_port":"41342","client_ip":"192.0.2.1","proto":"HTTP/2.0","method":"GET",'
        '"host":"example.com","uri":"/","headers":{"User-Agent":["curl/7.82.0"],"Accept":["*/*"]},"tls":{"resumed":'
        'false,"version":772,"cipher_suite":4865,"proto":"h2","server_name":"example.com"}},"bytes_read":0,'
        '"user_id":"","duration":0.000929675,"size":10900,"status":200,"resp_headers":{"Server":["Caddy"],'
        '"Content-Type":["text/html; charset=utf-8"]}}'
    )
    assert event(CADDY, line) == {
        "time": at(2022, 3, 9, 21, 30, 1, ms=524),
        "ip": "192.0.2.1",
        "method": "GET",
        "host": "example.com",
        "path": "/",
        "protocol": "HTTP/2.0",
        "status": 200,
        "bytes": 10900,
        "duration_ms": pytest.approx(0.929675),
        "user_agent": "curl/7.82.0",
        "tls_version": "TLSv1.3",
        "tls_cipher": "TLS_AES_128_GCM_SHA256",
        "mime": "text/html; charset=utf-8",
    }


def test_caddy_takes_what_its_own_client_says_before_the_connection_and_numbers_it_does_not_know_as_they_are() -> (
    None
):
    line = (
        CADDY.example.replace('"client_ip":"192.0.2.7",', "").replace(":772,", ":999,").replace(":4865", ":1")
    )
    found = event(CADDY, line)
    assert (found["ip"], found["tls_version"], found["tls_cipher"]) == ("192.0.2.7", "999", "1")


def test_caddys_other_messages_are_no_requests() -> None:
    line = '{"level":"info","ts":1646861401.5,"logger":"http","msg":"enabling automatic TLS","domains":["example.com"]}'
    assert parse(CADDY, line).rejected["reason"].to_list() == ["no-match"]


def test_traefik_durations_are_nanoseconds_and_its_start_is_the_time() -> None:
    line = (
        '{"ClientHost":"192.0.2.9","ClientUsername":"anna","DownstreamStatus":499,"DownstreamContentSize":0,'
        '"Duration":1500000,"RequestHost":"example.com","RequestMethod":"POST","RequestPath":"/a?b=c?d",'
        '"RequestProtocol":"HTTP/2.0","StartUTC":"2018-11-02T09:09:35.999999999Z","time":"2018-11-02T09:09:36Z",'
        '"request_User-Agent":"x"}'
    )
    found = event(TRAEFIK, line)
    assert found["time"] == at(2018, 11, 2, 9, 9, 35, ms=999)
    assert (found["duration_ms"], found["user"], found["path"], found["query"]) == (
        1.5,
        "anna",
        "/a",
        "b=c?d",
    )


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ('"request":"GET /a?b=c HTTP/1.1"', {"path": "/a", "query": "b=c", "method": "GET", "protocol": "HTTP/1.1"}),
        ('"request":"GET /two words?q=a b HTTP/1.1"', {"path": "/two words", "query": "q=a b", "method": "GET",
                                                       "protocol": "HTTP/1.1"}),
        ('"request_method":"GET","request_uri":"/a?b=c"', {"path": "/a", "query": "b=c", "method": "GET"}),
        ('"method":"GET","path":"/a","query":"b=c"', {"path": "/a", "query": "b=c", "method": "GET"}),
        ('"uri":"/a","args":"b=c"', {"path": "/a", "query": "b=c"}),
        ('"request":"/a?b=c"', {"path": "/a", "query": "b=c"}),
        ('"request":"\\u0016\\u0003"', {"request": "\x16\x03"}),
        ('"request":"GET /"', {"path": "/", "method": "GET"}),
        ('"request":"GET /a HTTP/1.1","uri":"/internal"', {"path": "/a", "method": "GET", "protocol": "HTTP/1.1"}),
    ],
)  # fmt: skip
def test_nginx_requests_come_whole_or_in_parts(members: str, expected: dict[str, str]) -> None:
    found = event(NGINX, f'{{"time":1768644303,"ip":"192.0.2.7",{members}}}')
    parts = {"path", "query", "method", "protocol", "request"}
    assert {name: found[name] for name in found if name in parts} == expected


def test_nginx_by_the_names_of_matomos_importer() -> None:
    line = (
        '{"ip":"192.0.2.7","host":"example.com","path":"/a?b=c","status":"200","referrer":"-","user_agent":"x",'
        '"length":7,"generation_time_milli":0.5,"date":"2013-10-10T16:52:00+02:00"}'
    )
    found = event(NGINX, line)
    assert (found["time"], found["bytes"], found["duration_ms"]) == (at(2013, 10, 10, 14, 52), 7, 0.5)
    assert "referrer" not in found


def test_nginx_hands_on_what_later_steps_need() -> None:
    line = (
        '{"msec":"1768644303.042","remote_addr":"192.0.2.7","request":"POST /matomo.php HTTP/1.1","http_dnt":"1",'
        '"http_sec_gpc":"1","http_x_forwarded_for":"198.51.100.1, 192.0.2.7","request_body":"idsite=1&rec=1"}'
    )
    found = event(NGINX, line)
    assert (found["dnt"], found["gpc"], found["body"]) == ("1", "1", "idsite=1&rec=1")
    assert found["forwarded_for"] == "198.51.100.1, 192.0.2.7"


def test_apache_times_requests_in_microseconds_and_sends_a_question_mark_with_the_query() -> None:
    found = event(APACHE, APACHE.example.replace('"status"', '"duration_us":"2500","status"'))
    assert (found["duration_ms"], found["query"]) == (2.5, "page=2")


def test_elastic_members_may_have_dots_instead_of_objects() -> None:
    line = (
        '{"@timestamp":"2026-01-17T10:05:03.000Z","source.address":"192.0.2.7","url.original":"/shop?page=2",'
        '"http.request.method":"GET","http.version":"1.1","http.response.status_code":"404","tls.version":"1.2"}'
    )
    assert event("ecs", line) == {
        "time": AT,
        "ip": "192.0.2.7",
        "method": "GET",
        "path": "/shop",
        "query": "page=2",
        "protocol": "HTTP/1.1",
        "status": 404,
        "tls_version": "TLSv1.2",
    }


def test_envoy_addresses_come_without_their_ports() -> None:
    line = named("envoy_json").example.replace("192.0.2.7:53122", "[2001:db8::1]:53122")
    assert event("envoy_json", line)["ip"] == "2001:db8::1"


def test_api_gateway_http_apis_have_a_route_instead_of_a_path() -> None:
    line = (
        '{"requestId":"JKJaXmPLvHcESHA=","ip":"192.0.2.7","requestTime":"10/Mar/2020:03:31:46 +0000",'
        '"httpMethod":"GET","routeKey":"GET /pets/{id}","status":"200","protocol":"HTTP/1.1","responseLength":"38"}'
    )
    found = event("apigateway", line)
    assert (found["path"], found["bytes"], found["time"]) == ("/pets/{id}", 38, at(2020, 3, 10, 3, 31, 46))


@pytest.mark.parametrize(
    ("route", "method", "path"),
    [("POST /pets", "POST", "/pets"), ("ANY /{proxy+}", None, "/{proxy+}"), ("$default", None, None)],
)
def test_api_gateway_takes_the_method_of_the_route_where_it_has_no_other(
    route: str, method: str | None, path: str | None
) -> None:
    line = '{"ip":"192.0.2.7","requestTime":"10/Mar/2020:03:31:46 +0000","resourcePath":"-","routeKey":"%s"}'
    found = event("apigateway", line % route)
    assert (found.get("method"), found.get("path")) == (method, path)


@pytest.mark.parametrize(
    "client",
    [
        '"sourceIp":"192.0.2.7","userAgent":"curl/8.0"',
        '"identity.sourceIp":"192.0.2.7","identity.userAgent":"curl/8.0"',
    ],
)
def test_api_gateway_knows_a_client_by_several_names(client: str) -> None:
    line = '{"requestTimeEpoch":"1768644303042","httpMethod":"GET","path":"/shop","status":"200",%s}'
    found = event("apigateway", line % client)
    assert (found["ip"], found["user_agent"], found["method"]) == ("192.0.2.7", "curl/8.0", "GET")


@pytest.mark.parametrize(
    ("action", "sent", "status"),
    [("ALLOW", "null", None), ("BLOCK", "null", 403), ("BLOCK", "429", 429), ("CAPTCHA", "null", 405),
     ("CHALLENGE", "202", 202), ("COUNT", "null", None)],
)  # fmt: skip
def test_waf_status_is_the_one_that_it_sent_itself(action: str, sent: str, status: int | None) -> None:
    line = WAF.example.replace("ALLOW", action).replace(
        '"responseCodeSent":null', f'"responseCodeSent":{sent}'
    )
    assert event(WAF, line).get("status") == status
    assert [row["status"] for row in WAF.parse(frame([WAF.example, line])).events.to_dicts()] == [
        None,
        status,
    ]


def test_waf_as_in_its_documents() -> None:
    line = (
        '{"timestamp":1683355579981,"formatVersion":1,"webaclId":"a","terminatingRuleId":"RateBasedRule",'
        '"terminatingRuleType":"RATE_BASED","action":"BLOCK","terminatingRuleMatchDetails":[],"httpSourceName":"APIGW",'
        '"ruleGroupList":[],"rateBasedRuleList":[{"rateBasedRuleName":"RateBasedRule","customValues":[{"key":"HEADER",'
        '"name":"dogname","value":"ella"}]}],"httpRequest":{"clientIp":"192.0.2.52","country":"US","headers":[{"name":'
        '"X-Forwarded-For","value":"192.0.2.52"},{"name":"Host","value":"example.com"},{"name":"User-Agent","value":'
        '"curl/7.61.1"}],"uri":"/CanaryTest","args":"","httpVersion":"HTTP/1.1","httpMethod":"GET"}}'
    )
    found = event(WAF, line)
    assert (found["time"], found["ip"], found["host"]) == (
        at(2023, 5, 6, 6, 46, 19, ms=981),
        "192.0.2.52",
        "example.com",
    )
    assert (found["user_agent"], found["path"], found["status"], found["country"]) == (
        "curl/7.61.1",
        "/CanaryTest",
        403,
        "US",
    )
    assert "query" not in found


def test_cloudfront_user_agents_are_decoded_once() -> None:
    line = CLOUDFRONT.example.replace("Mozilla/5.0%20(", "100%2525%20a%20(")
    assert event(CLOUDFRONT, line)["user_agent"] == "100%25 a (X11; Linux x86_64)"


def test_cloudfront_encodes_the_spaces_between_addresses() -> None:
    line = CLOUDFRONT.example.replace("{", '{"x-forwarded-for":"203.0.113.4,%20198.51.100.1",', 1)
    assert event(CLOUDFRONT, line)["forwarded_for"] == "203.0.113.4, 198.51.100.1"


def test_cloudfront_by_milliseconds_and_by_the_names_of_columns() -> None:
    line = (
        '{"timestamp(ms)":"1731623646814","c_ip":"192.0.2.7","cs_uri_stem":"/shop","sc_status":"200","sc_bytes":"-",'
        '"cs_uri_query":"-","cs_method":"GET","time_taken":"0.251"}'
    )
    assert event(CLOUDFRONT, line) == {
        "time": at(2024, 11, 14, 22, 34, 6, ms=814),
        "ip": "192.0.2.7",
        "path": "/shop",
        "status": 200,
        "method": "GET",
        "duration_ms": 251.0,
    }


@pytest.mark.parametrize("stamp", ['"2026-01-17T10:05:03Z"', "1768644303", "1768644303000000000"])
def test_cloudflare_times_are_as_its_job_says(stamp: str) -> None:
    line = named("cloudflare").example.replace('"2026-01-17T10:05:03Z"', stamp)
    assert event("cloudflare", line)["time"] == AT


def test_a_users_map_takes_what_it_names() -> None:
    form = named(
        'json:time=ts,ip=client.addr,uri=req.uri,status=code,duration_ms=latency*1000,host="a.b"|hosts[1]'
    )
    line = '{"ts":1768644303,"client":{"addr":"192.0.2.7"},"req":{"uri":"/shop?x"},"latency":0.5,"hosts":["a","b"]}'
    assert event(form, line) == {
        "time": AT,
        "ip": "192.0.2.7",
        "path": "/shop",
        "query": "x",
        "duration_ms": 500.0,
        "host": "b",
    }


def test_a_users_map_may_begin_with_a_format_and_replace_columns() -> None:
    form = named("json:nginx_json,user=uid,duration_ms=took*0.001")
    found = event(form, NGINX.example.replace('"status"', '"uid":"u7","took":9000,"status"'))
    assert (found["user"], found["duration_ms"], found["path"]) == ("u7", 9.0, "/shop")


@pytest.mark.parametrize(
    "definition",
    [
        "time=t,path=p",
        "nginx_json,user=uid",
        'time=t,path="a,b=c|d"',
        "time=t,uri=a[0].b,ip=a[1].c",
        "date=d,clock=c,path=p",
    ],
)
def test_a_users_format_is_made_again_of_its_spec_and_reads_its_example(definition: str) -> None:
    form = named(f"json:{definition}")
    assert named(form.spec) == form
    assert event(form, form.example)["path"] == "/shop"


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        ("", "no entry|no time"),
        ("time=t", "neither request nor path"),
        ("path=p", "no time"),
        ("date=d,path=p", "no time"),
        ("time=t,path=p,colour=c", "no column 'colour'"),
        ("time=t,path=p,site=s", "no column 'site'"),
        ("time=a,path=a.b", "both as a value"),
        ("time=a[0],path=a.b", "both as a value"),
        ("time=t,path=p..q", "no path"),
        ("nonsense,time=t", "no entry"),
        ("time=t,path=\x1b[2J", "no path"),
    ],
)
def test_a_map_that_makes_no_sense_is_refused_with_a_hint(definition: str, said: str) -> None:
    with pytest.raises(FormatError, match=said) as caught:
        from_map(definition)

    assert caught.value.hint
    assert "\x1b" not in str(caught.value)


def test_a_servers_template_makes_a_format() -> None:
    members: dict[str | Sequence[Step], str] = {
        "t.s": "time",
        "r": "request",
        "took": "duration_ms*1000",
        ("c", "ip"): "ip",
    }
    form = from_template(members, "nginx:log_format")
    assert form.spec == "nginx:log_format"
    line = '{"t.s":"1768644303.000","r":"GET /shop HTTP/1.1","took":"0.004","c":{"ip":"192.0.2.7"}}'
    assert event(form, line) == {
        "time": AT,
        "ip": "192.0.2.7",
        "method": "GET",
        "path": "/shop",
        "protocol": "HTTP/1.1",
        "duration_ms": 4.0,
    }


@pytest.mark.parametrize(
    "line",
    [
        '{"time":"2026-01-17T10:05:03+0000","remoteIP":"192.0.2.7","request":"-","method":"-","status":"400"}',
        '{"time":"2026-01-17T10:05:03+0000","remoteIP":"192.0.2.7","request":"","status":"400"}',
    ],
)
def test_a_request_that_the_server_could_not_read_is_an_event(line: str) -> None:
    found = event(APACHE, line)
    assert (found["time"], found["ip"], found["status"]) == (AT, "192.0.2.7", 400)
    assert "path" not in found
