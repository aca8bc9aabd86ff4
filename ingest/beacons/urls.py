"""Split the URL of the page that a beacon speaks of."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

import numpy as np
import polars as pl

_TARGET: Final = r"(?P<path>/[^?#]*)?(?:\?(?P<query>[^#]*))?(?:#(?s:.*))?$"
_ABSOLUTE: Final = (
    r"^(?:[A-Za-z][A-Za-z0-9+.-]*:)?//(?:[^/?#@]*@)?"
    rf"(?P<host>\[[0-9A-Fa-f:.]+\]|[^/?#:@\s\[\]]+)(?::[0-9]*)?{_TARGET}"
)
_LOCAL: Final = rf"^{_TARGET}"
_PLAIN_HOST: Final = re.compile(r"[a-z0-9._-]*")


def page_of_screen(name: pl.Expr) -> pl.Expr:
    """Return the local URL of screens of apps, which have a name and no URL: ``/Home``."""
    return "/" + name.str.strip_chars_start("/").str.replace_many(["%", "?", "#"], ["%25", "%3F", "%23"])


def split_page(url: pl.Series) -> pl.DataFrame:
    """Return host, path and query of URLs: host in lower case, without user, password and port; no fragment.

    The path of an absolute URL is ``/`` at least. A local URL (``/shop?page=2``) has no host. All three are null for
    what is neither; the query is null where there is none. Source: RFC 3986, 3.
    """
    plain, is_other = _read_plainly(url)
    if not is_other.any():
        return plain

    places = np.arange(len(url))
    places[is_other.to_numpy()] = np.arange(len(url), len(url) + int(is_other.sum()))
    return pl.concat([plain, _read_anyhow(url.filter(is_other))])[places]


def _read_plainly(url: pl.Series) -> tuple[pl.DataFrame, pl.Series]:
    """Return the parts of what nearly all URLs are, ASCII without fragment, of a plain host and a path, or local; and
    which are others.

    To look for the characters between the parts takes less than a regular expression does, and copies nothing.
    """
    parts = url.to_frame("url").lazy()
    for step in _steps():
        parts = parts.select(*step)

    found = parts.collect()
    is_other = found["is_other"]
    odd = [host for host in found["host"].unique() if host is not None and not _PLAIN_HOST.fullmatch(host)]
    if odd:
        is_other |= found["host"].is_in(odd) & found["host"].is_not_null()

    return found.drop("is_other"), is_other


@cache
def _steps() -> tuple[tuple[pl.Expr, ...], ...]:
    """Return what makes of `url` what stands behind its scheme, of that the ends of host and path, then the parts."""
    rest, is_local, slash, mark = (pl.col(name) for name in ("rest", "is_local", "slash", "mark"))
    size = rest.str.len_bytes()
    places = (rest.str.find(sign, literal=True).alias(name) for name, sign in (("slash", "/"), ("mark", "?")))
    host, query = rest.str.head(slash), rest.str.slice(mark + 1)
    is_ascii = size == rest.str.len_chars()
    is_plain = ((slash > 0) | is_local) & is_ascii & rest.str.find("#", literal=True).is_null()
    return (
        (*_rest(), pl.col("url").is_not_null().alias("is_url")),
        (rest, is_local, pl.col("is_url"), *places),
        (
            pl.when(slash > 0).then(host).alias("host"),
            rest.str.slice(slash, mark.fill_null(size) - slash).alias("path"),
            pl.when(mark < size - 1).then(query).alias("query"),
            (pl.col("is_url") & ~is_plain.fill_null(value=False)).alias("is_other"),
        ),
    )


def _rest() -> tuple[pl.Expr, pl.Expr]:
    """Return what stands behind the scheme, of a local URL itself, else null; and whether it is local."""
    url = pl.col("url")
    is_local = url.str.starts_with("/") & ~url.str.starts_with("//")
    rest = (
        pl.when(url.str.starts_with("https://"))
        .then(url.str.strip_prefix("https://"))
        .when(url.str.starts_with("http://"))
        .then(url.str.strip_prefix("http://"))
        .when(is_local)
        .then(url)
    )
    return rest.alias("rest"), is_local.alias("is_local")


def _read_anyhow(url: pl.Series) -> pl.DataFrame:
    """Return the parts of any URLs."""
    parts = _parts(url, _ABSOLUTE)
    is_absolute = pl.col("host").is_not_null()
    if parts["host"].null_count():
        local = _parts(url, _LOCAL)
        parts = parts.with_columns(
            pl.when(is_absolute).then(name).otherwise(local[name]).alias(name) for name in ("path", "query")
        )

    is_split = is_absolute | pl.col("path").is_not_null()
    return parts.select(
        pl.col("host").str.to_lowercase(),
        pl.when(is_absolute).then(pl.col("path").fill_null("/")).otherwise("path").alias("path"),
        pl.when(is_split & (pl.col("query") != "")).then("query").alias("query"),
    )


def _parts(url: pl.Series, expression: str) -> pl.DataFrame:
    return url.to_frame("url").select(pl.col("url").str.extract_groups(expression).struct.unnest())
