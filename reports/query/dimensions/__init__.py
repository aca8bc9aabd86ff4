"""Every dimension, by name.

In reading order: `making` (ways to make one), `times` (when), `visiting` (who came, how often, from where, with what),
`content` (pages and what is done on them), `commerce` (orders and products), `serving` (requests and answers) with
`operators` (who operates a bot), `props` (what only some beacons say).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from reports.query.dimension import Dimension
from reports.query.dimensions.commerce import COMMERCE
from reports.query.dimensions.content import CONTENT
from reports.query.dimensions.props import PROPS
from reports.query.dimensions.serving import SERVING
from reports.query.dimensions.times import TIME
from reports.query.dimensions.visiting import CLIENT, HISTORY, ORIGIN, VISITOR

GROUPS: Final[Mapping[str, tuple[Dimension, ...]]] = MappingProxyType(
    {
        "Time": TIME,
        "Visitors": VISITOR,
        "The visit and those before it": HISTORY,
        "Where a visit came from": ORIGIN,
        "With what, and from where on earth": CLIENT,
        "Pages and actions": CONTENT,
        "Orders and products": COMMERCE,
        "Requests and answers": SERVING,
        "What only some beacons say": PROPS,
    }
)

DIMENSIONS: Final[Mapping[str, Dimension]] = MappingProxyType(
    {dimension.name: dimension for group in GROUPS.values() for dimension in group}
)
