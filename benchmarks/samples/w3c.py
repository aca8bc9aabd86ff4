"""Samples of the W3C Extended Log File Format, and of CloudFront's real-time log, whose fields are in a fixed
order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import quote

from benchmarks.samples.model import Sample
from benchmarks.samples.rendered import (
    REJECTED,
    path_of,
    query_of,
    size_of,
    status_of_cache,
    taken_ms,
    thinned,
)
from benchmarks.samples.traffic import Hit
from ingest.formats.w3c_fields import REALTIME_FIELDS

_SAFE: Final = "/;,=!?@$&*+:()"


def _fields(names: str) -> list[str]:
    return names.split()


def values_of(hit: Hit) -> dict[str, str]:
    """Return what a server writes for the fields, by name; those that are not here are ``-``."""
    return {
        "date": f"{hit.at:%Y-%m-%d}",
        "time": f"{hit.at:%H:%M:%S}",
        "timestamp": f"{int(hit.at.timestamp())}.{hit.at.second * 13 % 1000:03d}",
        "c-ip": hit.ip,
        "c-dns": hit.ip,
        "s-ip": "198.51.100.8",
        "s-port": "443",
        "cs-method": hit.method,
        "s-operation": hit.method,
        "cs-uri": f"http://{hit.host}{hit.target}",
        "cs-uri-stem": path_of(hit),
        "cs-uri-query": query_of(hit),
        "cs-username": hit.user,
        "cs-host": hit.host,
        "x-host-header": hit.host,
        "r-host": hit.host,
        "cs(Host)": "d111111abcdef8.cloudfront.net",
        "cs-version": hit.protocol,
        "cs-protocol": "https",
        "cs-protocol-version": hit.protocol,
        "sc-status": str(hit.status),
        "c-status": str(hit.status),
        "sc-bytes": str(size_of(hit)),
        "cs-bytes": "423",
        "cs(User-Agent)": hit.agent.replace(" ", "+"),
        "c-agent": hit.agent,
        "cs(Referer)": hit.referrer,
        "cs-referred": hit.referrer,
        "sc-substatus": "0",
        "sc-win32-status": "0",
        "sc-servicename": "HTTP",
        "s-computername": "TMG1",
        "s-object-source": status_of_cache(hit, "Cache", "Internet"),
        "cs-mime-type": "text/html",
        "time-taken": str(taken_ms(hit)),
        "x-duration": str(taken_ms(hit) * 17),
        "avgbandwidth": "128000",
    }


def cloudfront_values(hit: Hit) -> dict[str, str]:
    """Return what CloudFront writes: encoded texts, seconds, its own fields."""
    result = status_of_cache(hit, "Hit", "Miss")
    return values_of(hit) | {
        "x-edge-location": "FRA56-P1",
        "x-edge-result-type": result,
        "x-edge-response-result-type": result,
        "x-edge-detailed-result-type": result,
        "x-edge-request-id": f"EX{hit.at:%H%M%S}uKwQ7N6VXbLnsXxUuOe7TJ1Jf2jZ4Jk6s6Y1Q==",
        "cs(User-Agent)": quote(hit.agent, safe=_SAFE),
        "cs-user-agent": quote(hit.agent, safe=_SAFE),
        "cs-referer": hit.referrer,
        "time-taken": f"{taken_ms(hit) / 1000:.3f}",
        "time-to-first-byte": f"{taken_ms(hit) / 1000:.3f}",
        "ssl-protocol": "TLSv1.3",
        "ssl-cipher": "TLS_AES_128_GCM_SHA256",
        "c-port": str(40000 + hit.at.second),
        "sc-content-type": "text/html",
        "sc-content-len": str(size_of(hit)),
        "c-country": "DE",
    }


def lines_of(
    fields: Sequence[str],
    hits: Sequence[Hit],
    separator: str = " ",
    values: Callable[[Hit], Mapping[str, str]] = values_of,
) -> list[str]:
    """Return the lines of hits under a list of fields."""
    return [separator.join(values(hit).get(field, "-") for field in fields) for hit in hits]


_IIS_OLD: Final = _fields(
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) "
    "sc-status sc-substatus sc-win32-status time-taken"
)
_IIS: Final = _fields(
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs-version "
    "cs(User-Agent) cs(Referer) cs-host sc-status sc-substatus sc-win32-status sc-bytes cs-bytes "
    "time-taken"
)


def _directives(software: str, fields: Sequence[str], separator: str = " ") -> list[str]:
    start = [f"#Software: {software}", "#Version: 1.0", "#Date: 2026-01-12 00:00:00"]
    return [*start, "#Fields: " + separator.join(fields)]


def iis_log() -> list[str]:
    """Return a server that was restarted at noon, with more fields from then on; two lines have a field too many."""
    hits = thinned(1)
    software = "Microsoft Internet Information Services 10.0"
    odd = [
        "2026-01-12 13:00:00 198.51.100.8 GET /a+b - 443 SHOP\\anna 192.0.2.77 HTTP/1.1 "
        "Mozilla/5.0+(compatible;+Example/1.0;++https://www.example.org/bot) - www.example.com:443 404 0 2 1245 99 0",
        "2026-01-12 13:01:00 198.51.100.8 - - - 443 - 192.0.2.78 - - - - 400 0 0 334 0 15",
        "2026-01-12 13:02:00 fe80::1%5 GET / - 443 - 2001:db8::1 HTTP/2 an agent with spaces - - 200 0 0 5 9 1",
        REJECTED,
    ]
    half = len(hits) // 2
    return [
        *_directives(software, _IIS_OLD),
        *lines_of(_IIS_OLD, hits[:half]),
        *_directives(software, _IIS),
        *lines_of(_IIS, hits[half:]),
        *odd,
    ]


def w3c_log() -> list[str]:
    """Return a server of nobody in particular: quoted texts, seconds with a fraction, spaces in brackets."""
    fields = _fields(
        "date time c-ip cs-method cs-uri-stem cs-uri-query sc-status sc-bytes time-taken cs(Referer) "
        "cs(User-Agent)"
    )
    odd = [
        '2026-01-12 13:00:00 192.0.2.77 GET "/a b" "c=""d""" 200 12 0.003 - "Mozilla/5.0 (""quoted"" browser)"',
        "2026-01-12 13:01:00.250 2001:db8::1 GET / - 200 12 0.003 - [an agent in brackets]",
        "2026-01-12 25:01:00 192.0.2.79 GET / - 200 12 0.003 - -",
        REJECTED,
    ]
    seconds = {"time-taken": 1000.0}
    lines = [" ".join(_quoted(field, hit, seconds) for field in fields) for hit in thinned(1)]
    return ["#Version: 1.0", "#Remark: made for footfall", "#Fields: " + " ".join(fields), *lines, *odd]


def _quoted(field: str, hit: Hit, seconds: Mapping[str, float]) -> str:
    if field == "cs(User-Agent)":
        return f'"{hit.agent}"'

    return f"{taken_ms(hit) / seconds[field]:.3f}" if field in seconds else values_of(hit).get(field, "-")


_CLOUDFRONT: Final = _fields(
    "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) "
    "cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header "
    "cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher "
    "x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port "
    "time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start "
    "sc-range-end"
)
_CLOUDFRONT_2013: Final = _CLOUDFRONT[:18]


def cloudfront_log() -> list[str]:
    """Return two files put together, the first from when there were 18 fields; two agents are encoded twice."""
    hits = thinned(2)
    odd = [
        {
            **cloudfront_values(hits[0]),
            "cs(User-Agent)": "Mozilla/5.0%2520(X11;%2520Linux%2520x86_64)",
            "cs-uri-stem": "/caf%25C3%25A9",
            "cs-uri-query": "q=a%2520b",
        },
        {
            **cloudfront_values(hits[1]),
            "cs(User-Agent)": "%22quoting%22%20agent",
            "x-edge-result-type": "Error",
        },
        {**cloudfront_values(hits[2]), "sc-status": "000", "x-edge-result-type": "ClientCommError"},
    ]
    return [
        "#Version: 1.0",
        "#Fields: " + " ".join(_CLOUDFRONT_2013),
        *lines_of(_CLOUDFRONT_2013, hits[:20], "\t", cloudfront_values),
        "#Version: 1.0",
        "#Fields: " + " ".join(_CLOUDFRONT),
        *lines_of(_CLOUDFRONT, hits[20:], "\t", cloudfront_values),
        *("\t".join(values.get(field, "-") for field in _CLOUDFRONT) for values in odd),
        REJECTED,
    ]


def cloudfront_realtime_log() -> list[str]:
    """Return the fields in the order that all of them come in; one line has those of 2024 behind them."""
    fields = REALTIME_FIELDS.split()

    def values(hit: Hit) -> dict[str, str]:
        return cloudfront_values(hit) | {
            "cs-uri-stem": hit.target,
            "cs-host": "d111111abcdef8.cloudfront.net",
        }

    lines = lines_of(fields, thinned(2), "\t", values)
    return [*lines[:30], lines[30] + "\t-" * 21, REJECTED, *lines[31:]]


_ISA: Final = _fields(
    "c-ip cs-username c-agent sc-authenticated date time s-svcname s-computername cs-referred r-host "
    "r-ip r-port time-taken sc-bytes cs-bytes cs-protocol cs-transport s-operation cs-uri "
    "cs-mime-type s-object-source sc-status"
)


def isa_log() -> list[str]:
    """Return a reverse proxy, by tabs; one line has a code of Windows for a status."""
    hits = thinned(1)
    failed = {**values_of(hits[0]), "sc-status": "10060", "sc-bytes": "0", "cs-username": "SHOP\\anna maria"}
    lines = lines_of(_ISA, hits, "\t")
    odd = ["\t".join(failed.get(field, "-") for field in _ISA), REJECTED]
    return [*_directives("Microsoft ISA Server 2004", _ISA, "\t"), *lines, *odd]


_NETSCALER: Final = _fields(
    "date time c-ip cs-username sc-servicename s-ip s-port cs-method cs-uri-stem cs-uri-query "
    "sc-status cs-bytes sc-bytes time-taken cs-version cs(User-Agent) cs(Cookie) cs(Referer)"
)


def netscaler_log() -> list[str]:
    """Return a load balancer that writes whole seconds; one agent stands in quotation marks."""
    lines = lines_of(
        _NETSCALER, thinned(1), values=lambda hit: values_of(hit) | {"time-taken": str(hit.at.second % 3)}
    )
    odd = [
        "2026-01-12 13:00:00 192.0.2.77 - HTTP 198.51.100.8 443 GET / - 200 78 131 0 HTTP/1.1 "
        '"an ""agent"" of old" - -',
        REJECTED,
    ]
    directives = _directives("Netscaler Web Logging(NSWL)", _NETSCALER)
    return [*directives[:-1], directives[-1] + " ", *lines, *odd]


_SHOUTCAST: Final = _fields(
    "c-ip c-dns date time cs-uri-stem c-status cs(User-Agent) sc-bytes x-duration avgbandwidth"
)


def shoutcast_log() -> list[str]:
    """Return a radio; titles and agents are encoded."""

    def values(hit: Hit) -> dict[str, str]:
        agent = quote(hit.agent, safe="")
        return values_of(hit) | {
            "cs(User-Agent)": agent,
            "cs-uri-stem": f"/stream?title={quote(path_of(hit)[1:], safe='')}",
        }

    odd = [
        "192.0.2.77 listener.example.net 2026-01-12 13:00:00 /stream?title=A%20%22Song%22 200 - 0 0 0",
        REJECTED,
    ]
    return [*_directives("SHOUTcast", _SHOUTCAST), *lines_of(_SHOUTCAST, thinned(1), values=values), *odd]


SAMPLES: Final[dict[str, Sample]] = {
    "w3c.log": w3c_log,
    "iis.log": iis_log,
    "cloudfront.log": cloudfront_log,
    "cloudfront_realtime.log": cloudfront_realtime_log,
    "isa.log": isa_log,
    "netscaler.log": netscaler_log,
    "shoutcast.log": shoutcast_log,
}
