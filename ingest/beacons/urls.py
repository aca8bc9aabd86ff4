"""Split the URL of the page that a beacon speaks of."""

from __future__ import annotations

from typing import Final

import polars as pl

_TARGET: Final = r"(?P<path>/[^?#]*)?(?:\?(?P<query>[^#]*))?(?:#(?s:.*))?$"
_PLAIN: Final = rf"^(?i:https?)://(?P<host>[^/?#:@\s\[\]]+)(?::[0-9]*)?{_TARGET}"
"""What nearly all URLs are; the next character always decides what to do, so they are read without going back."""

_ABSOLUTE: Final = (
    r"^(?:[A-Za-z][A-Za-z0-9+.-]*:)?//(?:[^/?#@]*@)?"
    rf"(?P<host>\[[0-9A-Fa-f:.]+\]|[^/?#:@\s\[\]]+)(?::[0-9]*)?{_TARGET}"
)
_LOCAL: Final = rf"^{_TARGET}"


def split_page(url: pl.Series) -> pl.DataFrame:
    """Return host, path and query of URLs: host in lower case, without user, password and port; no fragment.

    The path of an absolute URL is ``/`` at least. A local URL (``/shop?page=2``) has no host. All three are null for
    what is neither; the query is null where there is none. Source: RFC 3986, 3.
    """
    parts = _parts(url, _PLAIN)
    if parts["host"].null_count() > url.null_count():
        parts = _first_read(parts, _parts(url, _ABSOLUTE), _parts(url, _LOCAL))

    is_absolute = pl.col("host").is_not_null()
    is_split = is_absolute | pl.col("path").is_not_null()
    return parts.select(
        pl.col("host").str.to_lowercase(),
        pl.when(is_absolute).then(pl.col("path").fill_null("/")).otherwise("path").alias("path"),
        pl.when(is_split & (pl.col("query") != "")).then("query").alias("query"),
    )


def _parts(url: pl.Series, expression: str) -> pl.DataFrame:
    return url.to_frame("url").select(pl.col("url").str.extract_groups(expression).struct.unnest())


def _first_read(plain: pl.DataFrame, absolute: pl.DataFrame, local: pl.DataFrame) -> pl.DataFrame:
    """Return for each row the first of the readings that has a host, else the local one."""
    is_plain, is_absolute = plain["host"].is_not_null(), absolute["host"].is_not_null()
    return pl.select(
        plain["host"].fill_null(absolute["host"]),
        *(
            pl.when(is_plain)
            .then(plain[name])
            .when(is_absolute)
            .then(absolute[name])
            .otherwise(local[name])
            .alias(name)
            for name in ("path", "query")
        ),
    )
