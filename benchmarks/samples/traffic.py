"""The traffic of the samples: a believable week of a small bicycle shop, made up request by request from fixed seeds.

Addresses are from the ranges set aside for documentation (RFC 5737, RFC 3849), names from example domains (RFC 2606).
Nothing in here was ever logged by a real server.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

MONDAY: Final = datetime(2026, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Hit:
    """A request and its reply, before any format."""

    at: datetime
    ip: str
    agent: str
    target: str
    status: int = 200
    size: int | None = None
    referrer: str = "-"
    method: str = "GET"
    protocol: str = "HTTP/1.1"
    user: str = "-"
    host: str = "www.example.com"

    @property
    def request(self) -> str:
        """Return the request line."""
        return f"{self.method} {self.target} {self.protocol}"


@dataclass(frozen=True, slots=True)
class Person:
    """A visitor: an address and a browser."""

    ip: str
    agent: str


PAGES: Final[dict[str, tuple[int, tuple[str, ...]]]] = {
    "/": (14210, ("/bikes/", "/blog/", "/repairs", "/about", "/bikes/city")),
    "/bikes/": (18744, ("/bikes/city", "/bikes/touring", "/bikes/cargo", "/")),
    "/bikes/city": (16032, ("/bikes/city/kestrel-7", "/bikes/", "/cart")),
    "/bikes/touring": (15877, ("/bikes/touring/heron-27", "/bikes/", "/blog/packing-for-a-week")),
    "/bikes/cargo": (15110, ("/bikes/cargo/pelican", "/bikes/", "/contact")),
    "/bikes/city/kestrel-7": (21377, ("/cart", "/bikes/city", "/repairs")),
    "/bikes/touring/heron-27": (22450, ("/cart", "/bikes/touring", "/contact")),
    "/bikes/cargo/pelican": (20981, ("/cart", "/bikes/cargo")),
    "/blog/": (12904, ("/blog/packing-for-a-week", "/blog/mending-a-puncture", "/blog/winter-lights")),
    "/blog/packing-for-a-week": (26118, ("/bikes/touring", "/blog/", "/newsletter")),
    "/blog/mending-a-puncture": (24390, ("/repairs", "/blog/", "/blog/winter-lights")),
    "/blog/winter-lights": (23015, ("/blog/", "/bikes/city")),
    "/repairs": (9930, ("/contact", "/", "/repairs/prices")),
    "/repairs/prices": (8412, ("/contact", "/repairs")),
    "/about": (7741, ("/contact", "/")),
    "/contact": (6120, ("/contact/thanks", "/")),
    "/contact/thanks": (3015, ("/",)),
    "/newsletter": (4801, ("/",)),
    "/cart": (8850, ("/checkout", "/bikes/")),
    "/checkout": (11230, ("/checkout/thanks", "/cart")),
    "/checkout/thanks": (5020, ("/",)),
    "/search?q=bell": (9120, ("/bikes/city", "/")),
    "/old-shop": (0, ("/bikes/",)),
    "/blog/a-day-at-the-seaside": (1245, ("/blog/",)),
}
ASSETS: Final = (
    ("/static/site.css?v=41", 18320),
    ("/static/site.js?v=41", 44871),
    ("/static/logo.svg", 2315),
    ("/favicon.ico", 1150),
)
REPLIES: Final = {"/old-shop": 301, "/blog/a-day-at-the-seaside": 404}
ENTRIES: Final[tuple[tuple[int, str, str], ...]] = (
    (30, "/", "-"),
    (22, "/blog/mending-a-puncture", "https://www.google.com/"),
    (16, "/", "https://www.google.com/"),
    (10, "/bikes/touring/heron-27", "https://www.google.com/"),
    (7, "/repairs", "https://www.bing.com/"),
    (6, "/blog/winter-lights", "https://duckduckgo.com/"),
    (5, "/blog/packing-for-a-week", "https://touring-club.example.org/links?page=2"),
    (6, "/bikes/city?utm_source=newsletter&utm_medium=email&utm_campaign=january-sale", "-"),
    (4, "/bikes/cargo/pelican?utm_source=social&utm_medium=post&utm_campaign=cargo", "https://t.co/"),
    (3, "/blog/", "https://news.example.net/item?id=4711"),
    (3, "/old-shop", "https://directory.example.net/shops/bicycles"),
    (2, "/blog/a-day-at-the-seaside", "https://friends.example.org/seaside"),
    (2, "/search?q=bell", "https://www.example.com/"),
)
BROWSERS: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:146.0) Gecko/20100101 Firefox/146.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/26.1 Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/26.1 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36 "
    "Edg/143.0.0.0",
)
GOOGLEBOT: Final = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
BINGBOT: Final = "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"
GPTBOT: Final = (
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.3; +https://openai.com/gptbot)"
)
CLAUDEBOT: Final = (
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)"
)
SCANNED: Final = (
    "/wp-login.php",
    "/.env",
    "/.git/config",
    "/phpmyadmin/index.php",
    "/xmlrpc.php",
    "/admin",
    "/backup.zip",
    "/config.json",
    "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php",
    "/cgi-bin/luci",
    "/actuator/health",
    "/owa/auth/logon.aspx",
)
BUSY_HOURS: Final = (1, 1, 1, 1, 1, 2, 4, 7, 10, 12, 12, 11, 12, 11, 10, 10, 11, 13, 15, 17, 16, 12, 7, 3)


def people(chance: Random, count: int) -> list[Person]:
    """Return visitors, one in eight of them on IPv6."""
    return [Person(_address(chance, number), chance.choice(BROWSERS)) for number in range(count)]


def _address(chance: Random, number: int) -> str:
    if number % 8 == 7:
        return f"2001:db8:{chance.randrange(1, 0xFFFF):x}::{chance.randrange(1, 0xFFFF):x}"

    return f"{chance.choice(('192.0.2', '198.51.100', '203.0.113'))}.{chance.randrange(1, 250)}"


def moment(chance: Random, days: int) -> datetime:
    """Return a moment of the week, more often in the evening and less often at the weekend."""
    day = chance.choices(range(days), weights=(11, 12, 11, 10, 10, 7, 8)[:days])[0]
    hour = chance.choices(range(24), weights=BUSY_HOURS)[0]
    return MONDAY + timedelta(days=day, hours=hour, seconds=chance.randrange(3600))


def visit(chance: Random, person: Person, at: datetime) -> Iterator[Hit]:
    """Yield what a person's browser asks for from entering the site to leaving it."""
    _, target, referrer = chance.choices(ENTRIES, weights=[entry[0] for entry in ENTRIES])[0]
    returning = chance.random() < 0.3
    first = True
    while True:
        page = target if target in PAGES else target.partition("?")[0]
        size, links = PAGES[page]
        yield _page(chance, person, at, target, page, size, referrer)
        here = "https://www.example.com" + target
        if first:
            yield from _assets(chance, person, at, here, returning)

        if chance.random() < 0.3:
            return

        first, referrer, target = False, here, chance.choice(links)
        at += timedelta(seconds=chance.randrange(4, 150))


def _page(
    chance: Random, person: Person, at: datetime, target: str, page: str, size: int, referrer: str
) -> Hit:
    hit = Hit(
        at, person.ip, person.agent, target, REPLIES.get(page, 200), size + chance.randrange(90), referrer
    )
    hit = replace(hit, protocol="HTTP/2.0" if chance.random() < 0.7 else "HTTP/1.1")
    if page in {"/contact/thanks", "/checkout/thanks"}:
        return replace(hit, method="POST")

    return replace(hit, status=500, size=312) if page == "/checkout" and chance.random() < 0.25 else hit


def _assets(chance: Random, person: Person, at: datetime, here: str, returning: bool) -> Iterator[Hit]:
    for target, size in ASSETS[: chance.randrange(2, 5)]:
        at += timedelta(seconds=chance.randrange(2))
        status = 304 if returning else 200
        yield Hit(
            at,
            person.ip,
            person.agent,
            target,
            status,
            None if returning else size,
            here,
            protocol="HTTP/2.0",
        )


def crawl(chance: Random, ip: str, agent: str, count: int, days: int) -> Iterator[Hit]:
    """Yield a crawler's requests: robots.txt first, then pages all day and night."""
    yield Hit(MONDAY + timedelta(minutes=3), ip, agent, "/robots.txt", 200, 128)
    for _ in range(count):
        target, (size, _links) = chance.choice(list(PAGES.items()))
        at = MONDAY + timedelta(seconds=chance.randrange(days * 86400))
        yield Hit(at, ip, agent, target, REPLIES.get(target, 200), size)


def regulars(days: int) -> Iterator[Hit]:
    """Yield what comes by the clock: an uptime check, a feed reader and the shop's own import."""
    for hour in range(0, days * 24, 3):
        at = MONDAY + timedelta(hours=hour)
        yield Hit(
            at + timedelta(seconds=11), "198.51.100.251", "uptime-check/2.1", "/", 200, 0, method="HEAD"
        )
        fresh = hour % 24 == 6
        reader = "FeedReader/4.2 (+https://reader.example.net/about; 14 subscribers)"
        yield Hit(
            at + timedelta(minutes=20),
            "192.0.2.252",
            reader,
            "/feed.xml",
            *((200, 30211) if fresh else (304, None)),
        )

    for day in range(days):
        at = MONDAY + timedelta(days=day, hours=4, minutes=30)
        yield Hit(
            at, "192.0.2.10", "python-requests/2.32.5", "/admin/stock", 200, 912, method="PUT", user="anna"
        )


def scan(days: int) -> Iterator[Hit]:
    """Yield a burst of somebody looking for holes."""
    start = MONDAY + timedelta(days=min(3, days - 1), hours=2, minutes=41)
    for number, target in enumerate(SCANNED * 5):
        at = start + timedelta(seconds=number)
        status, size = (403, 199) if target.startswith("/.") else (404, 1245)
        yield Hit(at, "203.0.113.251", "Mozilla/5.0 zgrab/0.x", target, status, size)


def week(seed: int, persons: int, visits: int, crawls: int, *, days: int = 7) -> list[Hit]:
    """Return all requests of some days in the order a server logs them."""
    chance = Random(seed)
    crowd = people(chance, persons)
    hits = [hit for _ in range(visits) for hit in visit(chance, chance.choice(crowd), moment(chance, days))]
    bots = (
        ("192.0.2.66", GOOGLEBOT),
        ("198.51.100.66", BINGBOT),
        ("203.0.113.66", GPTBOT),
        ("203.0.113.67", CLAUDEBOT),
    )
    for share, (ip, agent) in zip((4, 2, 3, 1), bots, strict=True):
        hits.extend(crawl(chance, ip, agent, crawls * share // 10, days))

    return sorted([*hits, *regulars(days), *scan(days)], key=lambda hit: hit.at)


def with_hosts(seed: int, hits: Sequence[Hit], hosts: Sequence[str]) -> list[tuple[str, Hit]]:
    """Return the hits, each with the virtual host that answered: all hits of one client by the same."""
    chance = Random(seed)
    places: dict[str, str] = {}
    return [(places.setdefault(hit.ip, chance.choice(hosts)), hit) for hit in hits]


def day() -> list[Hit]:
    """Return the requests of a quiet day: what the samples of most formats are made of."""
    return week(7, 8, 9, 12, days=1)


def shown_pages() -> list[Hit]:
    """Return the pages that people's browsers showed on that day: what the samples of beacons are made of."""
    return [hit for hit in day() if is_shown_page(hit)]


def is_shown_page(hit: Hit) -> bool:
    """Tell whether a tracker in a page would have told of a hit."""
    page = hit.target.partition("?")[0]
    is_page = hit.target in PAGES or page in PAGES
    return is_page and hit.status in {200, 404} and hit.agent in BROWSERS
