"""Logs in JSON of Google Cloud, Azure and Akamai, which say of a request what a URL says of it."""

from __future__ import annotations

from typing import Final

from ingest.formats.json_logs.converting import (
    host_of,
    http_version,
    in_capitals,
    path_of,
    query_of,
    tls_version,
    unformed,
    unplussed,
    without_port,
    without_unit,
)
from ingest.formats.json_logs.format import JsonFormat
from ingest.formats.json_logs.members import member

_URLS: Final = ("properties.originalRequestUriWithArgs", "properties.requestUri", "properties.CsUriStem")

GOOGLE: Final = JsonFormat(
    "google_cloud",
    "Google Cloud Logging: HTTP requests of load balancers, Cloud Run and others",
    (
        member("time", "timestamp", "time"),
        member("ip", "httpRequest.remoteIp", convert=without_port),
        member("method", "httpRequest.requestMethod"),
        member("host", "httpRequest.requestUrl", convert=host_of),
        member("path", "httpRequest.requestUrl", convert=path_of),
        member("query", "httpRequest.requestUrl", convert=query_of),
        member("protocol", "httpRequest.protocol"),
        member("status", "httpRequest.status"),
        member("bytes", "httpRequest.responseSize"),
        member("duration_ms", "httpRequest.latency", factor=1000, convert=without_unit),
        member("referrer", "httpRequest.referer"),
        member("user_agent", "httpRequest.userAgent"),
    ),
    '{"insertId":"1oek5rg3l3fxj7","jsonPayload":{"@type":"type.googleapis.com/google.cloud.loadbalancing.type.'
    'LoadBalancerLogEntry","statusDetails":"response_sent_by_backend"},"httpRequest":{"requestMethod":"GET",'
    '"requestUrl":"https://www.example.com/shop?page=2","requestSize":"577","status":200,"responseSize":"5316",'
    '"userAgent":"Mozilla/5.0 (X11; Linux x86_64)","remoteIp":"192.0.2.7","referer":"https://www.example.org/",'
    '"serverIp":"198.51.100.3","latency":"0.021s","protocol":"HTTP/2"},"resource":{"type":"http_load_balancer"},'
    '"timestamp":"2026-01-17T10:05:03.078651Z","severity":"INFO","logName":"projects/shop/logs/requests"}',
    telling=("httpRequest.requestUrl",),
    family="Content delivery networks",
)
"""Cloud Logging, "LogEntry" (v2), and what is written for it: an httpRequest, its latency in seconds with an s."""

AZURE: Final = JsonFormat(
    "azure",
    "Azure Monitor: access logs of Front Door, Application Gateway and App Service",
    (
        member("time", "time", "timeStamp"),
        member("ip", "properties.clientIp", "properties.clientIP", "properties.CIp", convert=without_port),
        member("user", "properties.CsUsername"),
        member("method", "properties.httpMethod", "properties.CsMethod"),
        member(
            "host", "properties.originalHost", "properties.hostName", "properties.CsHost", "properties.host"
        ),
        member("host", *_URLS, convert=host_of),
        member("path", *_URLS, convert=path_of),
        member("query", *_URLS, convert=query_of),
        member("query", "properties.requestQuery", "properties.CsUriQuery"),
        member("protocol", "properties.httpVersion", "properties.Protocol", convert=http_version),
        member("status", "properties.httpStatusCode", "properties.httpStatus", "properties.ScStatus"),
        member("bytes", "properties.responseBytes", "properties.sentBytes", "properties.ScBytes"),
        member("duration_ms", "properties.timeTaken", factor=1000),
        member("duration_ms", "properties.TimeTaken"),
        member("referrer", "properties.referer", "properties.Referer"),
        member("user_agent", "properties.userAgent"),
        member("user_agent", "properties.UserAgent", convert=unplussed),
        member("cache_status", "properties.cacheStatus"),
        member("tls_version", "properties.sslProtocol", "properties.securityProtocol", convert=tls_version),
        member("tls_cipher", "properties.sslCipher", "properties.securityCipher"),
    ),
    '{"time":"2026-01-17T10:05:03.6479719Z","resourceId":"/SUBSCRIPTIONS/1/PROVIDERS/MICROSOFT.CDN/PROFILES/SHOP",'
    '"category":"FrontDoorAccessLog","operationName":"Microsoft.Cdn/Profiles/AccessLog/Write","properties":{'
    '"httpMethod":"GET","httpVersion":"2.0","requestUri":"https://www.example.com:443/shop?page=2",'
    '"requestBytes":"577","responseBytes":"5316","userAgent":"Mozilla/5.0 (X11; Linux x86_64)","clientIp":"192.0.2.7",'
    '"clientPort":"50382","socketIp":"192.0.2.7","timeTaken":"0.021","securityProtocol":"TLS 1.3",'
    '"httpStatusCode":"200","pop":"FRA","cacheStatus":"MISS","referer":"https://www.example.org/"}}',
    telling=("properties.requestUri", "properties.CsUriStem"),
    family="Content delivery networks",
)
"""Azure Monitor, reference of the logs of Front Door, of Application Gateway (v2) and of App Service ("AppServiceHTTP\
Logs"); times are in seconds, App Service's, which begin with a capital, in milliseconds."""

AKAMAI: Final = JsonFormat(
    "akamai",
    "Akamai DataStream 2, in JSON",
    (
        member("time", "reqTimeSec"),
        member("ip", "cliIP"),
        member("method", "reqMethod"),
        member("host", "reqHost"),
        member("path", "reqPath"),
        member("query", "queryStr"),
        member("status", "statusCode"),
        member("bytes", "bytes", "totalBytes"),
        member("duration_ms", "turnAroundTimeMSec"),
        member("referrer", "referer", convert=unformed),
        member("user_agent", "UA", convert=unformed),
        member("language", "accLang", convert=unformed),
        member("forwarded_for", "xForwardedFor", convert=unformed),
        member("cache_status", "cacheStatus", codes={"0": "MISS", "1": "HIT"}),
        member("tls_version", "tlsVersion"),
        member("mime", "rspContentType", convert=unformed),
        member("country", "country", convert=in_capitals),
    ),
    '{"version":1,"streamId":"12345","cp":"123456","reqId":"1239f220","reqTimeSec":"1768644303.042","bytes":"5316",'
    '"cliIP":"192.0.2.7","statusCode":"200","proto":"HTTPS","reqHost":"www.example.com","reqMethod":"GET",'
    '"reqPath":"/shop","reqPort":"443","rspContentLen":"5316","rspContentType":"text/html",'
    '"UA":"Mozilla%2F5.0+%28X11%3B+Linux+x86_64%29","tlsVersion":"TLSv1.3","queryStr":"page=2","accLang":"en-GB",'
    '"referer":"https%3A%2F%2Fwww.example.org%2F","turnAroundTimeMSec":"21","transferTimeMSec":"125",'
    '"cacheStatus":"1","country":"DE"}',
    telling=("reqTimeSec",),
    family="Content delivery networks",
)
"""Akamai DataStream 2, "Log format" and "Data set parameters": everything may be text, headers are percent-encoded,
the time taken is that to the first byte of the reply."""

PLATFORMS_JSON: Final = (GOOGLE, AZURE, AKAMAI)
