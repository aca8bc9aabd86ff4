"""Fuzz all targets, one after the other, for ``FUZZ_SECONDS`` (60) altogether; exit 1 when one of them failed."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from typing import Final

from fuzz.targets import TARGETS

SECONDS: Final = int(os.environ.get("FUZZ_SECONDS", "60"))


def main() -> int:
    """Run each target in a process of its own, since a fuzzer ends with its process."""
    if importlib.util.find_spec("atheris") is None:
        print(
            "fuzz: atheris is missing; try: pip install '.[fuzz]'   (CPython 3.11 on Linux)", file=sys.stderr
        )
        return 2

    each = max(1, SECONDS // len(TARGETS))
    failed = [name for name in TARGETS if not _passes(name, each)]
    for name in failed:
        print(f"fuzz: {name} failed; its input is in fuzz-{name}-crash-…", file=sys.stderr)

    return 1 if failed else 0


def _passes(name: str, seconds: int) -> bool:
    print(f"fuzz: {name}, {seconds} s", flush=True)
    return (
        subprocess.run([sys.executable, "-m", "fuzz.drive", name, str(seconds)], check=False).returncode == 0
    )


if __name__ == "__main__":
    sys.exit(main())
