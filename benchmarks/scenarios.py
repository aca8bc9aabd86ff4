"""Play the scenarios of the write path and write what happened into docs/: ``python -m benchmarks.scenarios``.

Everything runs on virtual time from fixed seeds, so the figures are the same on every machine; a test checks that the
documents are current. Last it compares laws for looking for a ceiling, which go into the design note by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Final

import anyio

from footfall.store.writer.rate import CUBIC, Law
from tests.scenarios.aimd import Aimd
from tests.scenarios.catalogue import SCENARIOS, Scenario, used_share
from tests.scenarios.stage import Recording, play

DOCUMENTS: Final = Path(__file__).parent.parent / "docs"

WIDTH, HEIGHT = 760, 260
LEFT, TOP, RIGHT, BOTTOM = 56, 34, 16, 34
STYLE: Final = """
  text { font: 12px system-ui, sans-serif; fill: #57606a }
  .grid { stroke: #d0d7de; stroke-width: 1 }
  .ceiling { stroke: #cf222e; stroke-width: 1.5; stroke-dasharray: 5 4; fill: none }
  .stored { stroke: #0969da; stroke-width: 2; fill: none }
  .throttled { fill: #bf8700 }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1 }
    .grid { stroke: #3d444d }
    .ceiling { stroke: #ff7b72 }
    .stored { stroke: #58a6ff }
    .throttled { fill: #d29922 }
  }
"""
HEAD: Final = """# How the writer follows a table's ceiling

The real writer over the simulator of the embedded store, on virtual time: `tests/scenarios/` plays each of these and
holds it to its figures. Blue is what was written, in units per second; the dashed line is what could be; a tick at the
bottom marks each second in which a request was throttled, in part or whole. `python -m benchmarks.scenarios` draws it
again. How it works is told in [the design note](design/006-the-write-path.md).
"""


def scenario_plot(scenario: Scenario, recording: Recording) -> str:
    """Return the SVG of a recording."""
    stored = [second.stored for second in recording.by_second[: scenario.seconds]]
    ceiling = [scenario.ceiling(second) for second in range(scenario.seconds)]
    top = _round_up(1.1 * max(*stored, *ceiling))
    ticks = [at for at in range(scenario.seconds) if recording.by_second[at].throttled]
    marks = [top * step / 4 for step in range(5)]
    parts = [
        *(_grid(_y(mark, top), f"{mark:,.0f}" if top >= 40 else f"{mark:g}") for mark in marks),
        *(_label(_x(at, scenario), HEIGHT - 12, f"{at} s") for at in _moments(scenario.seconds)),
        *(_tick(_x(at, scenario)) for at in ticks),
        _line("ceiling", _stairs(ceiling, scenario, top)),
        _line("stored", _stairs(stored, scenario, top)),
        _label(LEFT, 18, f"{scenario.name}: write units per second", "start"),
    ]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">'
    return "\n".join([head, f"<style>{STYLE}</style>", *parts, "</svg>", ""])


def scenario_section(scenario: Scenario, recording: Recording) -> str:
    """Return the part of the document about one scenario: sentence, plot and figures."""
    rows = [
        (
            f"{start} to {end} s",
            f"{recording.units(start, end):,.1f}",
            f"{recording.throttled_share(start, end):.1%}",
        )
        for start, end in _stretches(scenario)
    ]
    table = [
        "| when | units/s | requests throttled |",
        "| --- | --- | --- |",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
    return "\n".join(
        [
            f"## {scenario.name}",
            "",
            scenario.sentence,
            "",
            f"![{scenario.name}](scenarios/{scenario.name}.svg)",
            "",
            *table,
            "",
            f"Once settled, {used_share(scenario, recording):.1%} of the ceiling was used. The longest time from the "
            f"first sending of a put to its acknowledgement was {recording.longest_wait_seconds:.1f} s. Table: "
            f"`{scenario.conditions}`.",
            "",
        ]
    )


def main() -> None:
    """Write the documents, then print the comparison of laws."""
    sections = [HEAD]
    (DOCUMENTS / "scenarios").mkdir(exist_ok=True)
    for scenario in SCENARIOS:
        recording = _play(scenario, CUBIC)
        sections.append(scenario_section(scenario, recording))
        (DOCUMENTS / "scenarios" / f"{scenario.name}.svg").write_text(scenario_plot(scenario, recording))

    (DOCUMENTS / "write-path-scenarios.md").write_text("\n".join(sections))
    compare_laws()


def compare_laws() -> None:
    """Print how each law holds a ceiling and finds a table that doubled."""
    by_name = {scenario.name: scenario for scenario in SCENARIOS}
    laws: list[tuple[str, Law]] = [("cubic", CUBIC)]
    laws += [
        (f"-{cut:.0%}, +{rise:g}/s each s", Aimd(cut, rise))
        for cut in (0.3, 0.05)
        for rise in (5.0, 25.0, 100.0)
    ]
    print("| law | used of 1,000 | throttled | doubled table found after |")
    for name, law in laws:
        held = _play(by_name["constant-ceiling"], law)
        doubled = _play(by_name["doubled-table"], law)
        found = next((at - 20 for at in range(20, 100) if doubled.by_second[at].stored >= 1900), None)
        after = "not in 80 s" if found is None else f"{found} s"
        print(f"| {name} | {held.units(10, 60) / 1000:.1%} | {held.throttled_share(10, 60):.1%} | {after} |")


def _play(scenario: Scenario, law: Law) -> Recording:
    return anyio.run(partial(play, scenario.conditions, scenario.load, scenario.seconds, law=law))


def _stretches(scenario: Scenario) -> list[tuple[int, int]]:
    """Return the settled stretches and those between them."""
    bounds = sorted({0, scenario.seconds, *(moment for stretch in scenario.settled for moment in stretch)})
    return list(pairwise(bounds))


def _round_up(value: float) -> float:
    step = 10.0 ** (len(f"{value:.0f}") - 1) / 2
    return -(-value // step) * step


def _moments(seconds: int) -> Iterable[int]:
    step = next(step for step in (5, 10, 20, 40, 60) if seconds / step <= 12)
    return range(0, seconds + 1, step)


def _x(second: float, scenario: Scenario) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * second / scenario.seconds


def _y(units: float, top: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * units / top


def _stairs(values: Sequence[float], scenario: Scenario, top: float) -> str:
    points = ((at + edge, value) for at, value in enumerate(values) for edge in (0, 1))
    return " ".join(f"{_x(at, scenario):.1f},{_y(value, top):.1f}" for at, value in points)


def _line(kind: str, points: str) -> str:
    return f'<polyline class="{kind}" points="{points}"/>'


def _grid(y: float, text: str) -> str:
    line = f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
    return line + _label(LEFT - 8, y + 4, text, "end")


def _label(x: float, y: float, text: str, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'


def _tick(x: float) -> str:
    return f'<rect class="throttled" x="{x:.1f}" y="{HEIGHT - BOTTOM}" width="3" height="6"/>'


if __name__ == "__main__":
    main()
