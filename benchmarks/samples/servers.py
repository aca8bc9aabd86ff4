"""Samples of proxies, caches, media servers and hosts: the same quiet day in the format of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from benchmarks.samples.model import Sample
from benchmarks.samples.ncsa import combined
from benchmarks.samples.rendered import (
    odd_hits,
    path_of,
    size_of,
    status_of_cache,
    taken_ms,
    thinned,
    with_odd_lines,
)
from benchmarks.samples.traffic import Hit

_CLF_TIME: Final = "%d/%b/%Y:%H:%M:%S +0000"


def haproxy(hit: Hit) -> str:
    """Return the line of HAProxy 3.0 with the Host header captured."""
    time = hit.at.strftime("%d/%b/%Y:%H:%M:%S.") + f"{hit.at.second * 13 % 1000:03d}"
    took = taken_ms(hit)
    return (
        f"{hit.ip}:{40000 + hit.at.second} [{time}] https-in~ shop/web{1 + hit.at.second % 2} "
        f"0/0/1/{took - 1}/{took} {hit.status} {size_of(hit)} - - ---- 3/2/1/1/0 0/0 "
        f'{{{hit.host}}} "{hit.request}"'
    )


def haproxy_log() -> list[str]:
    """Return also: a bad request, one that timed out, and the five times of older versions without captures."""
    odd = [
        "192.0.2.77:41002 [12/Jan/2026:13:00:00.120] https-in~ https-in/<NOSRV> -1/-1/-1/-1/0 400 187 - - PR-- "
        '2/2/0/0/0 0/0 {} "<BADREQ>"',
        "192.0.2.78:41003 [12/Jan/2026:13:01:00.121] https-in~ https-in/<NOSRV> -1/-1/-1/-1/10001 408 212 - - cR-- "
        '2/2/0/0/0 0/0 "<BADREQ>"',
        "192.0.2.79:41004 [12/Jan/2026:13:02:00.122] http-in static/srv1 10/0/30/69/+109 200 +2750 session=1 - --NI "
        '1/1/1/1/+2 0/0 {www.example.com|Mozilla/5.0} {nginx} "GET /two words HTTP/1.1"',
        "2001:db8::1:41005 [12/Jan/2026:13:03:00.123] http-in http-in/<STATS> 0/0/0/0/0 -1 0 - - CR-- "
        '1/1/0/0/0 0/0 "GET /stats?q="x" HTTP/1.1"',
    ]
    return with_odd_lines([haproxy(hit) for hit in thinned(1)], odd)


def haproxy_clf(hit: Hit) -> str:
    """Return the line that `option httplog clf` writes, with Host, User-Agent and Referer captured."""
    took, referrer = taken_ms(hit), hit.referrer.removeprefix("-")
    return (
        f'{hit.ip} - - [{hit.at.strftime(_CLF_TIME)}] "{hit.request}" {hit.status} {size_of(hit)} "" "" '
        f'{40000 + hit.at.second} {hit.at.second * 13 % 1000:03d} "https-in~" "shop" "web{1 + hit.at.second % 2}" '
        f'0 0 1 {took - 1} {took} ---- 3 2 1 1 0 0 0 "" "" "{hit.host}" "{hit.agent}" "{referrer}" "text/html"'
    )


def haproxy_clf_log() -> list[str]:
    """Return also: what is refused, what found no server, and what captures nothing."""
    odd = [
        '192.0.2.77 - - [12/Jan/2026:13:00:00 +0000] "<BADREQ>" 400 187 "" "" 41002 120 "https-in~" "https-in~" '
        '"<NOSRV>" -1 -1 -1 -1 0 PR-- 2 2 0 0 0 0 0 "" "" "" "" "" ""',
        '192.0.2.78 - - [12/Jan/2026:13:01:00 +0000] "GET /no HTTP/1.1" 503 217 "" "" 41003 005 "http-in" "static" '
        '"srv1" 0 0 -1 -1 3004 SC-- 1 1 0 0 3 0 0 "" "" ',
        '2001:db8::1 - - [12/Jan/2026:13:02:00 +0000] "GET /x#22y HTTP/1.1" 200 +2750 "" "" 41004 122 "http-in" '
        '"static" "srv1" 10 0 30 69 +109 --NI 1 1 1 1 +2 0 0 "session=1" "" "www.example.com" "" "" ""',
    ]
    return with_odd_lines([haproxy_clf(hit) for hit in thinned(1)], odd)


def _envoy_parts(hit: Hit) -> tuple[str, str]:
    """Return what stands before and behind the details that only Istio writes."""
    time = hit.at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{hit.at.second * 13 % 1000:03d}Z"
    protocol = hit.protocol.removesuffix(".0") if hit.protocol == "HTTP/2.0" else hit.protocol
    before = f'[{time}] "{hit.method} {hit.target} {protocol}" {hit.status} -'
    behind = (
        f'0 {size_of(hit)} {taken_ms(hit)} {taken_ms(hit) - 1} "{hit.ip}" "{hit.agent}" '
        f'"5c1c1b0e-{hit.at:%H%M}-4a3b-9{hit.at:%S}0-0a58a9feac02" "{hit.host}" "198.51.100.8:8080"'
    )
    return before, behind


def envoy(hit: Hit) -> str:
    """Return the line of Envoy's default format."""
    return " ".join(_envoy_parts(hit))


def istio(hit: Hit) -> str:
    """Return the line of Istio's default format."""
    before, behind = _envoy_parts(hit)
    return (
        f'{before} via_upstream - "-" {behind} inbound|8080|| 127.0.0.6:36441 198.51.100.8:8080 {_with_port(hit)} '
        f"{hit.host} default"
    )


def _with_port(hit: Hit) -> str:
    return f"[{hit.ip}]:0" if ":" in hit.ip else f"{hit.ip}:0"


_ENVOY_ODD: Final = (
    '[2026-01-12T13:00:00.000Z] "- - HTTP/1.1" 400 DPE',
    '[2026-01-12T13:01:00.000Z] "- - -" 0 -',
    '[2026-01-12T13:02:00.000Z] "GET /healthz HTTP/1.1" 503 UH,URX',
)


def envoy_log() -> list[str]:
    """Return also: a downstream protocol error, a TCP connection and a list of forwarders."""
    ends = (
        '0 11 0 - "-" "-" "-" "-" "-"',
        '148 296 5012 - "-" "-" "-" "-" "198.51.100.8:5432"',
        '0 19 0 - "203.0.113.9,192.0.2.80" "a "quoting" agent" "b5" "www.example.com:8443" "-"',
    )
    odd = [f"{begin} {end}" for begin, end in zip(_ENVOY_ODD, ends, strict=True)]
    return with_odd_lines([envoy(hit) for hit in thinned(1)], odd)


def istio_log() -> list[str]:
    """Return the same with the details of Istio."""
    ends = (
        'http1.codec_error - "-" 0 11 0 - "-" "-" "-" "-" "-" - - 198.51.100.8:8080 192.0.2.77:41214 - -',
        '- - "-" 148 296 5012 - "-" "-" "-" "-" "198.51.100.8:5432" inbound|5432|| 127.0.0.6:1 198.51.100.8:5432 '
        "192.0.2.78:41215 - -",
        'no_healthy_upstream - "-" 0 19 0 - "203.0.113.9,192.0.2.80" "-" "b5" "www.example.com:8443" "-" '
        "outbound|8080||shop - 198.51.100.8:8080 192.0.2.80:1 www.example.com default",
    )
    odd = [f"{begin} {end}" for begin, end in zip(_ENVOY_ODD, ends, strict=True)]
    return with_odd_lines([istio(hit) for hit in thinned(1)], odd)


def squid(hit: Hit) -> str:
    """Return the line of Squid's native format."""
    result = status_of_cache(hit, "TCP_MEM_HIT", "TCP_MISS")
    way = status_of_cache(hit, "HIER_NONE/-", "HIER_DIRECT/198.51.100.8")
    mime = "text/css" if path_of(hit).endswith(".css") else "text/html"
    return (
        f"{int(hit.at.timestamp())}.{hit.at.second * 13 % 1000:03d} {taken_ms(hit):6d} {hit.ip} {result}/{hit.status} "
        f"{size_of(hit)} {hit.method} https://{hit.host}{hit.target} {hit.user} {way} {mime}"
    )


def squid_log() -> list[str]:
    """Return also: a tunnel, a denial, and a client that said nothing."""
    odd = [
        "1768222800.001  60012 192.0.2.77 TCP_TUNNEL/200 8842 CONNECT example.net:443 anna HIER_DIRECT/198.51.100.9 -",
        "1768222860.002      0 192.0.2.78 TCP_DENIED/403 3900 GET http://example.org/?a=b - HIER_NONE/- text/html",
        "1768222920.003      0 192.0.2.79 NONE/000 0 NONE error:transaction-end-before-headers - HIER_NONE/- -",
        "1768222980.004     17 2001:db8::1 TCP_REFRESH_UNMODIFIED/304 310 GET http://[2001:db8::8]:8080 - "
        "HIER_DIRECT/2001:db8::8 -",
    ]
    return with_odd_lines([squid(hit) for hit in thinned(1)], odd)


def bunny(hit: Hit) -> str:
    """Return the line of Bunny CDN."""
    referrer = "-" if hit.referrer == "-" else hit.referrer
    return (
        f"{status_of_cache(hit, 'HIT', 'MISS')}|{hit.status}|{int(hit.at.timestamp())}{hit.at.second * 13 % 1000:03d}|"
        f"{size_of(hit)}|390|{hit.ip}|{referrer}|https://{hit.host}{hit.target}|DE|{hit.agent}|"
        f"322b688bd63fb63f2babe9de96a5d2{hit.at.second:02d}|DE"
    )


def bunny_log() -> list[str]:
    """Return also: requests without agent and country, and a field more than there was."""
    odd = [
        "-|403|1768222800001|0|390|192.0.2.77|-|https://www.example.com/.env|FR|-|aa|-",
        'MISS|200|1768222860002|12|390|2001:db8::1|-|https://www.example.com/?q="bell"|FR|a "quoting" agent|ab|FR|new',
    ]
    return with_odd_lines([bunny(hit) for hit in thinned(1)], odd)


_GCS_HEADING: Final = (
    '"time_micros","c_ip","c_ip_type","c_ip_region","cs_method","cs_uri","sc_status","cs_bytes","sc_bytes",'
    '"time_taken_micros","cs_host","cs_referer","cs_user_agent","s_request_id","cs_operation","cs_bucket","cs_object"'
)


def gcs(hit: Hit) -> str:
    """Return the line of a usage log of Google Cloud Storage."""
    values = (
        f"{int(hit.at.timestamp())}{hit.at.second * 1313:06d}",
        hit.ip,
        2 if ":" in hit.ip else 1,
        "",
        hit.method,
        hit.target,
        hit.status,
        0,
        size_of(hit),
        taken_ms(hit) * 1000,
        hit.host,
        "" if hit.referrer == "-" else hit.referrer,
        hit.agent,
        f"AGENT-{hit.at:%H%M%S}",
        "GET_Object",
        "example-bucket",
        path_of(hit)[1:],
    )
    return ",".join('"' + str(value).replace('"', '""') + '"' for value in values)


def gcs_log() -> list[str]:
    """Return also: the heading, which every file has, a line of a storage log, and quotation marks."""
    odd = [
        '"1768222800000001","192.0.2.77","1","","GET","/storage/v1/b/example-bucket?fields=name","200","0","98",'
        '"42000","storage.googleapis.com","","a ""quoting"" agent","AE-2","json.buckets.get","example-bucket",""',
        '"1768222860000002","","","","","","","","","","","","","","lifecycle.delete","example-bucket","old, very old"',
        '"example-bucket","1434598312"',
    ]
    return [_GCS_HEADING, *with_odd_lines([gcs(hit) for hit in thinned(1)], odd)]


def _odd(end: str) -> list[str]:
    """Return odd lines of a format that is combined with something behind: binary, nothing, quotation marks."""
    start = "[12/Jan/2026:13:0{}:00 +0000]"
    return [
        f'192.0.2.77 - - {start.format(0)} "\\x16\\x03\\x01\\x02" 400 226 "-" "-"{end}',
        f'192.0.2.78 - - {start.format(1)} "-" 408 - "-" "-"{end}',
        f'203.0.113.80 - anna m {start.format(3)} "GET /a b?c=\\"d\\" HTTP/1.1" 200 18744 "-" '
        f'"a \\"quoting\\" agent"{end}',
        f'203.0.113.81 - - {start.format(4)} "GET /bikes/ HTTP/1.1" 200 18744 "-" "a "quoting" agent"{end}',
    ]


def _behind(write: Callable[[Hit], str], end: Callable[[Hit], str], odd: str) -> Sample:
    """Return the sample of a format that is another with something behind it."""

    def made() -> list[str]:
        return with_odd_lines([write(hit) + end(hit) for hit in [*thinned(1), *odd_hits()]], _odd(odd))

    return made


def _absolute(hit: Hit) -> str:
    return combined(hit).replace(f'"{hit.method} /', f'"{hit.method} https://{hit.host}/', 1)


def _traefik_end(hit: Hit) -> str:
    return f' {hit.at:%H%M%S} "shop@docker" "http://198.51.100.8:80" {taken_ms(hit)}ms'


def _squid_end(hit: Hit) -> str:
    return " " + status_of_cache(hit, "TCP_HIT:HIER_NONE", "TCP_MISS:HIER_DIRECT")


def nginx_main(hit: Hit) -> str:
    """Return the line of nginx behind a balancer, which hands the address of the client on."""
    return combined(hit).replace(hit.ip, "198.51.100.2", 1) + f' "{hit.ip}"'


def nginx_main_log() -> list[str]:
    """Return also: binary requests, and what clients put into the header themselves."""
    start = '198.51.100.2 - - [12/Jan/2026:13:0{}:00 +0000] "GET /bikes/ HTTP/1.1" 200 18744 "-" "-" "{}"'
    forwarded = ("' or 1=1, 203.0.113.9", "2001:db8::7, 203.0.113.9", "unknown", "198.51.100.8:8080")
    odd = [start.format(5 + place, text) for place, text in enumerate(forwarded)]
    return with_odd_lines([nginx_main(hit) for hit in [*thinned(1), *odd_hits()]], [*_odd(' "-"')[:3], *odd])


def _ingress_end(hit: Hit) -> str:
    took = taken_ms(hit) / 1000
    return (
        f" 412 {took:.3f} [shop-web-80] [] 198.51.100.8:8080, 198.51.100.9:8080 0, {size_of(hit)} 0.001, {took:.3f} "
        f"502, {hit.status} 5c1c1b0e4a3b9b000a58a9feac02{hit.at:%H%M}"
    )


def ingress_nginx_log() -> list[str]:
    """Return also: binary requests, which no upstream sees."""
    odd = _odd(" 0 0.000 [] [] - - - - 4c7d2079340e68353c7d0dfff00b904b")[:3]
    return with_odd_lines([combined(hit) + _ingress_end(hit) for hit in [*thinned(1), *odd_hits()]], odd)


def ovh(hit: Hit) -> str:
    """Return the line of OVH: the host in the place of ident."""
    return combined(hit).replace(" - ", f" {hit.host} ", 1)


def gandi(hit: Hit) -> str:
    """Return the line of Gandi: behind the host, with the time taken before the request."""
    time = hit.at.strftime(_CLF_TIME)
    return f"{hit.host} {combined(hit)}".replace(f"[{time}]", f"[{time}] ({taken_ms(hit) / 1000:.3f} s)", 1)


def ovh_log() -> list[str]:
    """Return also: binary requests and quotation marks."""
    odd = [line.replace(" - ", " www.example.com ", 1) for line in _odd("")]
    return with_odd_lines([ovh(hit) for hit in thinned(1)], odd)


def gandi_log() -> list[str]:
    """Return also: binary requests and quotation marks."""
    odd = ["www.example.com " + line.replace("] ", "] (0.003 s) ", 1) for line in _odd("")]
    return with_odd_lines([gandi(hit) for hit in thinned(1)], odd)


SAMPLES: Final[dict[str, Sample]] = {
    "haproxy.log": haproxy_log,
    "haproxy_clf.log": haproxy_clf_log,
    "envoy.log": envoy_log,
    "istio.log": istio_log,
    "traefik_clf.log": _behind(combined, _traefik_end, ' 0 "-" "-" 0ms'),
    "nginx_main.log": nginx_main_log,
    "ingress_nginx.log": ingress_nginx_log,
    "squid.log": squid_log,
    "squid_combined.log": _behind(_absolute, _squid_end, " NONE_NONE:HIER_NONE"),
    "icecast.log": _behind(combined, lambda hit: f" {taken_ms(hit) * 17}", " 0"),
    "ovh.log": ovh_log,
    "gandi.log": gandi_log,
    "bunny.log": bunny_log,
    "gcs.log": gcs_log,
}
