"""Fuzz one target with atheris until its time is over or something is wrong: ``python -m fuzz.drive TARGET SECONDS``.

What was wrong is written to ``fuzz-TARGET-crash-…`` in the current folder; ``python -m fuzz.drive TARGET 0 FILE``
runs that input again.
"""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

LONGEST_BYTES: Final = 4096
GUIDED_BY: Final = ["ingest", "footfall"]
"""Packages whose coverage guides; the rest is not looked into."""


MOST_SEEDS: Final = {"detection": 20}
"""Target → how many seeds it gets, where all of them would take longer than the time for it."""


def write_corpus(folder: Path, most: int | None = None) -> None:
    """Write seeds into a folder, at most so many pairs; the first byte chooses the format or dialect."""
    from fuzz.mutations import spoilt
    from fuzz.seeds import beacon_texts, example_lines, sample_lines
    from ingest.formats import FORMATS

    examples = [b"\n".join(example_lines(name)) for name in FORMATS]
    texts = [*examples, *beacon_texts(), *sample_lines()]
    chance = Random(1)
    chance.shuffle(texts)
    for number, text in enumerate(texts[:most]):
        for place, seed in enumerate((text, spoilt(text[:LONGEST_BYTES], chance, examples))):
            (folder / f"{number}-{place}").write_bytes(bytes([number % 256]) + seed[:LONGEST_BYTES])


def drive(name: str, seconds: int, *inputs: str) -> None:
    """Run one target; never returns, since libFuzzer ends the process: with 0 when nothing was wrong."""
    import atheris

    with atheris.instrument_imports(include=GUIDED_BY):
        from fuzz.targets import TARGETS

    with TemporaryDirectory(prefix="fuzz-") as corpus:
        write_corpus(Path(corpus), MOST_SEEDS.get(name))
        arguments = [
            sys.argv[0],
            f"-max_total_time={seconds}",
            f"-artifact_prefix=fuzz-{name}-",
            f"-max_len={LONGEST_BYTES}",
            "-timeout=20",
            "-rss_limit_mb=0",
            "-seed=1",
        ]
        atheris.Setup(arguments + (list(inputs) or [corpus]), TARGETS[name])
        atheris.Fuzz()


if __name__ == "__main__":
    drive(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
