"""Dimensions that only some beacons say, out of the JSON object of an event's further properties."""

from __future__ import annotations

from typing import Final

import polars as pl

from reports.query.dimension import Dimension
from reports.query.dimensions.making import DONE, worked_out

CUSTOM: Final = range(1, 6)


def member(path: str) -> pl.Expr:
    """Return what stands at a JSONPath in an event's properties, as text."""
    return pl.col("props").str.json_path_match(path)


def _member(name: str, meaning: str, path: str, *owa: str, remark: str = "") -> Dimension:
    return worked_out(name, meaning, member(path), *DONE, owa=owa, remark=remark)


def _custom(number: int) -> tuple[Dimension, Dimension]:
    """Return name and value of a custom variable: OWA's, or Matomo's of the page, else of the visit."""
    places = [f"$.cv{number}.{{}}", f"$.cvar['{number}'][{{}}]", f"$._cvar['{number}'][{{}}]"]
    name, value = (
        pl.coalesce(member(places[0].format(word)), *(member(place.format(index)) for place in places[1:]))
        for index, word in enumerate(("name", "value"))
    )
    return (
        worked_out(
            f"custom_name_{number}",
            f"name of custom variable {number}",
            name,
            *DONE,
            owa=(f"customVarName{number}",),
        ),
        worked_out(
            f"custom_value_{number}",
            f"value of custom variable {number}",
            value,
            *DONE,
            owa=(f"customVarValue{number}",),
        ),
    )


PROPS: Final = (
    *(dimension for number in CUSTOM for dimension in _custom(number)),
    _member("element_id", "id of the element clicked", "$.dom_element_id", "domElementId"),
    _member("element_name", "name of the element clicked", "$.dom_element_name", "domElementName"),
    _member("element_text", "text of the element clicked", "$.dom_element_text", "domElementText"),
    _member("element_value", "value of the element clicked", "$.dom_element_value", "domElementValue"),
    _member("element_tag", "tag of the element clicked", "$.dom_element_tag", "domElementTag"),
    _member("element_class", "class of the element clicked", "$.dom_element_class", "domElementClass"),
    _member("ad_type", "type of the ad", "$.ad_type", "adType"),
    _member("order_source", "where the order was made", "$.ct_order_source", "transactionOriginator"),
    _member("gateway", "gateway that the order was paid through", "$.ct_gateway", "transactionGateway"),
    _member("feed_format", "format of the feed", "$.feed_format", "feedType"),
    _member("user_email", "e-mail address of the user, where a beacon says it", "$.user_email", "userEmail"),
)
