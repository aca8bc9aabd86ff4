"""Text logs of AWS: Application, Classic and Network Load Balancers, S3, API Gateway.

Orders and meanings are those of "Access log entries" in the guides of the three load balancers (Application: 33
fields as of 2025), "Amazon S3 server access log format", and "Set up CloudWatch logging for REST APIs in API Gateway"
(CLF). AWS adds fields at the end and says to expect that: what follows the known ones is passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from ingest.formats import readings as r
from ingest.formats.delimited import DelimitedFormat
from ingest.formats.parts import BRACKETED, QUOTED, Part, Row, Shape
from ingest.formats.readings import Reading

_FAMILY: Final = "AWS"
_COUNT: Final = "[0-9]+|-"
_CODE: Final = "[0-9]{3}|-"
_SECONDS: Final = "[-0-9.Ee]+"
_ISO: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z?"
_PEER: Final = r"[0-9A-Fa-f.:\[\]]+"
_AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64)"

_TLS_CIPHER: Final = r.text("tls_cipher")
_TLS_VERSION: Final = r.decoded("tls_version", r.tls_version)


def _balanced(target: str, elb: str) -> tuple[Part, ...]:
    """Return the fields from the client to the TLS protocol; the load balancers name those of the target apart."""
    return (
        Part("client:port", _PEER, r.ADDRESS),
        Part(f"{target}:port"),
        Part("request_processing_time", _SECONDS, r.duration(1000)),
        Part(f"{target}_processing_time", _SECONDS, r.duration(1000)),
        Part("response_processing_time", _SECONDS, r.duration(1000)),
        Part(elb, _CODE, r.STATUS),
        Part(f"{target}_status_code", _COUNT),
        Part("received_bytes", _COUNT),
        Part("sent_bytes", _COUNT, r.number("bytes")),
        Part("request", QUOTED, r.REQUEST),
        Part("user_agent", QUOTED, r.text("user_agent")),
        Part("ssl_cipher", "[0-9A-Za-z_-]+", _TLS_CIPHER),
        Part("ssl_protocol", "[0-9A-Za-z._]+|-", _TLS_VERSION),
    )


_ALB: Final = Row(
    (
        Part("type", "h(?:ttps?|2)|grpcs?|wss?"),
        Part("time", _ISO, r.ISO_TIME),
        Part("elb"),
        *_balanced("target", "elb_status_code"),
        Part("target_group_arn"),
        Part("trace_id", QUOTED),
        Part("domain_name", QUOTED, r.HOST),
        Part("chosen_cert_arn", QUOTED),
        Part("matched_rule_priority"),
        Part("request_creation_time", _ISO),
        Part("actions_executed", QUOTED),
        Part("redirect_url", QUOTED),
        Part("error_reason", QUOTED),
        Part("target:port_list", QUOTED),
        Part("target_status_code_list", QUOTED),
        Part("classification", QUOTED),
        Part("classification_reason", QUOTED),
        Part("conn_trace_id"),
        Part("transformed_host", QUOTED),
        Part("transformed_uri", QUOTED),
        Part("request_transform_status", QUOTED),
    ),
    needed=16,
    may_grow=True,
)

_ELB: Final = Row(
    (Part("time", _ISO, r.ISO_TIME), Part("elb"), *_balanced("backend", "elb_status_code")),
    needed=12,
    may_grow=True,
)

_NLB_TLS: Final = Row(
    (
        Part("type", "tls"),
        Part("version", r"[0-9]+\.[0-9]+"),
        Part("time", _ISO, r.ISO_TIME),
        Part("elb"),
        Part("listener"),
        Part("client:port", _PEER, r.ADDRESS),
        Part("destination:port"),
        Part("connection_time", _COUNT, r.duration(1)),
        Part("tls_handshake_time", _COUNT),
        Part("received_bytes", _COUNT),
        Part("sent_bytes", _COUNT, r.number("bytes")),
        Part("incoming_tls_alert"),
        Part("chosen_cert_arn"),
        Part("chosen_cert_serial"),
        Part("tls_cipher", "[^ ]+", _TLS_CIPHER),
        Part("tls_protocol_version", "[^ ]+", _TLS_VERSION),
        Part("tls_named_group"),
        Part("domain_name", "[^ ]+", r.HOST),
        Part("alpn_fe_protocol"),
        Part("alpn_be_protocol"),
        Part("alpn_client_preference_list", '"[^"]*"|[^ ]+'),
        Part("tls_connection_creation_time", f"{_ISO}|-"),
    ),
    needed=18,
    may_grow=True,
)

_MAYBE_QUOTED: Final = Shape('(?:"', r'[^"\\]*', ".*?", '"|-)')
"""S3 writes a dash without quotation marks for what its own operations lack."""

_S3: Final = Row(
    (
        Part("Bucket Owner", '[^ #"\\x00][^ "]*'),
        Part("Bucket", "[^ ]+", r.text("host")),
        Part("Time", BRACKETED, r.APACHE_TIME),
        Part("Remote IP", "[^ ]+", r.text("ip")),
        Part("Requester", "[^ ]+", r.text("user")),
        Part("Request ID"),
        Part("Operation", r"[A-Z0-9]+(?:\.[A-Za-z0-9_-]+)+"),
        Part("Key", "[^ ]+"),
        Part("Request-URI", _MAYBE_QUOTED, r.REQUEST),
        Part("HTTP status", _CODE, r.STATUS),
        Part("Error Code"),
        Part("Bytes Sent", _COUNT, r.number("bytes")),
        Part("Object Size", _COUNT),
        Part("Total Time", _COUNT, r.duration(1)),
        Part("Turn-Around Time", _COUNT),
        Part("Referer", _MAYBE_QUOTED, r.text("referrer")),
        Part("User-Agent", _MAYBE_QUOTED, r.text("user_agent")),
        Part("Version Id"),
        Part("Host Id"),
        Part("Signature Version"),
        Part("Cipher Suite", '[^ "]+', _TLS_CIPHER),
        Part("Authentication Type"),
        Part("Host Header"),
        Part("TLS version", '[^ "]+', _TLS_VERSION),
        Part("Access Point ARN"),
        Part("aclRequired"),
        Part("further fields", '[^"]*'),
    ),
    needed=17,
)

_GLUED_TIME: Final = Shape(r"\[", r"[^\]]*", r"[^\]]*", r"\] ?")
"""AWS's guide has no space behind it for REST APIs, and has one for HTTP APIs."""


def _route_columns(request: pl.Expr) -> Sequence[pl.Expr]:
    method, host, path, *rest = r.REQUEST.read(request)
    return (method, host, pl.when(~path.str.starts_with("$")).then(path), *rest)


_ROUTED_REQUEST: Final = Reading(
    r.REQUEST.columns,
    _route_columns,
    lambda line: r.request_parts(line.str.replace(r"^([A-Z]+) [A-Z]+ /", "${1} /")),
)
"""A request line, in which an HTTP API names the route: ``GET GET /shop HTTP/1.1``. ``$default`` is no path."""

_CLF: Final = Row(
    (
        Part("identity.sourceIp", r"[^ #\x00][^ ]*", r.text("ip")),
        Part("identity.caller"),
        Part("identity.user", '[^ "]+', r.text("user")),
        Part("requestTime", _GLUED_TIME, r.APACHE_TIME, is_glued=True),
        Part("request", QUOTED, _ROUTED_REQUEST),
        Part("status", _CODE, r.STATUS),
        Part("responseLength", _COUNT, r.number("bytes")),
        Part("requestId", "[0-9A-Za-z=_-]{12,}"),
        Part("extendedRequestId"),
    ),
    needed=8,
    may_grow=True,
    telling=8,
)

_BALANCED: Final = (
    '192.0.2.7:2817 198.51.100.8:80 0.001 0.012 0.000 200 200 34 5316 "GET https://www.example.com:443/shop?page=2 '
    f'HTTP/1.1" "{_AGENT}" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2'
)
_ID: Final = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
_REGION: Final = "elasticloadbalancing:eu-central-1:123456789012"

AWS: Final = (
    DelimitedFormat(
        "alb",
        "Application Load Balancer access log",
        _FAMILY,
        _ALB,
        f"h2 2026-01-17T10:05:03.186641Z app/shop/50dc6c495c0c9188 {_BALANCED} "
        f'arn:aws:{_REGION}:targetgroup/shop/73e2d6bc24d8a067 "Root=1-696b5fbf-58337262e36bef0f0f0f0f0f" '
        f'"www.example.com" "arn:aws:acm:eu-central-1:123456789012:certificate/1" 1 2026-01-17T10:05:03.173000Z '
        '"forward" "-" "-" "198.51.100.8:80" "200" "-" "-" TID_1234abcd5678ef90 "-" "-" "-"',
    ),
    DelimitedFormat(
        "elb",
        "Classic Load Balancer access log",
        _FAMILY,
        _ELB,
        f"2026-01-17T10:05:03.186641Z shop-elb {_BALANCED}",
    ),
    DelimitedFormat(
        "nlb_tls",
        "Network Load Balancer access log of TLS listeners",
        _FAMILY,
        _NLB_TLS,
        "tls 2.0 2026-01-17T10:05:03 net/shop/c6e77e28c25b2234 g3d4b5e8bb8464cd 192.0.2.7:51341 198.51.100.8:443 5 2 "
        "98 246 - arn:aws:acm:eu-central-1:123456789012:certificate/1 - ECDHE-RSA-AES128-GCM-SHA256 tlsv12 - "
        "www.example.com h2 h2 h2,http/1.1 2026-01-17T10:05:02",
    ),
    DelimitedFormat(
        "s3",
        "S3 server access log",
        _FAMILY,
        _S3,
        f"{_ID} www.example.com [17/Jan/2026:10:05:03 +0000] 192.0.2.7 - 3E57427F3EXAMPLE WEBSITE.GET.OBJECT shop "
        f'"GET /shop?page=2 HTTP/1.1" 200 - 5316 5316 24 23 "https://www.example.org/" "{_AGENT}" - '
        "s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3= - ECDHE-RSA-AES128-GCM-SHA256 - "
        "www.example.com.s3-website.eu-central-1.amazonaws.com TLSv1.2 - -",
    ),
    DelimitedFormat(
        "apigateway_clf",
        "API Gateway access log, CLF",
        _FAMILY,
        _CLF,
        '192.0.2.7 - - [17/Jan/2026:10:05:03 +0000]"GET /shop HTTP/1.1" 200 5316 '
        "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
    ),
)
