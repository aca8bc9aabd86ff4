"""Samples of logs in JSON, of wrapped lines, and of Parquet: the same quiet day in the format of each."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from functools import partial
from typing import Final
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.samples.model import Sample
from benchmarks.samples.ncsa import combined
from benchmarks.samples.rendered import (
    AGENT,
    odd_hits,
    path_of,
    query_of,
    size_of,
    status_of_cache,
    taken_ms,
    thinned,
    with_odd_lines,
)
from benchmarks.samples.traffic import Hit

_CLF: Final = "%d/%b/%Y:%H:%M:%S +0000"
_ISO: Final = "%Y-%m-%dT%H:%M:%S"
_SAFE: Final = "/:?=&();,+"


def nginx(hit: Hit) -> dict[str, object]:
    """Return what ``log_format … escape=json`` writes: everything as text."""
    return {
        "time": hit.at.strftime(f"{_ISO}+00:00"),
        "remote_addr": hit.ip,
        "remote_user": _given(hit.user),
        "request": hit.request,
        "status": str(hit.status),
        "body_bytes_sent": str(size_of(hit)),
        "request_time": f"{taken_ms(hit) / 1000:.3f}",
        "http_referer": _given(hit.referrer),
        "http_user_agent": _given(hit.agent),
        "host": hit.host,
        "upstream_cache_status": status_of_cache(hit, "HIT", "MISS"),
    }


def apache(hit: Hit) -> dict[str, object]:
    """Return what a LogFormat writes whose author quoted every field."""
    return {
        "time": hit.at.strftime(f"{_ISO}+0000"),
        "remoteIP": hit.ip,
        "host": hit.host,
        "user": hit.user,
        "method": hit.method,
        "request": path_of(hit),
        "query": query_of(hit, "") and f"?{query_of(hit)}",
        "protocol": hit.protocol,
        "status": str(hit.status),
        "bytes": str(hit.size or "-"),
        "duration_us": str(taken_ms(hit) * 1000),
        "referer": hit.referrer,
        "userAgent": hit.agent,
    }


def ecs(hit: Hit) -> dict[str, object]:
    """Return a document in the Elastic Common Schema, absent members left out."""
    request = {"method": hit.method} | ({"referrer": hit.referrer} if _given(hit.referrer) else {})
    response = {"status_code": hit.status, "body": {"bytes": size_of(hit)}}
    url = {"path": path_of(hit), "domain": hit.host} | ({"query": query_of(hit)} if "?" in hit.target else {})
    return {
        "@timestamp": hit.at.strftime(f"{_ISO}.000Z"),
        "ecs": {"version": "8.17.0"},
        "client": {"ip": hit.ip},
        "http": {"version": hit.protocol.removeprefix("HTTP/"), "request": request, "response": response},
        "url": url,
        "user_agent": {"original": hit.agent},
        "event": {"duration": taken_ms(hit) * 1_000_000},
    }


def caddy(hit: Hit) -> dict[str, object]:
    """Return what Caddy 2.10 writes by default."""
    headers = {"User-Agent": [hit.agent], "Accept-Language": ["en-GB,en;q=0.8"]}
    headers |= {"Referer": [hit.referrer]} if _given(hit.referrer) else {}
    return {
        "level": "info",
        "ts": hit.at.timestamp() + 0.0421,
        "logger": "http.log.access",
        "msg": "handled request",
        "request": {
            "remote_ip": hit.ip,
            "client_ip": hit.ip,
            "proto": hit.protocol,
            "method": hit.method,
            "host": hit.host,
            "uri": hit.target,
            "headers": headers,
            "tls": {"resumed": False, "version": 772, "cipher_suite": 4865, "proto": "h2"},
        },
        "user_id": _given(hit.user),
        "duration": taken_ms(hit) / 1000,
        "size": size_of(hit),
        "status": hit.status,
        "resp_headers": {"Content-Type": ["text/html; charset=utf-8"]},
    }


def traefik(hit: Hit) -> dict[str, object]:
    """Return what Traefik 3 writes when referrer and agent are kept."""
    return {
        "ClientHost": hit.ip,
        "ClientUsername": hit.user,
        "DownstreamContentSize": size_of(hit),
        "DownstreamStatus": hit.status,
        "Duration": taken_ms(hit) * 1_000_000,
        "RequestHost": hit.host,
        "RequestMethod": hit.method,
        "RequestPath": hit.target,
        "RequestProtocol": hit.protocol,
        "StartUTC": hit.at.strftime(f"{_ISO}.042117Z"),
        "TLSVersion": "1.3",
        "level": "info",
        "msg": "",
        "request_Referer": _given(hit.referrer),
        "request_User-Agent": hit.agent,
        "time": hit.at.strftime(f"{_ISO}Z"),
    }


def envoy(hit: Hit) -> dict[str, object]:
    """Return what Istio's proxies write in JSON."""
    return {
        "start_time": hit.at.strftime(f"{_ISO}.042Z"),
        "method": hit.method,
        "path": hit.target,
        "protocol": hit.protocol,
        "response_code": hit.status,
        "bytes_sent": size_of(hit),
        "duration": taken_ms(hit),
        "downstream_remote_address": f"[{hit.ip}]:41342" if ":" in hit.ip else f"{hit.ip}:41342",
        "x_forwarded_for": None,
        "authority": hit.host,
        "user_agent": hit.agent,
    }


def apigateway(hit: Hit) -> dict[str, object]:
    """Return the developer guide's example for REST APIs, with user agent."""
    return {
        "requestId": f"c6af9ac6-7b61-11e6-9a41-{hit.at:%H%M%S}deadbe",
        "ip": hit.ip,
        "caller": "-",
        "user": hit.user,
        "requestTime": hit.at.strftime(_CLF),
        "httpMethod": hit.method,
        "resourcePath": path_of(hit),
        "status": str(hit.status),
        "protocol": hit.protocol,
        "responseLength": str(hit.size or "-"),
        "userAgent": hit.agent,
    }


def waf(hit: Hit) -> dict[str, object]:
    """Return what AWS WAF writes in front of a load balancer: what was forbidden, it has blocked."""
    named = {"host": hit.host, "user-agent": hit.agent, "referer": _given(hit.referrer)}
    return {
        "timestamp": int(hit.at.timestamp() * 1000) + 42,
        "formatVersion": 1,
        "webaclId": "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/shop/1234",
        "terminatingRuleId": "Default_Action",
        "action": "BLOCK" if hit.status == 403 else "ALLOW",
        "httpSourceName": "ALB",
        "responseCodeSent": None,
        "httpRequest": {
            "clientIp": hit.ip,
            "country": "DE",
            "headers": [{"name": name, "value": value} for name, value in named.items() if value],
            "uri": path_of(hit),
            "args": query_of(hit, ""),
            "httpVersion": hit.protocol,
            "httpMethod": hit.method,
        },
        "labels": [],
    }


def cloudflare(hit: Hit, stamp: Callable[[Hit], object]) -> dict[str, object]:
    """Return what Logpush delivers, with times as its job says."""
    return {
        "ClientIP": hit.ip,
        "ClientRequestHost": hit.host,
        "ClientRequestMethod": hit.method,
        "ClientRequestURI": hit.target,
        "ClientRequestProtocol": hit.protocol,
        "ClientRequestReferer": _given(hit.referrer),
        "ClientRequestUserAgent": hit.agent,
        "ClientCountry": "de",
        "ClientSSLProtocol": "TLSv1.3",
        "CacheCacheStatus": status_of_cache(hit, "hit", "dynamic"),
        "EdgeResponseStatus": hit.status,
        "EdgeResponseBytes": size_of(hit),
        "EdgeResponseContentType": "text/html",
        "EdgeStartTimestamp": stamp(hit),
        "EdgeTimeToFirstByteMs": taken_ms(hit),
    }


def cloudfront(hit: Hit) -> dict[str, object]:
    """Return what CloudFront's standard logging (v2) delivers: everything as text, agents encoded."""
    return {
        "date": f"{hit.at:%Y-%m-%d}",
        "time": f"{hit.at:%H:%M:%S}",
        "x-edge-location": "FRA56-P4",
        "sc-bytes": str(size_of(hit)),
        "c-ip": hit.ip,
        "cs-method": hit.method,
        "cs(Host)": "d111111abcdef8.cloudfront.net",
        "cs-uri-stem": path_of(hit),
        "sc-status": str(hit.status),
        "cs(Referer)": hit.referrer,
        "cs(User-Agent)": quote(hit.agent, safe=_SAFE),
        "cs-uri-query": query_of(hit),
        "x-edge-result-type": status_of_cache(hit, "Hit", "Miss"),
        "x-host-header": hit.host,
        "time-taken": f"{taken_ms(hit) / 1000:.3f}",
        "ssl-protocol": "TLSv1.3",
        "cs-protocol-version": hit.protocol,
    }


def fastly(hit: Hit) -> dict[str, object]:
    """Return what the format writes that Fastly suggests."""
    return {
        "timestamp": hit.at.strftime(f"{_ISO}+0000"),
        "client_ip": hit.ip,
        "geo_country": "germany",
        "host": hit.host,
        "url": hit.target,
        "request_method": hit.method,
        "request_protocol": hit.protocol,
        "request_referer": _given(hit.referrer),
        "request_user_agent": hit.agent,
        "response_state": status_of_cache(hit, "HIT-CLUSTER", "MISS"),
        "response_status": hit.status,
        "response_body_size": size_of(hit),
        "fastly_server": "cache-fra19120-FRA",
        "fastly_is_edge": True,
    }


def _given(text: str) -> str:
    return "" if text == "-" else text


def compact(members: dict[str, object]) -> str:
    """Return members as a line."""
    return json.dumps(members, separators=(",", ":"), ensure_ascii=False)


def log_of(render: Callable[[Hit], dict[str, object]], step: int, odd: tuple[str, ...] = ()) -> list[str]:
    """Return every so manieth hit as an object a line, with odd hits and lines in the middle."""
    return with_odd_lines(
        [compact(render(hit)) for hit in thinned(step)], [*(compact(render(hit)) for hit in odd_hits()), *odd]
    )


def _nanoseconds(hit: Hit) -> object:
    return int(hit.at.timestamp()) * 10**9 + 42_000_000


_NGINX_ODD: Final = (
    '{"time":"2026-01-12T13:05:00+00:00","remote_addr":"192.0.2.77","remote_user":"","request":'
    '"\\u0016\\u0003\\u0001\\u0002","status":"400","body_bytes_sent":"150","request_time":"0.000","http_referer":"",'
    '"http_user_agent":"","host":""}',
    '{"time":"2026-01-12T13:06:00+00:00","remote_addr":"192.0.2.78","request":"GET /caf\\xC3\\xA9?q=\\x22x\\x22 '
    'HTTP/1.1","status":404,"body_bytes_sent":1245,"request_time":0.003,"http_user_agent":null,"host":"www.example.com"}',
)
_CADDY_ODD: Final = (
    '{"level":"error","ts":1768223100.5,"logger":"http.log.error","msg":"no upstreams available","status":503}',
    '{"level":"info","ts":"2026-01-12T13:06:00.250Z","logger":"http.log.access.log0","msg":"handled request",'
    '"request":{"remote_ip":"192.0.2.78","proto":"HTTP/1.1","method":"GET","host":"www.example.com:8080",'
    '"uri":"/bikes/","headers":{}},"user_id":"","duration":0.002,"size":0,"status":308,"resp_headers":{}}',
)
_WAF_ODD: Final = (
    '{"timestamp":1768223160042,"formatVersion":1,"webaclId":"arn:aws:wafv2:eu-central-1:123456789012:regional/'
    'webacl/shop/1234","terminatingRuleId":"challenge","action":"CHALLENGE","httpSourceName":"ALB",'
    '"responseCodeSent":202,"httpRequest":{"clientIp":"192.0.2.78","country":"-","headers":null,"uri":"/checkout",'
    '"args":"","httpVersion":"HTTP/1.1","httpMethod":"GET"}}',
)
_DOCKER_ODD: Final = (
    '{"log":"2026/01/12 13:05:00 [error] 31#31: *7 open() failed\\n","stream":"stderr",'
    '"time":"2026-01-12T13:05:00.1Z"}',
    '{"log":"192.0.2.78 - - [12/Jan/2026:13:06:00 +0000] \\"GET /half","stream":"stdout",'
    '"time":"2026-01-12T13:06:00.1Z"}',
)
_JOURNAL_ODD: Final = (
    '{"__REALTIME_TIMESTAMP":"1768223100123456","_PID":"1","MESSAGE":"Started nginx.service."}'
)
_CRI_ODD: Final = (
    "2026-01-12T13:05:00.1Z stderr F 2026/01/12 13:05:00 [error] 31#31: *7 open() failed",
    '2026-01-12T13:06:00.1Z stdout P 192.0.2.78 - - [12/Jan/2026:13:06:00 +0000] "GET /half',
)
_SYSLOG_ODD: Final = (
    f'2026-01-12T13:05:00.120+00:00 web1 nginx: 192.0.2.78 - - [12/Jan/2026:13:05:00 +0000] "GET / HTTP/1.1" 200 9 "-" '
    f'"{AGENT}"',
    f'<134>1 2026-01-12T13:06:00.120Z web1 nginx 812 - [meta sequenceId="7"] 192.0.2.78 - - '
    f'[12/Jan/2026:13:06:00 +0000] "GET / HTTP/1.1" 200 9 "-" "{AGENT}"',
    "<30>Jan 12 13:07:00 web1 systemd[1]: Started Daily apt download activities.",
)


def docker_log() -> list[str]:
    """Return the day as a container's output, with a line of its standard error and one that was cut in parts."""

    def wrapped(hit: Hit) -> dict[str, object]:
        return {
            "log": f"{combined(hit)}\n",
            "stream": "stdout",
            "time": hit.at.strftime(f"{_ISO}.123456789Z"),
        }

    return log_of(wrapped, 1, _DOCKER_ODD)


def journald_log() -> list[str]:
    """Return the day as `journalctl -o json` writes it, with what systemd says of the program."""

    def wrapped(hit: Hit) -> dict[str, object]:
        at = f"{int(hit.at.timestamp())}{hit.at.second * 1313:06d}"
        return {"__REALTIME_TIMESTAMP": at, "_HOSTNAME": "web1", "_PID": "812", "MESSAGE": combined(hit)}

    return log_of(wrapped, 1, (_JOURNAL_ODD,))


def cri_log() -> list[str]:
    """Return the day as a pod's log on its node."""
    lines = [f"{hit.at:{_ISO}}.123456789Z stdout F {combined(hit)}" for hit in thinned(1)]
    return with_odd_lines(lines, list(_CRI_ODD))


def syslog_log() -> list[str]:
    """Return the day as nginx sends it to syslog, with lines of other notations and one of another program."""
    lines = [f"<190>{hit.at:%b %e %H:%M:%S} web1 nginx: {combined(hit)}" for hit in thinned(1)]
    return with_odd_lines(lines, list(_SYSLOG_ODD))


def cloudfront_parquet() -> bytes:
    """Return CloudFront's delivery in Parquet: two row groups, one row of which has no time."""
    hits = [cloudfront(hit) for hit in [*thinned(1), *odd_hits()]]
    rows = [*hits, hits[0] | {"date": None, "time": None}]
    names = {name: name.replace("(", "_").replace(")", "").replace("-", "_").lower() for name in hits[0]}
    table = pa.table({names[name]: [row[name] for row in rows] for name in names})
    written = io.BytesIO()
    pq.write_table(table, written, row_group_size=100, compression="snappy")
    return written.getvalue()


SAMPLES: Final[dict[str, Sample]] = {
    "nginx_json.log": partial(log_of, nginx, 1, _NGINX_ODD),
    "apache_json.log": partial(log_of, apache, 1),
    "ecs.log": partial(log_of, ecs, 2),
    "caddy.log": partial(log_of, caddy, 2, _CADDY_ODD),
    "traefik.log": partial(log_of, traefik, 2),
    "envoy_json.log": partial(log_of, envoy, 2),
    "apigateway.log": partial(log_of, apigateway, 2),
    "waf.log": partial(log_of, waf, 2, _WAF_ODD),
    "cloudflare.log": partial(
        log_of,
        partial(cloudflare, stamp=lambda hit: hit.at.strftime(f"{_ISO}Z")),
        2,
        tuple(compact(cloudflare(hit, stamp=_nanoseconds)) for hit in thinned(50)),
    ),
    "cloudfront_json.log": partial(log_of, cloudfront, 2),
    "fastly.log": partial(log_of, fastly, 2),
    "docker.log": docker_log,
    "journald.log": journald_log,
    "cri.log": cri_log,
    "syslog.log": syslog_log,
    "cloudfront.parquet": cloudfront_parquet,
}
