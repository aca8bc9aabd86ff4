"""The definitions of footfall and of other systems, by name.

Sources: each system's own source, as `VisitRule.meaning` says; what cannot be had from stored events is said there too.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

from footfall.errors import SettingsError
from footfall.text import printable
from reports.visits.rule import PageRule, VisitRule

FOOTFALL: Final = VisitRule(
    name="footfall",
    meaning=(
        "footfall's own: more than 30 minutes without a hit end a visit, for logs and beacons alike; what a client "
        "calls its session is not asked."
    ),
)

OWA: Final = VisitRule(
    name="owa",
    meaning="Open Web Analytics: the tracker's visitor and session, 30 minutes.",
    by_session=True,
    bounce="same-second",
)

MATOMO: Final = VisitRule(
    name="matomo",
    meaning="Matomo 5 with its usual settings: 30 minutes, midnight, another campaign, 10,000 actions.",
    gap_closes=True,
    at_midnight=True,
    at_campaign=True,
    most_hits=10_000,
    bounce="one-action",
    duration="span-plus-one",
)

PLAUSIBLE: Final = VisitRule(
    name="plausible",
    meaning="Plausible Analytics: a visitor is known for a day, a visit ends after more than 30 minutes.",
    is_daily=True,
    bounce="one-action",
)

GOACCESS: Final = VisitRule(
    name="goaccess",
    meaning=(
        "GoAccess: no visits; a visitor is address, user agent and date, and each is one visit here; answers with "
        "4xx do not count."
    ),
    who="address-agent",
    is_daily=True,
    counts="requests",
    ignored=((400, 499),),
    bots=True,
    gap_seconds=None,
)

_AWSTATS_NOT_PAGES: Final = (
    "7z", "aac", "ace", "ai", "apk", "asf", "avi", "azw", "azw3", "bin", "bmp", "bz2", "cab", "cdr",
    "class", "css", "csv", "deb", "divx", "dmg", "doc", "docx", "emz", "epub", "f4v", "flac", "flv", "frl",
    "gif", "gpx", "gz", "heic", "ico", "iso", "jar", "jpeg", "jpg", "js", "kml", "kmz", "lit", "log",
    "lzma", "m3u", "m4a", "m4v", "mdb", "mkv", "mobi", "mov", "mp3", "mp4", "mpeg", "mpg", "msi", "mso",
    "odb", "odf", "odg", "odm", "odp", "ods", "odt", "oga", "ogg", "ogv", "ogx", "otg", "oth", "otp", "ots",
    "ott", "ova", "ovf", "oxt", "pdf", "pkg", "png", "pps", "ppt", "pptx", "psd", "qcow2", "qt", "rar",
    "raw", "rm", "rpm", "rpt", "rtf", "svg", "svgz", "swf", "sxc", "sxd", "sxg", "sxi", "sxm", "sxw", "tar",
    "tbz2", "tgz", "tif", "tiff", "toast", "txt", "vcd", "vdi", "vhdx", "vmdk", "vpc", "wav", "webm",
    "webp", "wma", "wmf", "wmv", "wmz", "xls", "xlsx", "xsl", "xz", "z", "zip",
)  # fmt: skip
"""AWStats 7.8 takes files of these endings for images, downloads and parts of pages (NotPageList, lib/mime.pm)."""

AWSTATS: Final = VisitRule(
    name="awstats",
    meaning=(
        "AWStats: an address, more than 60 minutes between pages, in effect also midnight. Bots are those that "
        "footfall knows; AWStats takes old browsers for robots, too."
    ),
    who="address",
    counts="views",
    page=PageRule(
        methods=("GET", "POST", "HEAD"),
        statuses=((200, 200), (304, 304)),
        static_endings=_AWSTATS_NOT_PAGES,
        not_pages=(),
        believes_resource=False,
    ),
    gap_seconds=3600,
    at_midnight=True,
)

PROFILES: Final[Mapping[str, VisitRule]] = MappingProxyType(
    {rule.name: rule for rule in (FOOTFALL, OWA, MATOMO, PLAUSIBLE, GOACCESS, AWSTATS)}
)


def find_profile(name: str) -> VisitRule:
    """Return the profile called `name`; raises `SettingsError` for a name that is none."""
    if name in PROFILES:
        return PROFILES[name]

    close = get_close_matches(name.lower(), PROFILES, n=1)
    maybe = f" Did you mean {close[0]}?" if close else ""
    raise SettingsError(
        f"There is no profile {printable(name, 60)!r}.{maybe}",
        hint=f"--visit-profile takes {', '.join(PROFILES)}",
    )
