"""Tell country, region and city by the client's address, from a database in MaxMind's format.

Source: MaxMind DB File Format Specification 2.0; the records are those of the City and Country databases, GeoIP2 and
GeoLite2, whose shape other vendors' databases of this kind have too.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final

import maxminddb
import polars as pl
from maxminddb.const import MODE_AUTO

from footfall.errors import SourceError
from footfall.text import printable
from ingest.enrich.distinct import Distinct
from ingest.enrich.proxies import parse_address
from ingest.enrich.settings import EnrichSettings

Place = tuple[str | None, str | None, str | None]
"""Country (ISO 3166-1 alpha-2), region (ISO 3166-2), city (English name)."""

COLUMNS: Final = ("country", "region", "city")
NOWHERE: Final[Place] = (None, None, None)


def locate_client(events: pl.DataFrame, settings: EnrichSettings) -> pl.DataFrame:
    """Add country, region and city where there is a database; what the log says itself is kept where that knows
    nothing.
    """
    path = settings.options.geography
    if path is None:
        return events

    distinct = Distinct.of(events, "ip")
    located = _remembering(path)
    places = [located(address) for address in distinct.values(events["ip"])]
    columns = zip(*places, strict=True) if places else [()] * len(COLUMNS)
    found = {
        name: distinct.spread(pl.Series(name, values, dtype=pl.String))
        for name, values in zip(COLUMNS, columns, strict=True)
    }
    return events.with_columns(
        pl.coalesce(pl.lit(place), name).alias(name) if name in events.columns else place
        for name, place in found.items()
    )


def open_geography(path: Path) -> maxminddb.Reader:
    """Return the database in a file, opened once for the process.

    Raises `SourceError` for a file that is missing, damaged or something else.
    """
    try:
        return _opened(path)
    except (OSError, ValueError, TypeError, maxminddb.InvalidDatabaseError) as error:
        told = (
            error.strerror if isinstance(error, OSError) and error.strerror else "it is none, or is damaged"
        )
        raise SourceError(
            f"{printable(str(path))} cannot be read as a MaxMind database: {told}.",
            hint="--geography takes a file like GeoLite2-City.mmdb",
        ) from error


def place_of(path: Path, address: str | None) -> Place:
    """Return where an address is by a database; nowhere for what is no address. Raises as `open_geography` does."""
    reader, found = open_geography(path), parse_address(address)
    if found is None:
        return NOWHERE

    try:
        record = reader.get(found)
    except (ValueError, maxminddb.InvalidDatabaseError):
        # An IPv6 address in a database of IPv4 ones, or a record that is damaged.
        return NOWHERE

    return _place(record) if isinstance(record, dict) else NOWHERE


@lru_cache(maxsize=4)
def _remembering(path: Path) -> Callable[[str | None], Place]:
    return lru_cache(maxsize=65_536)(partial(place_of, path))


@lru_cache(maxsize=4)
def _opened(path: Path) -> maxminddb.Reader:
    reader = maxminddb.open_database(path, MODE_AUTO)
    reader.get("192.0.2.1")  # a file whose tree is damaged is refused here, and not in the middle of a run
    return reader


def _place(record: dict[str, Any]) -> Place:
    country = _text(_part(record, "country"), "iso_code")
    divisions = record.get("subdivisions")
    division = divisions[0] if isinstance(divisions, list) and divisions else None
    code = _text(division, "iso_code")
    city = _text(_part(_part(record, "city"), "names"), "en")
    return country, f"{country}-{code}" if country and code else None, city


def _part(record: Any, name: str) -> Any:
    return record.get(name) if isinstance(record, dict) else None


def _text(record: Any, name: str) -> str | None:
    value = _part(record, name)
    return value if isinstance(value, str) and value else None
