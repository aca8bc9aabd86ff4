"""Logs in JSON of clouds and content delivery networks: API Gateway, WAF, CloudFront, Cloudflare, Fastly."""

from __future__ import annotations

from typing import Final

from ingest.formats.json_logs.converting import in_capitals, method_of_route, path_of_route, unquoted
from ingest.formats.json_logs.format import JsonFormat
from ingest.formats.json_logs.members import member

_HEADERS: Final = "httpRequest.headers"
_UNKNOWN: Final = dict.fromkeys(("none", "NONE", "xx", "XX"), "-")
"""What Cloudflare writes for a connection without TLS, and for an address that is in no country."""

_ACTIONS: Final = {"BLOCK": "403", "CAPTCHA": "405", "CHALLENGE": "202"}

API_GATEWAY: Final = JsonFormat(
    "apigateway",
    "AWS API Gateway: access log in JSON, of REST, HTTP and WebSocket APIs",
    (
        member("time", "requestTimeEpoch", "requestTime"),
        member("ip", "ip", "sourceIp", '"identity.sourceIp"'),
        member("user", "user", "caller"),
        member("method", "httpMethod", "routeKey", convert=method_of_route),
        member("path", "path", "resourcePath", "routeKey", convert=path_of_route),
        member("protocol", "protocol"),
        member("status", "status"),
        member("bytes", "responseLength"),
        member("duration_ms", "responseLatency"),
        member("user_agent", "userAgent", '"identity.userAgent"'),
        member("host", "domainName"),
    ),
    '{"requestId":"c6af9ac6-7b61-11e6-9a41-93e8deadbeef","ip":"192.0.2.7","caller":"-","user":"-",'
    '"requestTime":"17/Jan/2026:10:05:03 +0000","httpMethod":"GET","resourcePath":"/shop","status":"200",'
    '"protocol":"HTTP/1.1","responseLength":"5316"}',
    telling=("requestTime", "requestTimeEpoch"),
    family="AWS",
)
"""API Gateway developer guide, "Set up CloudWatch logging" and "$context variables for access logging": members
called after the variables, as in the guide's example, or as they are (``identity.sourceIp``). It has no query string.
"""

WAF: Final = JsonFormat(
    "waf",
    "AWS WAF: log of web ACL traffic",
    (
        member("time", "timestamp"),
        member("ip", "httpRequest.clientIp"),
        member("method", "httpRequest.httpMethod"),
        member("path", "httpRequest.uri"),
        member("query", "httpRequest.args"),
        member("protocol", "httpRequest.httpVersion"),
        member("status", "responseCodeSent", "action", codes=_ACTIONS),
        member("host", f"{_HEADERS}[name=host].value", "httpRequest.host"),
        member("referrer", f"{_HEADERS}[name=referer].value"),
        member("user_agent", f"{_HEADERS}[name=user-agent].value"),
        member("language", f"{_HEADERS}[name=accept-language].value"),
        member("forwarded_for", f"{_HEADERS}[name=x-forwarded-for].value"),
        member("dnt", f"{_HEADERS}[name=dnt].value"),
        member("gpc", f"{_HEADERS}[name=sec-gpc].value"),
        member("country", "httpRequest.country", convert=in_capitals),
    ),
    '{"timestamp":1768644303042,"formatVersion":1,"webaclId":"arn:aws:wafv2:eu-central-1:123456789012:regional/'
    'webacl/shop/12345678-abcd","terminatingRuleId":"Default_Action","terminatingRuleType":"REGULAR",'
    '"action":"ALLOW","httpSourceName":"ALB","httpSourceId":"123456789012-app/shop/1234567890abcdef",'
    '"ruleGroupList":[],"responseCodeSent":null,"httpRequest":{"clientIp":"192.0.2.7","country":"DE","headers":'
    '[{"name":"Host","value":"www.example.com"},{"name":"User-Agent","value":"Mozilla/5.0 (X11; Linux x86_64)"},'
    '{"name":"Referer","value":"https://www.example.org/"}],"uri":"/shop","args":"page=2",'
    '"httpVersion":"HTTP/2.0","httpMethod":"GET","requestId":"1-696b6b0f-0123456789abcdef01234567"},"labels":[]}',
    telling=("httpRequest.clientIp",),
    family="AWS",
)
"""AWS WAF developer guide, "Log fields for protection pack (web ACL) traffic". WAF does not know the server's reply:
the status is the one that it sent itself, by default 403 for BLOCK, 405 for CAPTCHA, 202 for CHALLENGE; none for
ALLOW."""

CLOUDFRONT: Final = JsonFormat(
    "cloudfront_json",
    "CloudFront: standard log (v2) in JSON, and in Parquet",
    (
        member("time", "timestamp(ms)", "timestamp_ms", "timestamp"),
        member("date", "date"),
        member("clock", "time"),
        member("ip", "c-ip", "c_ip"),
        member("method", "cs-method", "cs_method"),
        member("path", "cs-uri-stem", "cs_uri_stem"),
        member("query", "cs-uri-query", "cs_uri_query"),
        member("protocol", "cs-protocol-version", "cs_protocol_version"),
        member("status", "sc-status", "sc_status"),
        member("bytes", "sc-bytes", "sc_bytes"),
        member("duration_ms", "time-taken", "time_taken", factor=1000),
        member("host", "x-host-header", "x_host_header", "cs(Host)", "cs_host"),
        member("referrer", "cs(Referer)", "cs_referer", convert=unquoted),
        member("user_agent", "cs(User-Agent)", "cs_user_agent", convert=unquoted),
        member("forwarded_for", "x-forwarded-for", "x_forwarded_for", convert=unquoted),
        member("cache_status", "x-edge-result-type", "x_edge_result_type"),
        member("tls_version", "ssl-protocol", "ssl_protocol"),
        member("tls_cipher", "ssl-cipher", "ssl_cipher"),
        member("mime", "sc-content-type", "sc_content_type", convert=unquoted),
        member("country", "c-country", "c_country", convert=in_capitals),
    ),
    '{"date":"2026-01-17","time":"10:05:03","x-edge-location":"FRA56-P4","sc-bytes":"5316","c-ip":"192.0.2.7",'
    '"cs-method":"GET","cs(Host)":"d111111abcdef8.cloudfront.net","cs-uri-stem":"/shop","sc-status":"200",'
    '"cs(Referer)":"https://www.example.org/","cs(User-Agent)":"Mozilla/5.0%20(X11;%20Linux%20x86_64)",'
    '"cs-uri-query":"page=2","x-edge-result-type":"Hit","x-host-header":"www.example.com","cs-protocol":"https",'
    '"time-taken":"0.021","ssl-protocol":"TLSv1.3","ssl-cipher":"TLS_AES_128_GCM_SHA256",'
    '"cs-protocol-version":"HTTP/2.0","sc-content-type":"text/html"}',
    telling=("cs-uri-stem", "cs_uri_stem"),
    family="AWS",
)
"""CloudFront developer guide, "Configure standard logging (v2)" and "Standard logging reference": members are called
after the fields, or as Athena's tables have them; values are texts, times in UTC, user agents percent-encoded."""

CLOUDFLARE: Final = JsonFormat(
    "cloudflare",
    "Cloudflare Logpush: HTTP requests",
    (
        member("time", "EdgeStartTimestamp", "EdgeEndTimestamp"),
        member("ip", "ClientIP"),
        member("host", "ClientRequestHost"),
        member("method", "ClientRequestMethod"),
        member("uri", "ClientRequestURI", "ClientRequestPath"),
        member("protocol", "ClientRequestProtocol"),
        member("referrer", "ClientRequestReferer"),
        member("user_agent", "ClientRequestUserAgent"),
        member("status", "EdgeResponseStatus"),
        member("bytes", "EdgeResponseBytes"),
        member("duration_ms", "EdgeTimeToFirstByteMs"),
        member("cache_status", "CacheCacheStatus", "CacheStatus"),
        member("tls_version", "ClientSSLProtocol", codes=_UNKNOWN),
        member("tls_cipher", "ClientSSLCipher", codes=_UNKNOWN),
        member("mime", "EdgeResponseContentType"),
        member("country", "ClientCountry", codes=_UNKNOWN, convert=in_capitals),
    ),
    '{"ClientIP":"192.0.2.7","ClientRequestHost":"www.example.com","ClientRequestMethod":"GET",'
    '"ClientRequestURI":"/shop?page=2","ClientRequestProtocol":"HTTP/2","ClientRequestReferer":'
    '"https://www.example.org/","ClientRequestUserAgent":"Mozilla/5.0 (X11; Linux x86_64)","ClientCountry":"de",'
    '"ClientSSLProtocol":"TLSv1.3","ClientSSLCipher":"AEAD-AES128-GCM-SHA256","CacheCacheStatus":"hit",'
    '"EdgeResponseStatus":200,"EdgeResponseBytes":5316,"EdgeResponseContentType":"text/html",'
    '"EdgeStartTimestamp":"2026-01-17T10:05:03Z","EdgeTimeToFirstByteMs":21,"RayID":"9bf1c2d3e4f50617"}',
    telling=("ClientRequestURI", "ClientRequestPath"),
    family="Content delivery networks",
)
"""Cloudflare Logpush, "HTTP requests" dataset; times as RFC 3339, Unix seconds or nanoseconds, as the job says."""

FASTLY: Final = JsonFormat(
    "fastly",
    "Fastly: log streaming in JSON, by the names of its documents",
    (
        member("time", "timestamp", "time_start"),
        member("ip", "client_ip"),
        member("host", "host", "request_host"),
        member("method", "request_method", "request"),
        member("uri", "url"),
        member("protocol", "request_protocol", "protocol"),
        member("referrer", "request_referer"),
        member("user_agent", "request_user_agent"),
        member("language", "request_accept_language"),
        member("status", "response_status", "status"),
        member("bytes", "response_body_size", "resp_body_size"),
        member("duration_ms", "time_elapsed", factor=0.001),
        member("cache_status", "response_state", "fastly_info_state", "cache_status"),
        member("tls_version", "tls_client_protocol"),
        member("tls_cipher", "tls_client_cipher"),
        member("country", "geo_country_code", convert=in_capitals),
    ),
    '{"timestamp":"2026-01-17T10:05:03+0000","client_ip":"192.0.2.7","geo_country":"germany","geo_city":"berlin",'
    '"host":"www.example.com","url":"/shop?page=2","request_method":"GET","request_protocol":"HTTP/2",'
    '"request_referer":"https://www.example.org/","request_user_agent":"Mozilla/5.0 (X11; Linux x86_64)",'
    '"response_state":"HIT-CLUSTER","response_status":200,"response_reason":"OK","response_body_size":5316,'
    '"fastly_server":"cache-fra19120-FRA","fastly_is_edge":true}',
    telling=("request_user_agent", "fastly_server", "service_id"),
    family="Content delivery networks",
)
"""Fastly, "Custom log formats" and the default formats of its logging endpoints; time_elapsed is in microseconds."""

CLOUDS_JSON: Final = (API_GATEWAY, WAF, CLOUDFRONT, CLOUDFLARE, FASTLY)
