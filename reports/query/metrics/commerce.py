"""Metrics of orders, products and money. Sums are of amounts as they were sent, whatever the currency."""

from __future__ import annotations

from typing import Final

import polars as pl

from reports.query.grain import Grain
from reports.query.metric import Count, Distinct, Metric, Ratio, Share
from reports.query.metrics.counting import (
    ROWS,
    VISITS_OF_ROWS,
    different,
    those,
    total,
    visits_with,
)
from reports.visits.hits import is_order

_BOUGHT: Final = is_order()
_ORDER: Final = pl.concat_str(pl.col("visit"), pl.col("order"), separator=" ")
_ORDERS_OF_HITS: Final = different(pl.when(_BOUGHT).then(_ORDER)) + those(_BOUGHT & pl.col("order").is_null())
_BOUGHT_IN_VISIT: Final = pl.col("orders") > 0


def _money(name: str, meaning: str, *owa: str) -> Count:
    """Return the metric that adds up a column of amounts."""
    rows: dict[Grain, pl.Expr] = {"visits": total(name), "hits": pl.col(name).filter(_BOUGHT).sum()}
    remark = "In units, where OWA keeps whole cents. Each order counts once a visit; carts and goals do not."
    return Count(name, "currency", meaning, rows, owa=owa, remark=remark)


_ORDERS: Final[tuple[Metric, ...]] = (
    Count(
        "orders",
        "orders",
        "orders, each once a visit",
        {
            "visits": total("orders"),
            "hits": _ORDERS_OF_HITS,
            "items": different(pl.concat_str(pl.col("visit"), pl.col("order").fill_null(""), separator=" ")),
        },
        owa=("transactions",),
        remark="An order whose beacon comes again in the visit, as when its page is loaded anew, counts once.",
    ),
    Count(
        "buying_visits",
        "visits",
        "visits with an order",
        {"visits": those(_BOUGHT_IN_VISIT), "hits": visits_with(_BOUGHT), "items": VISITS_OF_ROWS},
    ),
    Count(
        "buyers",
        "visitors",
        "distinct visitors with an order",
        {"visits": different(pl.when(_BOUGHT_IN_VISIT).then("visitor_code"))},
        of_visits=True,
    ),
    Ratio("conversion_rate", "share", "visits with an order, of all", "buying_visits", "visits"),
    Ratio(
        "order_rate",
        "ratio",
        "orders a visit",
        "orders",
        "visits",
        owa=("ecommerceConversionRate",),
        remark="As OWA has it, more than 1 where visits have several orders; conversion_rate is a share of visits.",
    ),
    Ratio("buyer_share", "share", "visitors with an order, of all", "buyers", "visitors"),
    Share("orders_share", "of all orders", "orders"),
)

_MONEY: Final[tuple[Metric, ...]] = (
    _money("revenue", "order totals", "transactionRevenue"),
    _money("tax", "tax within orders", "taxRevenue"),
    _money("shipping", "shipping of orders", "shippingRevenue"),
    Ratio(
        "revenue_per_order",
        "currency",
        "mean order total",
        "revenue",
        "orders",
        digits=4,
        owa=("revenuePerTransaction",),
    ),
    Ratio(
        "revenue_per_visit",
        "currency",
        "order totals a visit",
        "revenue",
        "visits",
        digits=4,
        owa=("revenuePerVisit",),
    ),
    Ratio("revenue_per_visitor", "currency", "order totals a visitor", "revenue", "visitors", digits=4),
    Share("revenue_share", "of all order totals", "revenue"),
)

_PRODUCTS: Final[tuple[Metric, ...]] = (
    Count("line_items", "line items", "lines of orders", {"items": ROWS}),
    Count(
        "item_quantity",
        "pieces",
        "pieces sold",
        {"visits": total("item_quantity"), "items": total("quantity")},
        owa=("lineItemQuantity",),
    ),
    Count(
        "item_revenue",
        "currency",
        "prices by pieces sold",
        {"visits": total("item_revenue"), "items": total("item_revenue")},
        owa=("lineItemRevenue",),
    ),
    Distinct(
        "products",
        "products",
        "different products sold, by SKU, else by name",
        {"items": pl.coalesce("sku", "product")},
        owa=("uniqueLineItems",),
        remark="OWA counts a column that its table of orders does not have.",
    ),
    Ratio("items_per_order", "ratio", "pieces an order", "item_quantity", "orders", digits=2),
    Ratio("price", "currency", "mean price of a piece", "item_revenue", "item_quantity", digits=4),
    Share("item_revenue_share", "of all item revenue", "item_revenue"),
)

COMMERCE: Final[tuple[Metric, ...]] = (*_ORDERS, *_MONEY, *_PRODUCTS)
