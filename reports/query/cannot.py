"""What Open Web Analytics reports and stored events cannot, each with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

LARGEST_GOAL: Final = 15

_BY_NUMBER: Final = "goals have names here, as many as one likes: the report `goals` has a row for each"
_GOALS: Final = {
    f"goal{number}{what}": _BY_NUMBER
    for number in range(1, LARGEST_GOAL + 1)
    for what in ("Completions", "Starts", "Value")
}

CANNOT_METRICS: Final[Mapping[str, str]] = MappingProxyType(_GOALS)
CANNOT_DIMENSIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "siteName": "events carry the name that the site is stored by, `site`, and no other",
        "latitude": "geography is stored as country, region and city, and not closer than that",
        "longitude": "geography is stored as country, region and city, and not closer than that",
        "hostName": "names are not looked up for addresses: that tells a name server of every visitor",
        "referralPageTitle": "the referring page would have to be fetched; footfall asks nobody anything",
        "referralLinkText": "the referring page would have to be fetched; footfall asks nobody anything",
        "latestAttributions": (
            "a serialised list out of OWA's cookie; `medium`, `source` and `campaign` are the last touch, "
            "`first_medium`, `first_source` and `first_campaign` the first"
        ),
    }
)
