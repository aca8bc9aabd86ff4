"""Beacons: requests that tell of something that happened in a browser or an app, turned into the events they tell of.

In reading order: `model` (what a dialect is, and what it gives), `recognise` (which requests are beacons), `reading`
(what they tell of), with `rows` (every request has a row), `urls` (the page) and `times` (when), `placing` (events in
the place of requests).
What dialects are made with: `splitting` and `parameters` (query strings and forms to columns), `encoded`,
`json_bodies` and `json_members` (bodies to columns), `members` (bodies to parameters), `columns` (columns of which any
may be absent), `values` (texts to numbers and times) and `items` (orders). Then `dialects/` (one file each) and `known`
(all of them).
"""

from ingest.beacons.model import BEACON_REASONS, BeaconSettings, Dialect
from ingest.beacons.reading import Read, read_beacons

__all__ = ["BEACON_REASONS", "BeaconSettings", "Dialect", "Read", "read_beacons"]
