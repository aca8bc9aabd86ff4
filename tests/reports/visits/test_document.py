"""docs/visits.md says what each profile makes of the public log, ingested as it says: the same comes out here."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from reports.visits import PROFILES, Facts, VisitRule

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "visits.md").read_text()
ROW = re.compile(
    r"^\| `(\w+)` \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \| ([\d.]+)% \| ([\d,]+) \|$", re.MULTILINE
)


def ingested(log: Path, folder: Path, addresses: str) -> pl.LazyFrame:
    """The events of the log as footfall stores them."""
    store = ("--store", f"embedded:{folder / 'site.db'}")
    understood = ("--site", "example.org", "--format", "combined", "--addresses", addresses)
    for words in (
        ("ingest", str(log), *understood, *store),
        ("extract", "--out", str(folder / "events"), *store),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "cli", *words], cwd=ROOT, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()

    return pl.scan_parquet(folder / "events" / "site=*" / "**" / "*.parquet", hive_partitioning=False)


@pytest.fixture(scope="module")
def whole(real_log: Path, tmp_path_factory: pytest.TempPathFactory) -> pl.LazyFrame:
    return ingested(real_log, tmp_path_factory.mktemp("whole"), "full")


@pytest.fixture(scope="module")
def masked(real_log: Path, tmp_path_factory: pytest.TempPathFactory) -> pl.LazyFrame:
    return ingested(real_log, tmp_path_factory.mktemp("masked"), "masked")


def visits(events: pl.LazyFrame, rule: VisitRule) -> int:
    return Facts(events, rule).visits.collect().height


@pytest.mark.parametrize("name", PROFILES)
def test_the_table_has_what_each_profile_counts(whole: pl.LazyFrame, name: str) -> None:
    [written] = [row[1:] for row in ROW.findall(TEXT) if row[0] == name]
    facts = Facts(whole, PROFILES[name])
    found = facts.visits.select(
        pl.len(), pl.col("visitor").n_unique(), pl.col("page_views").sum(), pl.col("bounced").mean() * 100
    )
    *counts, rate = found.collect().row(0)
    with_bots = visits(whole, replace(PROFILES[name], bots=True))

    assert written == (*(f"{count:,}" for count in counts), f"{rate:.2f}", f"{with_bots:,}")


def test_masked_addresses_change_what_goes_by_address_and_nothing_else(masked: pl.LazyFrame) -> None:
    counts = {name: visits(masked, rule) for name, rule in PROFILES.items()}
    with_bots = visits(masked, replace(PROFILES["awstats"], bots=True))
    said = f"`goaccess` has {counts['goaccess']:,} visits and `awstats` {counts['awstats']:,} ({with_bots:,} with bots)"

    assert said in TEXT
    assert {counts[name] for name in ("footfall", "owa", "matomo", "plausible")} == {1123}
