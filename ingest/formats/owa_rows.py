"""Turn PHP-serialised events of OWA into forms by columns, but for those that are put together oddly.

Nothing is decoded: what PHP has URL-encoded is what a form is made of. Of names only the distinct ones are looked
at; forms are put together of pieces of the rows and of what stands for distinct names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from ingest.beacons.parameters import read_parameters
from ingest.formats.encoded import Bytes, Flags, Places, Texts, joined_at, texts_at
from ingest.formats.php_columns import Heads, Members, read_members
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
READ: Final = pl.Schema({**dict.fromkeys(OF_SERVER, pl.String), "body": pl.String})
"""What events are read into: what the server knew, and a form of all else."""

_BEGINNINGS: Final = tuple(f"O%3A{len(name)}%3A%22{name}%22%3A".replace("\\", "%5C") for name in CLASSES)
_END: Final = "%7D"
_NAME: Final = pl.col("name")
_NOT_SENT: Final = f"^(?:{'|'.join(sorted(NOT_SENT))})(?:%5B|$)"
_TRUTHS: Final = np.frombuffer(b"falsetrue", np.uint8)
_OF_TRUTHS: Final = np.array([[0, 5], [5, 9]])
"""Where false and true begin, and where they end."""


@dataclass(frozen=True, slots=True)
class _Named:
    """Members, and for each the number of its name: those of properties among `names`, those of events behind them.

    Names are URL-encoded, and those of members of arrays as in a form, so that they cannot be any other's.
    """

    data: Bytes
    members: Members
    name: Places
    names: pl.Series

    def are_properties(self, wanted: pl.Expr) -> Flags:
        """Tell of each member whether it is one of the properties, and has a name as `wanted`."""
        return self._are(wanted, of_event=False)

    def are_of_event(self, names: Sequence[str]) -> Flags:
        """Tell of each member whether it is one of the event itself, and has one of `names`."""
        return self._are(_NAME.is_in(names), of_event=True)

    def _are(self, wanted: pl.Expr, *, of_event: bool) -> Flags:
        found = self.names.to_frame("name").select(wanted).to_series().to_numpy()
        other = np.zeros(len(found), np.bool_)
        flags: Flags = np.concatenate([other, found] if of_event else [found, other]).take(self.name)
        return flags

    def have_value(self) -> Flags:
        """Tell of each member whether it is a text, number or truth value."""
        flags: Flags = (self.members.kind != NOTHING) & (self.members.kind != ARRAY)
        return flags

    def are_given(self) -> Flags:
        """Tell of each member whether it has a value that says something: not in `EMPTY`."""
        size = self.members.ends - self.members.begins
        is_zero = (size == 1) & (self.data.take(self.members.begins) == ord("0"))
        flags: Flags = self.have_value() & (size > 0) & ~is_zero
        return flags


def read_rows(encoded: pl.Series) -> pl.DataFrame:
    """Return for URL-encoded serialised events that can be read by columns what is read, `READ`, and `row`.

    The others are missing: to be read one by one, or no events.
    """
    is_likely = pl.any_horizontal(pl.col("event").str.starts_with(each) for each in _BEGINNINGS)
    likely = (
        encoded.to_frame("event")
        .with_row_index("row")
        .filter(is_likely & pl.col("event").str.ends_with(_END))
    )
    events = likely["event"]
    texts = Texts.of(events)
    members, is_walked = read_members(texts, _heads(events))
    named = _named(*_worded(texts.data, members))
    is_read = is_walked & _have_properties(named, len(events))
    read = _of_server(named, len(events)).with_columns(_bodies(named, len(events)))
    return likely.select("row").hstack(read).filter(pl.Series(is_read))


def _heads(events: pl.Series) -> Heads:
    """Return where events say how many members they have."""
    beginning = events.str.starts_with(_BEGINNINGS[1]).to_numpy().astype(np.int64)
    sizes, escapes = ([measure(each) for each in _BEGINNINGS] for measure in (len, _escapes))
    return Heads(np.array(sizes).take(beginning), np.array(escapes).take(beginning))


def _escapes(text: str) -> int:
    return text.count("%")


def _worded(data: Bytes, members: Members) -> tuple[Bytes, Members]:
    """Return data with words for truth values behind it, and members whose values they are."""
    at = np.flatnonzero(members.kind == TRUTH)
    word = data[members.begins[at]] - ord("0")
    begins, ends = members.begins.copy(), members.ends.copy()
    begins[at], ends[at] = (len(data) + places[word] for places in _OF_TRUTHS)
    return np.concatenate([data, _TRUTHS]), replace(members, begins=begins, ends=ends)


def _named(data: Bytes, members: Members) -> _Named:
    texts = texts_at(data, members.name_begins, members.name_ends)
    inner = np.flatnonzero(members.level > 1)
    if len(inner):
        texts = texts.scatter(inner, _in_arrays(texts, members.level, inner))

    names = texts.unique()
    number = texts.cast(pl.Enum(names)).to_physical().cast(pl.Int64).to_numpy()
    return _Named(data, members, number + (members.level == 0) * len(names), names)


def _in_arrays(names: pl.Series, level: Places, inner: Places) -> pl.Series:
    """Return the names of members of arrays, as ``array[member]`` or ``array[array][member]``."""
    places = np.arange(len(level))
    around = [names[np.maximum.accumulate(np.where(level == each, places, 0))[inner]] for each in (1, 2)]
    is_deep = pl.Series(level[inner] > 2)
    middle = ("%5B" + around[1] + "%5D").set(~is_deep, "")
    return around[0] + middle + "%5B" + names[inner] + "%5D"


def _have_properties(named: _Named, count: int) -> Flags:
    """Tell of each row whether the properties are the only array that its event has."""
    is_array = (named.members.level == 0) & (named.members.kind == ARRAY)
    is_properties = named.are_of_event([PROPERTIES])
    found = (is_array, is_properties, is_array & is_properties)
    numbers = [np.bincount(named.members.row[each], minlength=count) for each in found]
    flags: Flags = (numbers[0] == 1) & (numbers[1] == 1) & (numbers[2] == 1)
    return flags


def _of_server(named: _Named, count: int) -> pl.DataFrame:
    """Return the columns of `OF_SERVER`: for each row the first property that it has, decoded."""
    is_given = named.are_given()
    first = [_first(named, names, is_given, count) for names in OF_SERVER.values()]
    texts = _decoded(named, np.concatenate(first))
    return pl.DataFrame([texts.slice(n * count, count).alias(name) for n, name in enumerate(OF_SERVER)])


def _first(named: _Named, names: Sequence[str], is_given: Flags, count: int) -> Places:
    """Return for each row which member has the first of some names that is given, -1 for none."""
    first = np.full(count, -1)
    # Last to first, so that the first of several is what stays.
    for name in reversed(names):
        found = np.flatnonzero(is_given & named.are_properties(_NAME.is_in([name])))[::-1]
        first[named.members.row[found]] = found

    return first


def _decoded(named: _Named, places: Places) -> pl.Series:
    """Return the texts of members, decoded, null for the member -1; distinct ones are decoded once."""
    is_there = places >= 0
    at = places[is_there]
    texts = texts_at(named.data, named.members.begins.take(at), named.members.ends.take(at))
    distinct = texts.unique()
    plain = read_parameters("v=" + distinct, ["v"])["v"]
    number = np.full(len(places), len(distinct))
    number[is_there] = texts.cast(pl.Enum(distinct)).to_physical().to_numpy()
    return plain.extend_constant(None, 1).gather(number)


def _bodies(named: _Named, count: int) -> pl.Series:
    """Return for each row the form of its event, properties first: of parameters of one name the first counts."""
    kept = _parameters(named)
    row = named.members.row.take(kept)
    begins, ends, data = _pieces(named, kept)
    begins[:, 0] += np.diff(row, prepend=-1) != 0
    limits = 2 * np.searchsorted(row, np.arange(count + 1))
    forms = joined_at(data, begins.ravel(), ends.ravel(), limits)
    # What the server has decoded twice is encoded twice for the dialect.
    return forms.str.replace_all("%25", "%2525", literal=True).alias("body")


def _parameters(named: _Named) -> Places:
    """Return which members are parameters, in the order of the forms."""
    is_own = named.members.level == 0
    is_property = named.have_value() & named.are_properties(~_NAME.str.contains(_NOT_SENT))
    kept = np.flatnonzero(is_property | (named.are_of_event(list(OF_EVENT)) & named.are_given()))
    return kept.take(np.argsort(2 * named.members.row.take(kept) + is_own.take(kept), kind="stable"))


def _pieces(named: _Named, kept: Places) -> tuple[Places, Places, Bytes]:
    """Return where the two pieces of parameters begin and end, ``&name=`` and the value, and in what data."""
    labels = "&owa_" + pl.concat([named.names, named.names.replace(OF_EVENT)]) + "="
    sizes = labels.str.len_bytes().to_numpy().astype(np.int64)
    ends = len(named.data) + np.cumsum(sizes)
    label = named.name.take(kept)
    pieces = [
        np.stack([of_label.take(label), of_value.take(kept)], axis=1)
        for of_label, of_value in ((ends - sizes, named.members.begins), (ends, named.members.ends))
    ]
    return (
        pieces[0],
        pieces[1],
        np.concatenate([named.data, np.frombuffer("".join(labels).encode(), np.uint8)]),
    )
