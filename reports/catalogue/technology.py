"""Reports about what visitors use."""

from __future__ import annotations

from typing import Final

from reports.catalogue import measures as m
from reports.query import Query, report_of

_WITH: Final = ("visits", "visits_share", "visitors", "page_views", "bounce_rate", "visit_duration")

BROWSERS: Final = report_of(
    Query(_WITH, by=("browser", "browser_version")),
    "browsers",
    "Which browsers do visitors use?",
    rules=m.VISIT_RULES,
)

SYSTEMS: Final = report_of(
    Query(_WITH, by=("os", "os_version")),
    "systems",
    "Which operating systems do visitors use?",
    rules=m.VISIT_RULES,
)

DEVICES: Final = report_of(
    Query(_WITH, by=("device",)),
    "devices",
    "Do visitors use a computer, a phone or a tablet?",
    rules=m.VISIT_RULES,
)

SCREENS: Final = report_of(
    Query(_WITH, by=("screen",), is_known=True),
    "screens",
    "How large are visitors' screens?",
    remark="As beacons tell; access logs know nothing of screens.",
    rules=m.VISIT_RULES,
)

LANGUAGES: Final = report_of(
    Query(_WITH, by=("language",), is_known=True),
    "languages",
    "Which languages do visitors ask for?",
    remark="As beacons and logs with Accept-Language tell.",
    rules=m.VISIT_RULES,
)
