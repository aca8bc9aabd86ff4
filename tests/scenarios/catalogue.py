"""The scenarios: an English sentence, what the table does, what there is to write, and what must come of it.

Ranges are (seconds from, seconds to, at least, at most), both bounds included. Requests take 10 to 20 ms; partitions
have no limit but where it is said.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from tests.scenarios.stage import Load, Recording

Range = tuple[int, int, float, float]
_TRAVEL: Final = "latency_ms=10&jitter_ms=10"
_USUAL: Final = f"{_TRAVEL}&burst_seconds=1&partition_write_units=100000"

LEAST_USED: Final = 0.95
MOST_THROTTLED: Final = 0.02
LONGEST_WAIT_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """A run of `seconds` over a table under `conditions` (the parameters of an embedded store's URL).

    `ceiling` is what could be written at a moment, in units per second; `settled` are the stretches in which the part
    `least_used` of it has to be used and less than 2 % of the requests may be throttled; `units` and `hot_units` are
    ranges of units per second written, `requests` of requests per second; `limited_by` is what the writer has to call
    its limit at the end.
    """

    name: str
    sentence: str
    conditions: str
    seconds: int
    ceiling: Callable[[float], float]
    load: Load = field(default_factory=Load)
    settled: tuple[tuple[int, int], ...] = ()
    units: tuple[Range, ...] = ()
    hot_units: tuple[Range, ...] = ()
    requests: tuple[Range, ...] = ()
    limited_by: str = "table"
    least_used: float = LEAST_USED


def _steps(*steps: tuple[float, float]) -> Callable[[float], float]:
    return lambda second: [units for start, units in steps if second >= start][-1]


def _slow_growth(second: float) -> float:
    return 500 + 1000 * min(max(second - 20, 0) / 60, 1)


SCENARIOS: Final = (
    Scenario(
        name="constant-ceiling",
        sentence="A table provisioned for 1,000 units a second is used to 95 % and more, seldom asked for too much.",
        conditions=f"write_units=1000&{_USUAL}",
        seconds=60,
        ceiling=_steps((0, 1000)),
        settled=((10, 60),),
        units=((10, 60, 950, 1010), (50, 60, 950, 1020)),
    ),
    Scenario(
        name="sudden-cut",
        sentence="When the ceiling is halved the writer has settled again within 10 seconds.",
        conditions=f"write_units=1000,500@30&{_USUAL}",
        seconds=60,
        ceiling=_steps((0, 1000), (30, 500)),
        settled=((10, 30), (40, 60)),
        units=((10, 30, 950, 1010), (40, 60, 475, 505)),
    ),
    Scenario(
        name="slow-growth",
        sentence="A ceiling that rises from 500 to 1,500 in a minute is followed all the way up.",
        conditions=f"write_units=500,1500@20-80&{_USUAL}",
        seconds=110,
        ceiling=_slow_growth,
        settled=((10, 20), (90, 110)),
        units=((10, 20, 475, 520), (40, 60, 650, 1010), (90, 110, 1425, 1550)),
    ),
    Scenario(
        name="doubled-table",
        sentence="A table that doubles is found out in half a minute.",
        conditions=f"write_units=1000,2000@20&{_USUAL}",
        seconds=100,
        ceiling=_steps((0, 1000), (20, 2000)),
        settled=((10, 20), (70, 100)),
        units=((10, 20, 950, 1020), (50, 60, 1500, 2200), (70, 100, 1900, 2050)),
    ),
    Scenario(
        name="hot-partition",
        sentence="A partition with 40 % of the puts that takes 1,000 units a second is paced on its own, to the full.",
        conditions=f"write_units=4000&{_TRAVEL}&burst_seconds=1&partition_write_units=1000",
        seconds=30,
        ceiling=_steps((0, 2500)),
        load=Load(hot_share=0.4),
        settled=((10, 30),),
        units=((10, 30, 2375, 2700),),
        hot_units=((10, 30, 950, 1060),),
        limited_by="hot partition example.org#2026-03-01#0",
    ),
    Scenario(
        name="brown-out",
        sentence="While every request is answered with a 500 for 20 seconds few are sent; then all goes on at once.",
        conditions=f"write_units=1000&{_USUAL}&faults=internal_before:1@20-40",
        seconds=70,
        ceiling=_steps((0, 1000), (20, 0), (40, 1000)),
        settled=((10, 20), (50, 70)),
        units=((10, 20, 950, 1020), (45, 70, 950, 1060)),
        requests=((22, 40, 0, 5),),
    ),
    Scenario(
        name="outage",
        sentence="After half a minute in which the table takes nothing at all it is used to the full again in seconds.",
        conditions=f"write_units=1000,0@20,1000@50&{_USUAL}",
        seconds=80,
        ceiling=_steps((0, 1000), (20, 0), (50, 1000)),
        settled=((10, 20), (60, 80)),
        units=((10, 20, 950, 1020), (60, 80, 950, 1100)),
        requests=((22, 50, 0, 5),),
    ),
    Scenario(
        name="below-one-batch",
        sentence="A table of 5 units a second never takes a batch of 25 whole, and is used to the full all the same.",
        conditions=f"write_units=5&{_USUAL}",
        seconds=240,
        ceiling=_steps((0, 5)),
        settled=((40, 240),),
        units=((40, 240, 4.75, 5.1),),
    ),
    Scenario(
        name="passing-refusals",
        sentence="Where one request in 200 is refused whatever the rate, most of the table is used all the same.",
        conditions=f"write_units=1000&faults=provisioned:0.005&{_USUAL}",
        seconds=60,
        ceiling=_steps((0, 1000)),
        settled=((20, 60),),
        least_used=0.75,
    ),
    Scenario(
        name="maximum-write-units",
        sentence="With --max-write-units 700 a table of 1,000 is never asked for more, and never throttles.",
        conditions=f"write_units=1000&{_USUAL}",
        seconds=30,
        ceiling=_steps((0, 700)),
        load=Load(max_write_units=700),
        settled=((0, 30),),
        units=((1, 30, 690, 701),),
        limited_by="--max-write-units",
    ),
)


def misses(scenario: Scenario, recording: Recording) -> list[str]:
    """Return what a recording fails of what its scenario asks, as sentences; nothing when all is well."""
    found = [
        f"{share:.1%} of the requests were throttled from {start} to {end}"
        for start, end in scenario.settled
        if (share := recording.throttled_share(start, end)) >= MOST_THROTTLED
    ]
    measured = (
        ("units", recording.units, scenario.units),
        ("units of the hot partition", recording.hot_units, scenario.hot_units),
        ("requests", recording.requests, scenario.requests),
    )
    for what, measure, ranges in measured:
        for start, end, least, most in ranges:
            value = measure(start, end)
            if not least <= value <= most:
                found.append(f"{value:.1f} {what} per second from {start} to {end}, not {least} to {most}")

    used = used_share(scenario, recording)
    if used < scenario.least_used:
        found.append(f"only {used:.1%} of the ceiling was used once it had settled")

    if recording.longest_wait_seconds > LONGEST_WAIT_SECONDS:
        found.append(f"a put waited {recording.longest_wait_seconds:.1f} s")

    named = recording.limits(scenario.seconds - 5, scenario.seconds)
    if named.most_common(1)[0][0] != scenario.limited_by:
        found.append(f"the limit was called {dict(named)}")

    return found


def used_share(scenario: Scenario, recording: Recording) -> float:
    """Return which part of the ceiling was used in the settled stretches."""
    seconds = [second for start, end in scenario.settled for second in range(start, end)]
    possible = sum(scenario.ceiling(second) for second in seconds)
    return sum(recording.by_second[second].stored for second in seconds) / possible
