"""Every metric, by name.

In reading order: `counting` (words they are made of), `visiting` (visits and visitors), `content` (pages and what is
done on them), `commerce` (orders, products and money), `serving` (requests and answers), `feeds`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from reports.query.metric import Metric
from reports.query.metrics.commerce import COMMERCE
from reports.query.metrics.content import CONTENT
from reports.query.metrics.feeds import FEEDS
from reports.query.metrics.serving import SERVING
from reports.query.metrics.visiting import VISITING

GROUPS: Final[Mapping[str, tuple[Metric, ...]]] = MappingProxyType(
    {
        "Visits and visitors": VISITING,
        "Pages and actions": CONTENT,
        "Orders and products": COMMERCE,
        "Requests and answers": SERVING,
        "Feeds": FEEDS,
    }
)

METRICS: Final[Mapping[str, Metric]] = MappingProxyType(
    {metric.name: metric for group in GROUPS.values() for metric in group}
)
