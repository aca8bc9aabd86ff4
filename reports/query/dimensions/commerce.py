"""Dimensions of orders and products."""

from __future__ import annotations

from typing import Final

from reports.query.dimensions.making import DONE, plain

COMMERCE: Final = (
    plain("order", "order id", *DONE, owa=("transactionId",)),
    plain("currency", "currency of the order, ISO 4217", *DONE),
    plain("sku", "SKU of the product", "items", owa=("productSku",)),
    plain("product", "name of the product", "items", owa=("productName",)),
    plain("product_category", "category of the product", "items", owa=("productCategory",)),
)
