"""Make formats of text: `kind:definition`, a server's own format string, or one from its configuration file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

from ingest.formats.apache import apache
from ingest.formats.goaccess import goaccess
from ingest.formats.json_logs.maps import from_map
from ingest.formats.model import Format
from ingest.formats.nginx import nginx
from ingest.formats.proxies import haproxy, haproxy_clf
from ingest.formats.regex import regex
from ingest.formats.server_config import spec_in_file, spec_in_text
from ingest.formats.w3c import cloudfront_realtime, w3c
from ingest.formats.wrapped import WRAPPERS, wrapped

KINDS: Final[Mapping[str, Callable[[str], Format]]] = MappingProxyType(
    {
        "apache": apache,
        "nginx": nginx,
        "goaccess": goaccess,
        "regex": regex,
        "json": from_map,
        "haproxy": haproxy,
        "haproxy_clf": haproxy_clf,
        "w3c": w3c,
        "cloudfront_realtime": cloudfront_realtime,
        **{kind: partial(wrapped, kind) for kind in WRAPPERS},
    }
)
"""Kind → what makes a format of its definition; raises `FormatError` for one that cannot be."""

EXAMPLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "apache": 'apache:%h %l %u %t "%r" %>s %b %D',
        "nginx": 'nginx:$remote_addr [$time_local] "$request" $status $request_time',
        "goaccess": 'goaccess:%h %^[%d:%t %^] "%r" %s %b',
        "regex": r"regex:^(?P<ip>\S+) (?P<date>\S+) (?P<method>[A-Z]+) (?P<path>\S+) (?P<status>\d+)",
        "json": "json:time=ts,ip=client.addr,method=req.method,path=req.uri,status=code,duration_ms=latency*1000",
        "haproxy": "haproxy:Host|User-Agent",
        "haproxy_clf": "haproxy_clf:Host|User-Agent|Referer",
        "w3c": "w3c:#Fields: date time c-ip cs-method cs-uri-stem sc-status",
        "cloudfront_realtime": "cloudfront_realtime:timestamp c-ip cs-method cs-uri-stem sc-status",
        "docker": "docker:combined",
        "journald": "journald:combined",
        "cri": "cri:nginx_json",
        "syslog": "syslog:haproxy",
    }
)
"""Kind → a definition of that kind."""

ALIASES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "COMBINED": "combined",
        "COMMON": "common",
        "VCOMBINED": "combined_vhost",
        "VCOMMON": "common_vhost",
        "W3C": "w3c",
        "CLOUDFRONT": "cloudfront",
        "CLOUDSTORAGE": "gcs",
        "AWSELB": "elb",
        "AWSALB": "alb",
        "AWSS3": "s3",
        "SQUID": "squid",
        "CADDY": "caddy",
        "TRAEFIKCLF": "traefik_clf",
    }
)
"""GoAccess's name of a predefined format → ours, which reads more of the same lines."""

_CONFIGURATION = re.compile(r"\s*(?:log_format|LogFormat|CustomLog)\s")

_GUESSES: Final = (
    (re.compile(r"\(\?P?<[A-Za-z_]"), "regex"),
    (re.compile(r"\$(?:\{\w+\}|[a-z]\w)"), "nginx"),
    (re.compile(r"%[!<>,0-9]*\{[^}]*\}[!<>,0-9]*\^?[A-Za-z]"), "apache"),
    (re.compile(r"%[xdeCKMn~]|%\^(?!F)|~h\{"), "goaccess"),
    (re.compile(r"%[!<>,0-9]*\^?[A-Za-z]"), "apache"),
)
"""What a definition without its kind has → that kind; the first counts."""


def made_of(spec: str) -> Format | None:
    """Return the format that `spec` defines, None when it is no definition; raises `FormatError` for a bad one."""
    kind, colon, definition = spec.partition(":")
    if colon and kind in KINDS:
        return KINDS[kind](definition)

    if spec.startswith("@"):
        return made_of(spec_in_file(spec[1:]))

    if _CONFIGURATION.match(spec):
        return made_of(spec_in_text(spec))

    guessed = kind_of(spec)
    return KINDS[guessed](spec) if guessed else None


def kind_of(definition: str) -> str | None:
    """Return the kind of a definition that does not say it, None for a text that is none."""
    return next((kind for pattern, kind in _GUESSES if pattern.search(definition)), None)
