"""Server logs in JSON with the members that configurations and programs give other names."""

from __future__ import annotations

import json

import pytest

from tests.ingest.formats.parsing import event

FRESH: dict[str, object] = {
    "@timestamp": "2026-01-17T10:05:03+00:00",
    "remote_addr": "192.0.2.7",
    "url": "/shop",
}


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"host": "198.51.100.8", "http_host": "www.example.com"}, {"host": "www.example.com"}),
        ({"requested_domain": "www.example.com"}, {"host": "www.example.com"}),
        ({"domain": "www.example.com"}, {"host": "www.example.com"}),
        ({"responsetime": 0.074, "upstreamtime": "0.070"}, {"duration_ms": 74.0}),
        ({"http_status": "404"}, {"status": 404}),
        ({"http_code": "404"}, {"status": 404}),
        ({"xff": "203.0.113.9"}, {"forwarded_for": "203.0.113.9"}),
        ({"x-forward-for": "203.0.113.9, 192.0.2.7"}, {"forwarded_for": "203.0.113.9, 192.0.2.7"}),
        (
            {"request_query": "page=2", "request_proto": "HTTP/2.0"},
            {"query": "page=2", "protocol": "HTTP/2.0"},
        ),
        ({"query_string": "?page=2"}, {"query": "page=2"}),
    ],
)
def test_nginx_by_names_that_configurations_share(
    members: dict[str, object], expected: dict[str, object]
) -> None:
    found = event("nginx_json", json.dumps(FRESH | members))
    assert found["path"] == "/shop"
    assert expected.items() <= found.items()


def test_caddy_before_2_5_has_address_and_port_together() -> None:
    request = {
        "remote_addr": "192.0.2.7:27615", "proto": "HTTP/2.0", "method": "GET", "host": "www.example.com", "uri": "/",
        "tls": {"version": 772, "ciphersuite": 4865},
    }  # fmt: skip
    line = {"ts": 1768644303.04, "logger": "http.log.access.log0", "request": request, "status": 200}
    found = event("caddy", json.dumps(line))
    assert (found["ip"], found["tls_cipher"]) == ("192.0.2.7", "TLS_AES_128_GCM_SHA256")


def test_envoy_gateway_names_members_after_headers() -> None:
    line = {
        "start_time": "2026-01-17T10:05:03.577Z", "method": "GET", "x-envoy-origin-path": "/shop?page=2",
        "response_code": 200, "x-forwarded-for": "203.0.113.9", "user-agent": "curl/8.5.0",
        ":authority": "www.example.com",
    }  # fmt: skip
    found = event("envoy_json", json.dumps(line))
    assert (found["path"], found["query"], found["host"]) == ("/shop", "page=2", "www.example.com")
    assert (found["forwarded_for"], found["user_agent"]) == ("203.0.113.9", "curl/8.5.0")
