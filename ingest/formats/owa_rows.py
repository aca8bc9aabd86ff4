"""Read PHP-serialised events of OWA by columns, but for those that are put together oddly.

Names and values are what stands in the rows, decoded once and for all. Of names only the distinct ones are looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from ingest.formats.encoded import BEHIND, Bytes, Flags, Places, decode, texts_at
from ingest.formats.php_columns import Members, read_members
from ingest.formats.php_tokens import ARRAY, NOTHING, TRUTH

CLASSES: Final = ("OWA\\Module\\Base\\Classes\\Event", "owa_event")
OF_SERVER: Final[Mapping[str, tuple[str, ...]]] = {
    "ip": ("ip_address", "REMOTE_ADDR"),
    "user_agent": ("HTTP_USER_AGENT", "user_agent"),
    "language": ("language", "HTTP_ACCEPT_LANGUAGE"),
}
"""Column → properties that OWA's server adds to an event, the first that is there."""

OF_EVENT: Final[Mapping[str, str]] = {"eventType": "event_type", "guid": "guid", "timestamp": "timestamp"}
"""Members of an event that count where its properties do not have them → their names as properties."""

NOT_SENT: Final = frozenset({"event_type"}.union(*OF_SERVER.values()))
"""Properties that are no parameters: those of the server, and the type, which the event has too."""

PROPERTIES: Final = "properties"
EMPTY: Final = ("", "0")
SERVER: Final = pl.Schema({"row": pl.UInt32, **dict.fromkeys(OF_SERVER, pl.String)})
"""What the server knew of events: which one, and the columns."""

_SENT: Final = pl.Schema({"row": pl.UInt32, "name": pl.String, "value": pl.String})
_PLAIN: Final = tuple(f'O:{len(name)}:"{name}":' for name in CLASSES)
_BEGINNINGS: Final = tuple(
    plain.replace(":", "%3A").replace('"', "%22").replace("\\", "%5C") for plain in _PLAIN
)
_END: Final = "%7D"
_VISIBILITY: Final = "\0*\0"
_NAME: Final = pl.col("name")
_PLAINLY_NAMED: Final = r"^[A-Za-z0-9_.~ -]+(?:\[[A-Za-z0-9_.~ -]+\])*$"
_NOT_SENT: Final = f"^(?:{'|'.join(sorted(NOT_SENT))})(?:\\[|$)"
_OF_SERVER: Final = tuple(name for names in OF_SERVER.values() for name in names)
_DENSE: Final = 16
_OF_TRUTHS: Final = np.array([[0, 5], [5, 9]])
"""Where in `BEHIND` false and true begin, and where they end."""


@dataclass(frozen=True, slots=True)
class OwaRows:
    """Events that were read: what the server knew of each (see `SERVER`), and its parameters.

    `sent` has row, name and value (see `Parsed.sent`), ordered by row; of parameters of one name the first counts.
    """

    server: pl.DataFrame
    sent: pl.DataFrame


@dataclass(frozen=True, slots=True)
class _Named:
    """Members, and for each the number of its name among `names`, the distinct ones, of which much is known.

    `is_own` tells which members are those of the event itself, not of its properties.
    """

    data: Bytes
    members: Members
    is_own: Flags
    name: Places
    names: pl.Series
    known: pl.DataFrame

    def are(self, known: str) -> Flags:
        """Tell of each member what is known of its name."""
        flags: Flags = self.known[known].to_numpy().take(self.name)
        return flags

    def given(self, at: Places) -> Places:
        """Return those of some members that have a value that says something: not in `EMPTY`."""
        begins, kind = self.members.begins.take(at), self.members.kind.take(at)
        size = self.members.ends.take(at) - begins
        is_zero = (size == 1) & (self.data.take(begins) == ord("0"))
        given: Places = at[(kind != NOTHING) & (kind != ARRAY) & (size > 0) & ~is_zero]
        return given


_KNOWN: Final = (
    (_NAME == PROPERTIES).alias("properties"),
    _NAME.is_in(OF_EVENT).alias("of_event"),
    (~_NAME.str.contains(_NOT_SENT)).alias("sent"),
    _NAME.is_in(_OF_SERVER).alias("of_server"),
    _NAME.str.contains(_PLAINLY_NAMED).alias("plain"),
    _NAME.str.count_matches("[", literal=True).alias("brackets"),
)
"""What is to be known of names."""


def read_rows(encoded: pl.Series) -> OwaRows:
    """Return what URL-encoded serialised events say that can be read by columns.

    The others are missing: to be read one by one, or no events.
    """
    is_likely = pl.any_horizontal(pl.col("event").str.starts_with(each) for each in _BEGINNINGS)
    likely = (
        encoded.to_frame("event")
        .with_row_index("row")
        .filter(is_likely & pl.col("event").str.ends_with(_END))
    )
    texts = decode(likely["event"])
    members, is_walked = read_members(texts, texts.begins + _heads(likely["event"]))
    if not is_walked.any():
        return OwaRows(pl.DataFrame(schema=SERVER), pl.DataFrame(schema=_SENT))

    named = _named(texts.data, _worded(texts.data, members))
    is_read = is_walked & _are_plain(named, len(likely))
    server = _of_server(named, len(likely))
    sent = _sent(named, _parameters(named, is_read))
    return OwaRows(
        likely.select("row").hstack(server).filter(pl.Series(is_read)),
        sent.with_columns(likely["row"].gather(sent["row"])),
    )


def _heads(events: pl.Series) -> Places:
    """Return behind how many characters events say how many members they have."""
    which = events.str.starts_with(_BEGINNINGS[1]).to_numpy().astype(np.int64)
    return np.array([len(plain) for plain in _PLAIN]).take(which)


def _worded(data: Bytes, members: Members) -> Members:
    """Return members whose values are words where they are truth values."""
    at = np.flatnonzero(members.kind == TRUTH)
    if not len(at):
        return members

    word = data[members.begins[at]] - ord("0")
    begins, ends = members.begins.copy(), members.ends.copy()
    begins[at], ends[at] = (len(data) - len(BEHIND) + places[word] for places in _OF_TRUTHS)
    return replace(members, begins=begins, ends=ends)


def _named(data: Bytes, members: Members) -> _Named:
    number, names = members.name, members.names.str.strip_prefix(_VISIBILITY)
    inner = np.flatnonzero(members.level > 1)
    if len(inner):
        around = _around(number, members.level, inner, len(names) + 1)
        keys, numbers = np.unique(around, return_inverse=True)
        number = number.copy()
        number[inner] = len(names) + numbers
        names = pl.concat([names, _in_arrays(names, keys)])

    distinct = names.unique()
    same = names.cast(pl.Enum(distinct)).to_physical().cast(pl.Int64).to_numpy()
    known = distinct.to_frame("name").select(*_KNOWN)
    return _Named(data, members, members.level == 0, same.take(number), distinct, known)


def _around(number: Places, level: Places, inner: Places, base: int) -> Places:
    """Return for members of arrays three names in one number: of the array, of one in it or none, and their own."""
    keys = np.zeros(len(inner), np.int64)
    for each in (1, 2):
        arrays = np.flatnonzero(level == each)
        around = number.take(arrays).take(np.searchsorted(arrays, inner, side="right") - 1)
        keys = keys * base + np.where(level.take(inner) > each, around + 1, 0)

    return keys * base + number.take(inner)


def _in_arrays(names: pl.Series, keys: Places) -> pl.Series:
    """Return the names of members of arrays, as ``array[member]`` or ``array[array][member]``."""
    base = len(names) + 1
    outer, middle, own = keys // base**2 - 1, keys // base % base - 1, keys % base
    within = ("[" + names.gather(np.maximum(middle, 0)) + "]").set(pl.Series(middle < 0), "")
    return names.gather(outer) + within + "[" + names.gather(own) + "]"


def _are_plain(named: _Named, count: int) -> Flags:
    """Tell of each row whether the properties are the only array that its event has, and all names are plain.

    Plain are names that need no escapes and stand there once: of others the last counts.
    """
    own = np.flatnonzero(named.is_own)
    row, is_array = named.members.row.take(own), named.members.kind.take(own) == ARRAY
    is_properties = named.are("properties").take(own)
    found = (is_array, is_properties, is_array & is_properties)
    numbers = [np.bincount(row[each], minlength=count) for each in found]
    flags: Flags = (numbers[0] == 1) & (numbers[1] == 1) & (numbers[2] == 1)
    flags[named.members.row[_are_odd(named)]] = False
    return flags


def _are_odd(named: _Named) -> Flags:
    """Tell of each member whether its name has odd characters, or is that of another one."""
    is_odd = ~named.are("plain")
    if named.known["brackets"].sum():
        # More than arrays have put there stand in the names themselves.
        is_odd |= named.are("brackets") > np.maximum(named.members.level - 1, 0)

    keys = (2 * named.members.row + named.is_own) * len(named.names) + named.name
    return is_odd if _are_distinct(keys) else is_odd | pl.Series(keys).is_duplicated().to_numpy()


def _are_distinct(keys: Places) -> bool:
    """Tell whether numbers are distinct; where they are dense, to count them is the fastest way."""
    if len(keys) and keys.max() < _DENSE * len(keys):
        return bool(np.bincount(keys).max() == 1)

    return pl.Series(keys).n_unique() == len(keys)


def _of_server(named: _Named, count: int) -> pl.DataFrame:
    """Return the columns of `OF_SERVER`: for each row the first property that it has."""
    given = named.given(np.flatnonzero(named.are("of_server") & ~named.is_own))
    rank = named.names.cast(pl.Enum(_OF_SERVER), strict=False).to_physical().cast(pl.Int64).fill_null(-1)
    ranks = rank.to_numpy().take(named.name.take(given))
    columns = []
    for name, properties in OF_SERVER.items():
        first = np.full(count, -1)
        # Last to first, so that the first of several is what stays.
        for each in reversed(properties):
            found = given[ranks == _OF_SERVER.index(each)]
            first[named.members.row.take(found)] = found

        columns.append(_texts_or_null(named, first).alias(name))

    return pl.DataFrame(columns)


def _texts_or_null(named: _Named, places: Places) -> pl.Series:
    """Return the values of some members, null for the member -1."""
    is_absent = places < 0
    begins, ends = (
        np.where(is_absent, 0, each.take(places, mode="clip"))
        for each in (named.members.begins, named.members.ends)
    )
    texts = texts_at(named.data, begins, ends)
    return texts.set(pl.Series(is_absent), None) if is_absent.any() else texts


def _parameters(named: _Named, is_read: Flags) -> Places:
    """Return which members are parameters, in the order of rows, and the properties of each first."""
    members, is_own = named.members, named.is_own
    is_wanted = named.are("sent") & (members.kind != NOTHING) & (members.kind != ARRAY) & ~is_own
    is_wanted[named.given(np.flatnonzero(named.are("of_event") & is_own))] = True
    if not is_read.all():
        is_wanted &= is_read.take(members.row)

    kept = np.flatnonzero(is_wanted)
    turns = 2 * members.row.take(kept) + is_own.take(kept)
    return kept if (turns[1:] >= turns[:-1]).all() else kept.take(np.argsort(turns, kind="stable"))


def _sent(named: _Named, kept: Places) -> pl.DataFrame:
    """Return row, name and value of members that are parameters."""
    members, own = named.members, named.names.replace(OF_EVENT)
    labels = pl.concat([named.names, own])
    names = labels.unique(maintain_order=True)
    numbers = named.name.take(kept) + len(named.names) * named.is_own.take(kept)
    begins, ends = members.begins.take(kept), members.ends.take(kept)
    return pl.DataFrame(
        {
            "row": members.row.take(kept),
            "name": labels.cast(pl.Enum(names)).gather(numbers),
            "value": texts_at(named.data, begins, ends),
        }
    )
