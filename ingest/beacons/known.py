"""All dialects, in the order in which they are asked whether a request is theirs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ingest.beacons.dialects.ga4 import GA4
from ingest.beacons.dialects.goatcounter import GOATCOUNTER
from ingest.beacons.dialects.matomo import MATOMO
from ingest.beacons.dialects.measurement_protocol import MEASUREMENT_PROTOCOL
from ingest.beacons.dialects.owa import OWA
from ingest.beacons.dialects.plausible import PLAUSIBLE
from ingest.beacons.dialects.posthog import POSTHOG
from ingest.beacons.dialects.snowplow import SNOWPLOW
from ingest.beacons.dialects.umami import UMAMI
from ingest.beacons.model import Dialect

_ALL: Final[tuple[Dialect, ...]] = (
    OWA,
    MATOMO,
    GOATCOUNTER,
    SNOWPLOW,
    GA4,
    MEASUREMENT_PROTOCOL,
    POSTHOG,
    UMAMI,
    PLAUSIBLE,
)
DIALECTS: Final[Mapping[str, Dialect]] = MappingProxyType({dialect.name: dialect for dialect in _ALL})
