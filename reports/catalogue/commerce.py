"""Reports about orders and products."""

from __future__ import annotations

from typing import Final

import polars as pl

from reports.catalogue import measures as m
from reports.query import Query, report_of

_ORDERS: Final = ("orders", "buyers", "revenue", "revenue_per_order", "tax", "shipping", "conversion_rate")
_RULE: Final = (
    "An order counts once in a visit, whatever beacons repeat it; conversion_rate is visits with an order of all. "
    "Amounts are added as they were sent, whatever the currency."
)

REVENUE: Final = report_of(
    Query(_ORDERS, by=("date",), having=pl.col("orders") > 0),
    "revenue",
    "What is sold, day by day?",
    remark="An order counts on the day its visit began; days without orders have no row.",
    rules=(*m.VISIT_RULES, _RULE),
    is_series=True,
)

ORDERS: Final = report_of(
    Query(
        ("revenue", "tax", "shipping", "visits"),
        by=("time", "order", "currency"),
        where=pl.col("kind") == "transaction",
    ),
    "orders",
    "Which orders were there?",
    remark="One row for each transaction that a beacon told of; one that is told again in the visit has no amounts.",
    rules=m.VISIT_RULES,
    is_series=False,
)

PRODUCTS: Final = report_of(
    Query(
        ("item_revenue", "item_revenue_share", "item_quantity", "price", "visits", "visitors"),
        by=("product", "sku", "product_category"),
    ),
    "products",
    "Which products sell?",
    remark="Line items of orders; those of shopping carts do not count.",
    rules=m.VISIT_RULES,
)

CATEGORIES: Final = report_of(
    Query(
        ("item_revenue", "item_revenue_share", "item_quantity", "products", "visitors"),
        by=("product_category",),
    ),
    "product-categories",
    "Which kinds of products sell?",
    rules=m.VISIT_RULES,
)
