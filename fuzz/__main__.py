"""Fuzz all targets for ``FUZZ_SECONDS`` (60) altogether; exit 1 when one of them failed, 2 when nothing can be
fuzzed.

Targets named on the command line are fuzzed alone, for as long.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from tempfile import TemporaryDirectory
from typing import Final

from fuzz.drive import LONGEST_SECONDS
from fuzz.targets import TARGETS

SECONDS: Final = float(os.environ.get("FUZZ_SECONDS", "60"))
TOGETHER: Final = os.cpu_count() or 1
"""How many targets are fuzzed at the same time, each on a core."""

_EXECUTIONS: Final = re.compile(r"^executions: (\d+)$", re.MULTILINE)


def main(names: Sequence[str] = ()) -> int:
    """Run each target in a process of its own, since a fuzzer ends with its process."""
    if importlib.util.find_spec("atheris") is None:
        print(
            "fuzz: atheris is missing; try: pip install '.[fuzz]'   (CPython 3.11 on Linux)", file=sys.stderr
        )
        return 2

    chosen = list(names or TARGETS)
    over_at = time.monotonic() + SECONDS
    turns = -(-len(chosen) // TOGETHER)
    left = [turns - at // TOGETHER for at in range(len(chosen))]
    with ThreadPoolExecutor(TOGETHER) as pool:
        passed = list(pool.map(lambda name, turns: _passes(name, over_at, turns), chosen, left))

    return 0 if all(passed) else 1


def _passes(name: str, over_at: float, turns: int) -> bool:
    """Fuzz a target for its share of the time that is left and say how that ended; False unless it found nothing."""
    seconds = max(0.0, over_at - time.monotonic()) / turns
    code, talk = _fuzzed(name, seconds)
    executions = int(found[1]) if (found := _EXECUTIONS.search(talk)) else 0
    if code == 0 and executions:
        print(f"fuzz: {name}: {executions:,} executions in {seconds:.1f} s, nothing wrong", flush=True)
    elif code in {0, None}:
        print(
            f"fuzz: {name}: {executions} executions in {seconds:.1f} s; try a larger FUZZ_SECONDS", flush=True
        )
    else:
        print(f"{talk}\nfuzz: {name} failed; its input is in fuzz-{name}-…", flush=True)

    return code == 0 and executions > 0


def _fuzzed(name: str, seconds: float) -> tuple[int | None, str]:
    """Return the exit code of a fuzzer and what it said; None when it did not end by itself."""
    with TemporaryDirectory(prefix="fuzz-") as corpus:
        try:
            done = subprocess.run(
                [sys.executable, "-m", "fuzz.drive", name, str(seconds)],
                env=os.environ | {"FUZZ_CORPUS": corpus, "POLARS_MAX_THREADS": "1"},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=seconds + LONGEST_SECONDS + 1,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return None, ""

    return done.returncode, done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
