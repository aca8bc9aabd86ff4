"""Samples of the text logs of AWS: a quiet day, thinned out where lines are long."""

from __future__ import annotations

from typing import Final

from benchmarks.samples.model import Sample
from benchmarks.samples.rendered import path_of, size_of, taken_ms, thinned, with_odd_lines
from benchmarks.samples.traffic import Hit

_CIPHER: Final = "TLS_AES_128_GCM_SHA256"
_OWNER: Final = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
_GROUP: Final = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/shop/73e2d6bc24d8a067"
_AT_ONE: Final = "2026-01-12T13:00:00.000000Z"
_LISTENER: Final = "net/shop/c6e77e28c25b2234 g3d4b5e8bb8464cd"
_CERTIFICATE: Final = "arn:aws:acm:eu-central-1:123456789012:certificate/1"


def _iso(hit: Hit) -> str:
    return hit.at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{hit.at.second * 1313:06d}Z"


def _peer(hit: Hit) -> str:
    return f"{f'[{hit.ip}]' if ':' in hit.ip else hit.ip}:{40000 + hit.at.second}"


def _balanced(hit: Hit) -> str:
    """Return the fields that both load balancers of HTTP have."""
    return (
        f"{_peer(hit)} 198.51.100.8:8080 0.000 {taken_ms(hit) / 1000:.3f} 0.000 {hit.status} {hit.status} 423 "
        f'{size_of(hit)} "{hit.method} https://{hit.host}:443{hit.target} {hit.protocol}" "{hit.agent}" {_CIPHER} '
        "TLSv1.3"
    )


def alb(hit: Hit) -> str:
    """Return the line of an Application Load Balancer, with the fields of 2025."""
    return (
        f"{'h2' if hit.protocol == 'HTTP/2.0' else 'https'} {_iso(hit)} app/shop/50dc6c495c0c9188 {_balanced(hit)} "
        f'{_GROUP} "Root=1-6964e5{hit.at:%S}-58337262e36bef0f0f0f0f0f" "{hit.host}" "{_CERTIFICATE}" 1 {_iso(hit)} '
        f'"forward" "-" "-" "198.51.100.8:8080" "{hit.status}" "-" "-" TID_{hit.at:%H%M%S} "-" "-" "-"'
    )


def alb_log() -> list[str]:
    """Return also: no HTTP, a redirect without targets, an older and a newer number of fields, an agent in quotes."""
    balancer = "app/shop/50dc6c495c0c9188"
    behind = f'{_GROUP} "Root=1-1" "www.example.com" "-" 0 {_AT_ONE} "forward" "-" "-" "-" "-" "-" "-"'
    odd = [
        f'http 2026-01-12T13:00:00.000001Z {balancer} 192.0.2.77:51000 - -1 -1 -1 400 - 0 272 "- http://'
        f'www.example.com:80- -" "-" - - - "-" "-" "-" - {_AT_ONE} "-" "-" "-" "-" "-" "-" "-"',
        f"http 2026-01-12T13:01:00.000002Z {balancer} 192.0.2.78:51001 - -1 -1 -1 301 - 83 330 "
        '"GET http://www.example.com:80/ HTTP/1.1" "-" - - - "Root=1-2" "-" "-" 0 2026-01-12T13:01:00.000000Z '
        '"waf,redirect" "https://www.example.com:443/" "-" "-" "-" "-" "-" TID_9 "-" "-" "-" "newer" 1',
        f"https 2026-01-12T13:02:00.000003Z {balancer} 192.0.2.79:51002 198.51.100.8:80 0.001 0.002 0.000 "
        f'200 200 34 366 "GET https://www.example.com:443/?q="bell" HTTP/1.1" "a "quoting" agent" {_CIPHER} TLSv1.3 '
        f"{behind}",
        f"h2 2026-01-12T13:03:00.000004Z {balancer} 192.0.2.80:51003 198.51.100.8:80 0.001 0.002 0.000 "
        '200 200 34 366 "GET https://www.example.com:443/ HTTP/2.0" "old" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 '
        f'{_GROUP} "Root=1-3"',
        f"ws 2026-01-12T13:04:00.000005Z {balancer} 192.0.2.81:51004 198.51.100.8:80 0.001 0.003 0.000 101 "
        f'101 218 587 "GET http://www.example.com:80/live HTTP/1.1" "-" - - {behind}',
    ]
    return with_odd_lines([alb(hit) for hit in thinned(3)], odd)


def elb_log() -> list[str]:
    """Return also: a listener of TCP, and a backend that could not be reached."""
    odd = [
        "2026-01-12T13:00:00.000001Z shop-elb 192.0.2.77:51000 198.51.100.8:80 0.001069 0.000028 0.000041 - - 82 305 "
        '"- - - " "-" - -',
        '2026-01-12T13:01:00.000002Z shop-elb 192.0.2.78:51001 - -1 -1 -1 503 0 0 0 "GET http://www.example.com:80/'
        ' HTTP/1.1" "curl/8.5.0" - -',
        "2026-01-12T13:02:00.000003Z shop-elb 192.0.2.79:51002 198.51.100.8:80 0.000086 0.001048 0.001337 200 200 0 57 "
        '"GET https://www.example.com:443/ HTTP/1.1" "a "quoting" agent" DHE-RSA-AES128-SHA TLSv1.2',
    ]
    return with_odd_lines([f"{_iso(hit)} shop-elb {_balanced(hit)}" for hit in thinned(2)], odd)


def nlb_tls(hit: Hit) -> str:
    """Return the line of a TLS listener of a Network Load Balancer."""
    return (
        f"tls 2.0 {hit.at:%Y-%m-%dT%H:%M:%S} {_LISTENER} {_peer(hit)} 198.51.100.8:443 "
        f"{taken_ms(hit)} 2 423 {size_of(hit)} - {_CERTIFICATE} - {_CIPHER} tlsv13 - {hit.host} h2 h2 h2,http/1.1 "
        f"{hit.at:%Y-%m-%dT%H:%M:%S}"
    )


def nlb_tls_log() -> list[str]:
    """Return also: a handshake that failed, and a line from before application protocols were logged."""
    odd = [
        f"tls 2.0 2026-01-12T13:00:00 {_LISTENER} 192.0.2.77:51000 198.51.100.8:443 5 - 0 7 "
        "- - - - - - - - - - 2026-01-12T13:00:00",
        f"tls 1.0 2026-01-12T13:01:00 {_LISTENER} 192.0.2.78:51001 198.51.100.8:443 5 2 29 "
        f"246 - {_CERTIFICATE} - ECDHE-RSA-AES128-SHA tlsv12 - www.example.com",
    ]
    return with_odd_lines([nlb_tls(hit) for hit in thinned(1)], odd)


def s3(hit: Hit) -> str:
    """Return the line of a bucket that is a website."""
    error = "NoSuchKey" if hit.status == 404 else "-"
    size = size_of(hit) or "-"
    return (
        f"{_OWNER} {hit.host} [{hit.at:%d/%b/%Y:%H:%M:%S} +0000] {hit.ip} - 3E57427F3E{hit.at:%H%M%S} "
        f'WEBSITE.{hit.method}.OBJECT {path_of(hit)[1:] or "index.html"} "{hit.method} {hit.target} HTTP/1.1" '
        f'{hit.status} {error} {size} {size} {taken_ms(hit)} {taken_ms(hit) - 1} "{hit.referrer}" "{hit.agent}" - '
        f"s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6Uk= - - - {hit.host} - - -"
    )


def s3_log() -> list[str]:
    """Return also: a signed request, S3's own deletion, quotation marks, the fields of 2010 and a newer one."""
    start = f"{_OWNER} www.example.com [12/Jan/2026:13:0{{}}:00 +0000]"
    odd = [
        f"{start.format(0)} 192.0.2.77 arn:aws:iam::123456789012:user/anna 3E57427F3EXAMPLE REST.GET.VERSIONING - "
        '"GET /www.example.com?versioning HTTP/1.1" 200 - 113 - 7 - "-" "S3Console/0.4" - s9lzHYrFp76ZVxRcpX9= SigV4 '
        "ECDHE-RSA-AES128-GCM-SHA256 AuthHeader www.example.com.s3.eu-central-1.amazonaws.com TLSv1.2 "
        "arn:aws:s3:eu-central-1:123456789012:accesspoint/example-AP Yes eu-central-1",
        f"{start.format(1)} - AmazonS3 E9E7C8AEXAMPLE S3.EXPIRE.OBJECT old/report.pdf - - - - 33 - - - - - "
        "s9lzHYrFp76ZVxRcpX9= - - - - - - -",
        f'{start.format(2)} 192.0.2.79 - 3E57427F3EXAMPLE REST.GET.OBJECT a%2520b.txt "GET /a%20b.txt HTTP/1.1" 200 - '
        '9 9 5 4 "-" "a "quoting" agent" - s9lzHYrFp76ZVxRcpX9= - - - www.example.com TLSv1.2 - -',
        f'{start.format(3)} 192.0.2.80 - 3E57427F3EXAMPLE REST.HEAD.OBJECT logo.svg "HEAD /logo.svg HTTP/1.1" 200 - - '
        '2315 6 5 "-" "aws-sdk/1.0" -',
    ]
    return with_odd_lines([s3(hit) for hit in thinned(2)], odd)


def apigateway_clf(hit: Hit) -> str:
    """Return the line of API Gateway in its CLF."""
    time = f"{hit.at:%d/%b/%Y:%H:%M:%S} +0000"
    return (
        f'{hit.ip} - {hit.user} [{time}]"{hit.method} {path_of(hit)} HTTP/1.1" {hit.status} {size_of(hit)} '
        f"c6af9ac6-7b61-11e6-9a41-93e8de{hit.at:%H%M%S}"
    )


def apigateway_clf_log() -> list[str]:
    """Return also: a user of IAM, and an extended request id."""
    odd = [
        'arn:aws:iam::123456789012:user/anna - AIDAEXAMPLE [12/Jan/2026:13:00:00 +0000]"GET /pets HTTP/1.1" 200 12 '
        "c6af9ac6-7b61-11e6-9a41-93e8deadbeef JKJaXmPLvHcESHA=",
        '192.0.2.78 - - [12/Jan/2026:13:01:00 +0000]"- - HTTP/1.1" 403 - c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
    ]
    return with_odd_lines([apigateway_clf(hit) for hit in thinned(1)], odd)


SAMPLES: Final[dict[str, Sample]] = {
    "alb.log": alb_log,
    "elb.log": elb_log,
    "nlb_tls.log": nlb_tls_log,
    "s3.log": s3_log,
    "apigateway_clf.log": apigateway_clf_log,
}
