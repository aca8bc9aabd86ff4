"""What many formats write of a hit: parts of its target, the time it took, and a day with fewer hits in it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from benchmarks.samples.traffic import MONDAY, Hit, day

NOON: Final = MONDAY + timedelta(hours=13)
AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
REJECTED: Final = "this line was written by something else and is in no format at all"


def thinned(step: int) -> list[Hit]:
    """Return one in `step` of the hits of the day."""
    return day()[::step]


def path_of(hit: Hit) -> str:
    """Return the target without the query."""
    return hit.target.partition("?")[0]


def query_of(hit: Hit, absent: str = "-") -> str:
    """Return the query, or what stands for none."""
    return hit.target.partition("?")[2] or absent


def size_of(hit: Hit) -> int:
    """Return the size of the reply, 0 when it had no body."""
    return hit.size or 0


def taken_ms(hit: Hit) -> int:
    """Return how long the reply took: longer for larger ones."""
    return 2 + size_of(hit) // 997 + hit.at.second % 7


def status_of_cache(hit: Hit, hit_word: str, miss_word: str) -> str:
    """Return the word for a reply from the cache or for another."""
    return hit_word if hit.target.startswith(("/static/", "/favicon")) else miss_word


def with_odd_lines(lines: list[str], odd: list[str]) -> list[str]:
    """Return the lines with odd ones in their middle and, behind those, one that is in no format."""
    middle = len(lines) // 2
    return [*lines[:middle], *odd, REJECTED, *lines[middle:]]


def odd_hits() -> list[Hit]:
    """Return requests that are rare: of the server as a whole, with encoded characters, by a user who has a name."""
    start = [NOON + timedelta(minutes=minute) for minute in range(5, 9)]
    return [
        Hit(start[0], "192.0.2.78", "-", "*", 200, None, method="OPTIONS", protocol="HTTP/1.0"),
        Hit(start[1], "198.51.100.79", AGENT, "/search?q=%22bell%22", 200, 9120),
        Hit(start[2], "2001:db8::1", "Mozilla/5.0 (%22quoted%22 browser)", "/bikes/", 200, 18744),
        Hit(start[3], "203.0.113.82", AGENT, "/caf%C3%A9", 404, 1245, user="anna"),
    ]
