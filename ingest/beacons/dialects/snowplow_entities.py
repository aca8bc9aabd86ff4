"""What the contexts of Snowplow's events say of visitor, session, order and line items.

Trackers of apps have no cookies, and put visitor and session into an entity; the events of shops that came after
`tr` and `ti` have their order and products there. Source: Snowplow, tracker protocol (client session, e-commerce).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import polars as pl

from ingest.beacons.items import arrays_of_items
from ingest.beacons.json_bodies import NOTHING, Object, alone, object_of, read_bodies
from ingest.beacons.json_members import columns_of

_SESSION: Final = "com.snowplowanalytics.snowplow/client_session"
_ORDER: Final = "com.snowplowanalytics.snowplow.ecommerce/transaction"
_PRODUCT: Final = "com.snowplowanalytics.snowplow.ecommerce/product"
_READ: Final = (_SESSION, _ORDER, _PRODUCT)
_OF_SESSION: Final = {"session_visitor": "userId", "session_id": "sessionId"}
_OF_ORDER: Final = {
    "order_id": "transaction_id",
    **{f"order_{name}": name for name in ("revenue", "tax", "shipping", "currency")},
}
_OF_PRODUCT: Final[Mapping[str, tuple[str, ...]]] = {
    "sku": ("id",),
    **{name: (name,) for name in ("name", "category", "price", "quantity")},
}
_SCHEME: Final = "iglu:"


def read_entities(contexts: pl.Series) -> pl.DataFrame:
    """Return what is said in texts, ``{"contexts":[…]}`` or null, in columns of texts of as many rows.

    `session_visitor`, `session_id`, `order_id`, `order_revenue`, `order_tax`, `order_shipping`, `order_currency` and
    `products` (a JSON array of line items): those of them that any says.
    """
    is_told = contexts.str.contains_any([f"{name}/" for name in _READ]).fill_null(value=False)
    if not is_told.any():
        return pl.DataFrame()

    rows = pl.DataFrame({"row": pl.arange(len(contexts), eager=True, dtype=pl.UInt32), "body": contexts})
    read = read_bodies(rows.filter(is_told), alone, _texts_of)
    return rows.select("row").join(read, on="row", how="left", maintain_order="left").drop("row")


def _texts_of(given: list[Object], _: Iterable[Object]) -> Iterator[pl.Series]:
    found = [_entities(each.get("contexts")) for each in given]
    yield from columns_of([_first(each, _SESSION) for each in found], _OF_SESSION)
    yield from columns_of([_first(each, _ORDER) for each in found], _OF_ORDER)
    products = [{"products": each.get(_PRODUCT)} for each in found]
    yield from (each.alias("products") for each in arrays_of_items(products, "products", _OF_PRODUCT))


def _entities(contexts: Any) -> dict[str, list[Object]]:
    """Return the data of entities by the vendor and name of their schema."""
    found: dict[str, list[Object]] = {}
    for each in contexts if isinstance(contexts, list) else ():
        schema = object_of(each).get("schema")
        name = "/".join(schema.removeprefix(_SCHEME).split("/")[:2]) if isinstance(schema, str) else ""
        if name in _READ:
            found.setdefault(name, []).append(object_of(each.get("data")))

    return found


def _first(entities: Mapping[str, list[Object]], name: str) -> Object:
    return entities.get(name, [NOTHING])[0]
