"""Samples of the Common and Combined Log Formats.

* `combined.log`: a week with visits, referrers, campaigns, crawlers, an uptime check, a feed reader, a scan for
  holes, a failing checkout, and ten odd lines on 15 January, the last of which is in no format and is rejected.
* `common.log`: two days, no referrers and user agents, times at UTC-5.
* `common_vhost.log`: two days of two sites, without ports.
* `combined_vhost.log`: two days of three sites, with ports, times at UTC+1.
"""

from __future__ import annotations

from datetime import UTC, timedelta, timezone
from typing import Final

from benchmarks.samples.model import Sample
from benchmarks.samples.traffic import MONDAY, Hit, week, with_hosts


def common(hit: Hit, zone: timezone = UTC) -> str:
    """Return the line of a hit in the Common Log Format."""
    time = hit.at.astimezone(zone).strftime("%d/%b/%Y:%H:%M:%S %z")
    size = "-" if hit.size is None else hit.size
    return f'{hit.ip} - {hit.user} [{time}] "{hit.request}" {hit.status} {size}'


def combined(hit: Hit, zone: timezone = UTC) -> str:
    """Return the line of a hit in the Combined Log Format."""
    return f'{common(hit, zone)} "{hit.referrer}" "{hit.agent}"'


def odd_lines() -> list[str]:
    """Return what also stands in real logs; the last line of them is in no format at all."""
    start = "[15/Jan/2026:13:0{}:00 +0000]"
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    return [
        f'192.0.2.77 - - {start.format(0)} "\\x16\\x03\\x01\\x02\\x00\\x01\\x00\\x01\\xfc\\x03\\x03" 400 226 "-" "-"',
        f'192.0.2.78 - - {start.format(1)} "-" 408 - "-" "-"',
        f'198.51.100.79 - - {start.format(2)} "GET /search?q=\\"bell\\" HTTP/1.1" 200 9120 "-" "{agent}"',
        f'203.0.113.80 - - {start.format(3)} "GET /bikes/ HTTP/1.1" 200 18744 "-" "Mozilla/5.0 (\\"quoted\\" browser)"',
        f'198.51.100.81 - anna m {start.format(4)} "GET /admin/ HTTP/1.1" 401 381 "-" "{agent}"',
        f'2001:db8::1 - - {start.format(5)} "OPTIONS * HTTP/1.0" 200 - "-" "Apache/2.4.66 (internal dummy connection)"',
        f'203.0.113.82 - - {start.format(6)} "GET /caf\\xc3\\xa9 HTTP/1.1" 404 1245 "-" "{agent}"',
        f'192.0.2.83 - - {start.format(7)} "GET /" 200 14210 "-" "-"',
        f'192.0.2.84 - - {start.format(8)} "GET /blog/ HTTP/1.1" 200 12904 "-" "Mozilla/5.0 (compatible; Goog',
        "AH00558: the server could not determine its own name, and this line does not belong here",
    ]


def combined_log() -> list[str]:
    """Return the lines of the main sample, with the odd ones in the middle of the week."""
    hits = week(20260112, 190, 380, 320)
    middle = sum(hit.at < MONDAY + timedelta(days=3, hours=13) for hit in hits)
    lines = [combined(hit) for hit in hits]
    return [*lines[:middle], *odd_lines(), *lines[middle:]]


def common_log() -> list[str]:
    """Return a server in New York that logs neither referrer nor user agent."""
    zone = timezone(timedelta(hours=-5))
    return [common(hit, zone) for hit in week(2, 30, 40, 40, days=2)]


def common_vhost_log() -> list[str]:
    """Return two sites, without ports."""
    hits = with_hosts(3, week(3, 30, 40, 40, days=2), ("www.example.com", "blog.example.org"))
    return [f"{host} {common(hit)}" for host, hit in hits]


def combined_vhost_log() -> list[str]:
    """Return three sites with ports, on a server in Berlin."""
    zone = timezone(timedelta(hours=1))
    hosts = ("www.example.com:443", "blog.example.org:443", "Shop.example.net:8443")
    return [
        f"{host} {combined(hit, zone)}" for host, hit in with_hosts(4, week(4, 30, 40, 40, days=2), hosts)
    ]


SAMPLES: Final[dict[str, Sample]] = {
    "common.log": common_log,
    "combined.log": combined_log,
    "common_vhost.log": common_vhost_log,
    "combined_vhost.log": combined_vhost_log,
}
