"""Samples of logs in JSON of Google Cloud, Azure and Akamai: the same quiet day in the format of each."""

from __future__ import annotations

from functools import partial
from typing import Final
from urllib.parse import quote_plus

from benchmarks.samples.json_logs import compact, log_of
from benchmarks.samples.model import Sample
from benchmarks.samples.rendered import AGENT, path_of, query_of, size_of, status_of_cache, taken_ms
from benchmarks.samples.traffic import Hit

_ISO: Final = "%Y-%m-%dT%H:%M:%S"


def google_cloud(hit: Hit) -> dict[str, object]:
    """Return the entry of a load balancer in front of a backend that has answered."""
    request = {
        "requestMethod": hit.method,
        "requestUrl": f"https://{hit.host}{hit.target}",
        "requestSize": "423",
        "status": hit.status,
        "responseSize": str(size_of(hit)),
        "userAgent": hit.agent,
        "remoteIp": hit.ip,
        "latency": f"{taken_ms(hit) / 1000:.6f}s",
        "protocol": hit.protocol,
    }
    return {
        "insertId": f"1oek5rg{hit.at:%H%M%S}",
        "jsonPayload": {"statusDetails": "response_sent_by_backend"},
        "httpRequest": request | ({} if hit.referrer == "-" else {"referer": hit.referrer}),
        "resource": {"type": "http_load_balancer"},
        "timestamp": hit.at.strftime(f"{_ISO}.078651Z"),
        "severity": "INFO",
    }


def front_door(hit: Hit) -> dict[str, object]:
    """Return the record of Azure Front Door, in which nearly everything is text."""
    properties = {
        "httpMethod": hit.method,
        "httpVersion": "1.1.0.0",
        "requestUri": f"https://{hit.host}:443{hit.target}",
        "responseBytes": str(size_of(hit)),
        "userAgent": hit.agent,
        "clientIp": hit.ip,
        "timeTaken": f"{taken_ms(hit) / 1000:.3f}",
        "securityProtocol": "TLS 1.3",
        "httpStatusCode": str(hit.status),
        "cacheStatus": status_of_cache(hit, "HIT", "MISS"),
        "referer": "" if hit.referrer == "-" else hit.referrer,
    }
    return {
        "time": hit.at.strftime(f"{_ISO}.6479719Z"),
        "category": "FrontDoorAccessLog",
        "properties": properties,
    }


def akamai(hit: Hit) -> dict[str, object]:
    """Return the record of DataStream 2: everything is text, and what would be a dash is left out."""
    record = {
        "version": 1,
        "streamId": "12345",
        "reqTimeSec": f"{hit.at.timestamp():.3f}",
        "bytes": str(size_of(hit)),
        "cliIP": hit.ip,
        "statusCode": str(hit.status),
        "reqHost": hit.host,
        "reqMethod": hit.method,
        "reqPath": path_of(hit),
        "queryStr": query_of(hit),
        "UA": quote_plus(hit.agent) if hit.agent != "-" else "-",
        "referer": quote_plus(hit.referrer) if hit.referrer != "-" else "-",
        "tlsVersion": "TLSv1.3",
        "turnAroundTimeMSec": str(taken_ms(hit)),
        "cacheStatus": status_of_cache(hit, "1", "0"),
        "country": "DE",
    }
    return {name: value for name, value in record.items() if value != "-"}


_GATEWAY_ODD: Final = (
    '{"timeStamp":"2026-01-12T13:09:00+00:00","category":"ApplicationGatewayAccessLog","properties":{"instanceId":'
    '"appgw_2","clientIP":"192.0.2.78","httpMethod":"GET","originalRequestUriWithArgs":"\\/search?q=bell",'
    '"requestUri":"\\/internal","requestQuery":"q=bell","userAgent":"-","httpStatus":200,"httpVersion":"HTTP\\/1.1",'
    '"sentBytes":466,"sslCipher":"ECDHE-RSA-AES256-GCM-SHA384","sslProtocol":"TLSv1.2",'
    '"originalHost":"www.example.com"}}',
    compact(
        {
            "time": "2026-01-12T13:10:00.4843064Z",
            "category": "AppServiceHTTPLogs",
            "properties": {
                "CsMethod": "GET",
                "CsUriStem": "/bikes/",
                "CIp": "192.0.2.78",
                "UserAgent": AGENT.replace(" ", "+"),
                "CsHost": "www.example.com",
                "ScStatus": 200,
                "ScBytes": 778,
                "TimeTaken": 1793,
                "CsUriQuery": "page=2",
                "CsUsername": "-",
                "Referer": "-",
            },
        }
    ),
)

SAMPLES: Final[dict[str, Sample]] = {
    "google_cloud.log": partial(log_of, google_cloud, 2),
    "azure.log": partial(log_of, front_door, 2, _GATEWAY_ODD),
    "akamai.log": partial(log_of, akamai, 2),
}
