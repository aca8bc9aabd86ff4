"""Formats of proxies, media servers, CDNs and hosts, most of them the Combined Log Format with something more.

Orders and meanings are those of: Traefik 3 ("Access Logs", common), Squid 6 (logformat `combined`), Icecast 2.4
(access log), Google Cloud Storage ("Usage logs & storage logs"), Bunny CDN ("CDN log format"), lighttpd 1.4
(mod_accesslog, default of `accesslog.format`), nginx 1.27 (`main` of nginx.conf as it is packaged), ingress-nginx 1.12
("Log format", upstreaminfo), and the OVH and Gandi hosts. Proxies with a format of their own are in
`ingest.formats.proxies`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ingest.formats import readings as r
from ingest.formats.delimited import DelimitedFormat
from ingest.formats.parts import BRACKETED, DOUBLED, QUOTED, Part, Row, Shape
from ingest.formats.proxies import PROXIES

_NUMBER: Final = "[0-9]+"
_STATUS: Final = "[0-9]{3}|-"
_SIZE: Final = "[0-9]+|-"

_CLIENT: Final = Part("client", r"[^ #\x00][^ ]*", r.text("ip"))
_IDENT: Final = Part("ident")
_USER: Final = Part("user", Shape("", "[^ ]+", "-|-?[^ -].*?|", ""), r.text("user"))
_TIME: Final = Part("time", BRACKETED, r.APACHE_TIME)
_REQUEST: Final = Part("request", QUOTED, r.REQUEST)
_REPLY: Final = (Part("status", _STATUS, r.STATUS), Part("bytes", _SIZE, r.number("bytes")))
_HEADERS: Final = (
    Part("referrer", QUOTED, r.text("referrer")),
    Part("user_agent", QUOTED, r.text("user_agent")),
)
_COMMON: Final = (_CLIENT, _IDENT, _USER, _TIME, _REQUEST, *_REPLY)
_COMBINED: Final = (*_COMMON, *_HEADERS)

_BEHIND_A_PROXY: Final = (
    *_COMMON,
    *(replace(part, shape=Shape('"', r'[^"\\]*', r'(?:[^"\\]|\\.|"[^ ])*', '"')) for part in _HEADERS),
)
"""Combined, where a text in quotation marks ends at one with a space behind: nginx escapes those inside."""

_ADDRESS: Final = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*"
_FORWARDED: Final = r.Reading(
    ("forwarded_for",), lambda value: (value.str.extract(rf"^((?:.*[ ,])?(?:{_ADDRESS}))$"),)
)
"""X-Forwarded-For, which the last proxy has ended with an address. Others log something else there: with a port behind
it, it is the upstream.
"""

_BEFORE: Final = "192.0.2.7 - - [17/Jan/2026:10:05:03 +0000]"
_AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64)"
_BEHIND: Final = f'200 5316 "https://www.example.org/" "{_AGENT}"'


_PORT: Final = "(?::[0-9]+)?"
_NAMED: Final = rf"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+{_PORT}"
_ASKED: Final = Shape("", _NAMED, rf"{_NAMED}|localhost{_PORT}|\[[0-9a-fA-F:.]+\]{_PORT}|-", "")
"""A host as the client has asked for it. That it is no user of RFC 1413 shows by its dots."""

_GCS: Final = Row(
    (
        Part("time_micros", Shape('"', _NUMBER, _NUMBER, '"'), r.epoch(1_000_000)),
        Part("c_ip", DOUBLED, r.text("ip")),
        Part("c_ip_type", DOUBLED),
        Part("c_ip_region", DOUBLED),
        Part("cs_method", DOUBLED, r.text("method")),
        Part("cs_uri", DOUBLED, r.URL),
        Part("sc_status", DOUBLED, r.STATUS),
        Part("cs_bytes", DOUBLED),
        Part("sc_bytes", DOUBLED, r.number("bytes")),
        Part("time_taken_micros", DOUBLED, r.duration(0.001)),
        Part("cs_host", DOUBLED, r.HOST),
        Part("cs_referer", DOUBLED, r.text("referrer")),
        Part("cs_user_agent", DOUBLED, r.text("user_agent")),
        Part("s_request_id", DOUBLED),
        Part("cs_operation", DOUBLED),
        Part("cs_bucket", DOUBLED),
        Part("cs_object", DOUBLED),
    ),
    separator=",",
    may_grow=True,
)

_BAR: Final = "[^|]*"
_BUNNY: Final = Row(
    (
        Part("cache status", "[A-Z]+|-", r.text("cache_status")),
        Part("status code", _STATUS, r.STATUS),
        Part("timestamp", _NUMBER, r.epoch(1000)),
        Part("bytes sent", _SIZE, r.number("bytes")),
        Part("pull zone id", _BAR),
        Part("remote ip", _BAR, r.text("ip")),
        Part("referer", _BAR, r.text("referrer")),
        Part("url", _BAR, r.URL),
        Part("edge location", _BAR),
        Part("user agent", _BAR, r.text("user_agent")),
        Part("request id", _BAR),
        Part("country", _BAR, r.text("country")),
    ),
    separator="|",
    may_grow=True,
)

SERVERS: Final = (
    *PROXIES,
    DelimitedFormat(
        "traefik_clf",
        "Traefik, common format",
        "Proxies and load balancers",
        Row(
            (
                *_COMBINED,
                Part("number of requests", _SIZE),
                Part("router name", QUOTED),
                Part("server URL", QUOTED),
                Part("duration", Shape("", _NUMBER, _NUMBER, "ms"), r.duration(1)),
            )
        ),
        f'{_BEFORE} "GET /shop?page=2 HTTP/1.1" {_BEHIND} 17 "shop@docker" "http://198.51.100.8:80" 12ms',
    ),
    DelimitedFormat(
        "squid_combined",
        "Squid, combined format",
        "Proxies and load balancers",
        Row((*_COMBINED, Part("Ss:Sh", "[A-Z_]+:[A-Z_]+", r.RESULT))),
        f'{_BEFORE} "GET http://www.example.com/shop?page=2 HTTP/1.1" {_BEHIND} TCP_MISS:HIER_DIRECT',
    ),
    DelimitedFormat(
        "icecast",
        "Icecast 2: combined with the seconds listened",
        "Media servers",
        Row((*_COMBINED, Part("seconds", _NUMBER, r.duration(1000)))),
        f'{_BEFORE} "GET /shop HTTP/1.1" {_BEHIND} 1432',
    ),
    DelimitedFormat(
        "nginx_main",
        "nginx: the format `main` of its packages and images, combined with X-Forwarded-For",
        "Web servers",
        Row((*_BEHIND_A_PROXY, Part("http_x_forwarded_for", QUOTED, _FORWARDED))),
        f'{_BEFORE} "GET /shop?page=2 HTTP/1.1" {_BEHIND} "203.0.113.9, 198.51.100.8"',
    ),
    DelimitedFormat(
        "ingress_nginx",
        "ingress-nginx of Kubernetes: combined with the time taken and the upstream",
        "Proxies and load balancers",
        Row(
            (
                *_BEHIND_A_PROXY,
                Part("request_length", _SIZE),
                Part("request_time", "[0-9.]+|-", r.duration(1000)),
                Part("[proxy_upstream_name]", BRACKETED),
                Part("upstream", Shape("", ".*", ".*", "")),
                Part("req_id", "[0-9a-f]{32}"),
            ),
            needed=12,
            may_grow=True,
        ),
        f'{_BEFORE} "GET /shop?page=2 HTTP/1.1" {_BEHIND} 412 0.012 [shop-web-80] [] 198.51.100.8:8080 5316 0.011 200 '
        "cc21d9b0cf5c432b8c7e98aeb7988cd2",
    ),
    DelimitedFormat(
        "ovh",
        "lighttpd and OVH hosting: combined with the host in the place of ident",
        "Web servers",
        Row((_CLIENT, Part("host", _ASKED, r.HOST, must_show=True), *_COMBINED[2:])),
        f'192.0.2.7 www.example.com - [17/Jan/2026:10:05:03 +0000] "GET /shop?page=2 HTTP/1.1" {_BEHIND}',
    ),
    DelimitedFormat(
        "gandi",
        "Gandi hosting: combined behind the host, with the time taken",
        "Web servers",
        Row(
            (
                Part("host", '[^ #"\\x00][^ "]*', r.HOST),
                *_COMBINED[:4],
                Part("time taken", Shape(r"\(", r"[0-9.]+", r"[0-9.]+", r" s\)"), r.duration(1000)),
                *_COMBINED[4:],
            )
        ),
        f'www.example.com {_BEFORE} (0.123 s) "GET /shop?page=2 HTTP/1.1" {_BEHIND}',
    ),
    DelimitedFormat(
        "bunny",
        "Bunny CDN, the format with bars",
        "Content delivery networks",
        _BUNNY,
        f"HIT|200|1768644303123|5316|390|192.0.2.7|https://www.example.org/|https://shop.example.com/shop?page=2|DE|"
        f"{_AGENT}|322b688bd63fb63f2babe9de96a5d262|DE",
    ),
    DelimitedFormat(
        "gcs",
        "Google Cloud Storage usage log (CSV)",
        "Storage",
        _GCS,
        '"1768644303123456","192.0.2.7","1","","GET","/shop?page=2","200","0","5316","12000","www.example.com",'
        f'"https://www.example.org/","{_AGENT}","AE-1","GET_Object","example-bucket","shop"',
        heading='"time_micros",',
        unescape=lambda value: value.replace('""', '"'),
    ),
)
