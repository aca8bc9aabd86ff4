"""Fuzz one target with atheris until its time is over or something is wrong: ``python -m fuzz.drive TARGET SECONDS``.

The time is that of the process, its start and the round over the seeds included. What was wrong is written to
``fuzz-TARGET-…`` in the current folder; ``python -m fuzz.drive TARGET 0 FILE`` runs that input again.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

LONGEST_BYTES: Final = 4096
LONGEST_SECONDS: Final = 10
"""How long one input may take."""

GUIDED_BY: Final = ["ingest", "footfall"]
"""Packages whose coverage guides; the rest is not looked into."""


def until(deadline: float, target: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """Return a target that ends the process, as one that found nothing, with the first input behind `deadline`."""
    # libFuzzer has a limit of time too, but looks at it only when it has gone through all seeds.
    done = 0

    def counted(data: bytes) -> None:
        nonlocal done
        if time.monotonic() >= deadline:
            print(f"executions: {done}", flush=True)
            os._exit(0)

        target(data)
        done += 1

    return counted


def drive(name: str, seconds: float, *inputs: str) -> None:
    """Run one target for `seconds`, or over `inputs`; never returns, since libFuzzer ends the process."""
    deadline = time.monotonic() + seconds
    import atheris

    with atheris.instrument_imports(include=GUIDED_BY):
        from fuzz.targets import TARGETS

    arguments = [
        sys.argv[0],
        f"-artifact_prefix=fuzz-{name}-",
        f"-max_len={LONGEST_BYTES}",
        f"-timeout={LONGEST_SECONDS}",
        "-rss_limit_mb=0",
        "-seed=1",
    ]
    target = TARGETS[name] if inputs else until(deadline, TARGETS[name])
    atheris.Setup(arguments + (list(inputs) or [_corpus(name)]), target)
    atheris.Fuzz()


def _corpus(name: str) -> str:
    """Write the seeds of a target into a new folder, each as it is and spoilt, and return the folder."""
    from fuzz.seeds import seeds_of

    folder = Path(os.environ.get("FUZZ_CORPUS") or mkdtemp(prefix="fuzz-"))
    for number, seed in enumerate(seeds_of(name)):
        (folder / str(number)).write_bytes(seed[:LONGEST_BYTES])

    return str(folder)


if __name__ == "__main__":
    drive(sys.argv[1], float(sys.argv[2]), *sys.argv[3:])
