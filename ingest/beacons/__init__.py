"""Beacons: requests that tell of something that happened in a browser or an app, turned into the events they tell of.

In reading order: `model` (what a dialect is, and what it gives), `reading` (find beacons among parsed requests, by
path and parameters, and make their events), `parameters` (query strings and forms to columns, without a Python
object per event), `dialects/` (one file each) and `known` (all of them).
"""

from ingest.beacons.model import BEACON_REASONS, BeaconSettings, Dialect
from ingest.beacons.reading import Read, read_beacons

__all__ = ["BEACON_REASONS", "BeaconSettings", "Dialect", "Read", "read_beacons"]
