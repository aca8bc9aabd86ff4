"""Run all benchmarks, each in a process of its own: ``python -m benchmarks``.

Figures are of this machine at this moment; quote the ratios, which come from one run.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.logs import log_lines

EVENTS = 200_000


def run(*arguments: str) -> None:
    """Run a Python module and let it print."""
    print(f"\n== {' '.join(arguments)}", flush=True)
    subprocess.run([sys.executable, "-m", *arguments], check=True)


def main() -> None:
    """Run every benchmark, in the order the data goes."""
    run("benchmarks.parse")
    run("benchmarks.inputs")
    run("benchmarks.enrich")
    run("benchmarks.pipeline")
    run("benchmarks.embedded")
    with tempfile.TemporaryDirectory() as folder:
        log, store = Path(folder) / "access.log", f"embedded:{folder}/bench.db"
        log.write_bytes(b"".join(log_lines(EVENTS)))
        run("cli", "ingest", str(log), "--site", "example.org", "--store", store)
        run("benchmarks.report", store)


if __name__ == "__main__":
    main()
