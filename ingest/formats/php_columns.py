"""Read many URL-encoded values that PHP has serialised at once.

A text in a serialised value says how long it is and may hold anything, so there is no way to its end but that length.
From what may be tokens (`ingest.formats.php_tokens`) those are taken that are reached from the first of a row, one
after the other in all rows at once; then names and values have to take turns, arrays to have as many members as they
say, and the last token to end the row. What is not as PHP writes it, or beyond the bounds here, is left to
`ingest.formats.php`, the reader for everything: nothing is read otherwise here than there.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from ingest.formats.encoded import WIDTH, Bytes, Escapes, Flags, Places, Texts, escapes_of
from ingest.formats.php_tokens import ARRAY, COLON, END, NUMBER, OPEN, TEXT, Tokens, number_at, tokens_of

MOST_TOKENS: Final = 2_000
DEEPEST: Final = 3
"""Bounds of what is read here: tokens of a row, and arrays around a member."""

_VISIBILITY: Final = b"\0*\0"
_BEFORE_TEXT: Final = 3
"""Escapes of a text before what it holds."""


@dataclass(frozen=True, slots=True)
class Members:
    """Names and values in the order of rows and places.

    `row` counts the texts, `level` is how many arrays are around the member, `kind` that of its value. Names and
    values are between places of the data: of a text the text, else the digits.
    """

    row: Places
    level: Places
    kind: Places
    name_begins: Places
    name_ends: Places
    begins: Places
    ends: Places


@dataclass(frozen=True, slots=True)
class Heads:
    """Where the counts of members stand in some texts: behind how many bytes and escapes of each."""

    sizes: Places
    escapes: Places


@dataclass(frozen=True, slots=True)
class _Block:
    """Some texts with their escapes, what may be their tokens, and where their members begin.

    `heads` is the escape before the members of each text, `counts` how many it says there are, and `begun` which texts
    say so.
    """

    data: Bytes
    ends: Places
    escapes: Escapes
    tokens: Tokens
    heads: Places
    counts: Places
    begun: Flags


@dataclass(frozen=True, slots=True)
class _Path:
    """The tokens of texts that are reached, in their order: `token` is which one, `row` of which text.

    Those of text `n` go from `limits` n to n + 1. `level` is how many arrays are around a token, and `is_name` whether
    it is where a name must be, not a value nor an end.
    """

    token: Places
    row: Places
    limits: Places
    kind: Bytes
    level: Places
    is_name: Flags


def read_members(texts: Texts, heads: Heads) -> tuple[Members, Flags]:
    """Return the members of serialised objects, and tell of each text whether it is one that can be read here.

    Texts that cannot have no members.
    """
    is_read = np.zeros(len(texts.begins), np.bool_)
    read = [np.zeros((len(fields(Members)), 0), np.int64)]
    for first, last in texts.blocks():
        block = _block(texts, heads, first, last)
        path = _path(block)
        begins, is_named = _names(block, path)
        is_read[first:last] = _are_good(block, path, is_named)
        members = np.flatnonzero(path.is_name & is_read[first:last].take(path.row))
        read.append(_members(block, path, begins, members))
        read[-1][0] += first

    return Members(*np.concatenate(read, axis=1)), is_read


def _block(texts: Texts, heads: Heads, first: int, last: int) -> _Block:
    escapes = escapes_of(texts, first, last)
    behind = escapes.first + heads.escapes[first:last]
    begins, ends = texts.begins[first:last] + heads.sizes[first:last], escapes.places.take(behind)
    counts, good = number_at(texts.data, begins, ends)
    good &= escapes.is_sound & (escapes.codes.take(behind) == COLON)
    good &= (escapes.codes.take(behind + 1) == OPEN) & (escapes.places.take(behind + 1) == ends + WIDTH)
    tokens = tokens_of(texts.data, escapes)
    return _Block(texts.data, texts.ends[first:last], escapes, tokens, behind + 1, counts, good)


def _path(block: _Block) -> _Path:
    tokens = block.tokens
    token = _reached(tokens, tokens.behind.take(block.heads[block.begun]))
    limits = np.searchsorted(tokens.escapes.take(token), np.append(block.escapes.first, len(tokens.behind)))
    sizes = np.diff(limits)
    kind = tokens.kinds.take(token)
    is_end = kind == END
    level = _since(limits, sizes, (kind == ARRAY).astype(np.int64) - is_end)
    turn = _since(limits, sizes, (~is_end).astype(np.int64))
    row = np.repeat(np.arange(len(sizes)), sizes)
    return _Path(token, row, limits, kind, level, ~is_end & (turn % 2 == 0))


def _reached(tokens: Tokens, token: Places) -> Places:
    none = len(tokens.kinds) - 1
    is_reached = np.zeros(none + 1, np.bool_)
    for _ in range(MOST_TOKENS):
        if not len(token):
            break

        is_reached[token] = True
        token = tokens.following.take(token)
        token = token[token < none]

    return np.flatnonzero(is_reached[:none])


def _since(limits: Places, sizes: Places, changes: Places) -> Places:
    """Return what changes came to from the first token of a text to before each."""
    before: Places = np.append(0, np.cumsum(changes))
    since: Places = before[:-1] - np.repeat(before.take(limits[:-1]), sizes)
    return since


def _names(block: _Block, path: _Path) -> tuple[Places, Flags]:
    """Return where tokens begin as names, behind their visibility, and whether they are names without escapes."""
    tokens, escapes = block.tokens, block.escapes
    begin, end = tokens.begins.take(path.token), tokens.ends.take(path.token)
    first = tokens.escapes.take(path.token) + _BEFORE_TEXT
    inside = tokens.lasts.take(path.token) - first - 1
    marked = np.flatnonzero(path.is_name & (inside == len(_VISIBILITY)))
    good = np.ones(len(marked), np.bool_)
    for number, code in enumerate(_VISIBILITY):
        escape = first.take(marked) + number
        good &= escapes.codes.take(escape) == code
        good &= escapes.places.take(escape) == begin.take(marked) + WIDTH * number

    begin[marked] += WIDTH * len(_VISIBILITY)
    is_named = ((path.kind == TEXT) | (path.kind == NUMBER)) & (inside <= 0)
    is_named[marked] = good
    return begin, is_named & (end > begin)


def _are_good(block: _Block, path: _Path, is_named: Flags) -> Flags:
    """Tell of each text whether all its tokens are in turn and as many as it says."""
    tokens, sizes = block.tokens, np.diff(path.limits)
    firsts, lasts = path.limits[:-1][sizes > 0], path.limits[1:][sizes > 0] - 1
    ends = tokens.lasts.take(path.token)
    before = np.append(0, ends[:-1])
    before[firsts] = block.heads[sizes > 0]
    is_odd = (path.is_name & ~is_named) | (path.level < 0) | (path.level > DEEPEST)
    # Only names are followed by values; a value that is missing makes the next end, or name, come out of turn.
    is_odd[1:] |= path.is_name[:-1] & (path.kind[1:] == END)
    is_odd |= tokens.escapes.take(path.token) != before + 1
    is_odd[lasts] |= (path.kind[lasts] != END) | (path.level[lasts] != 0)
    is_odd[lasts] |= block.escapes.places.take(ends[lasts]) + WIDTH != block.ends[sizes > 0]
    is_odd |= _miscounted(block, path)
    found = np.bincount(path.row[path.is_name & (path.level == 0)], minlength=len(sizes))
    good: Flags = block.begun & (sizes > 0) & (found == block.counts)
    good[path.row[is_odd]] = False
    return good


def _miscounted(block: _Block, path: _Path) -> Flags:
    """Tell of each token whether it begins an array that has not as many members as it says."""
    is_array = path.kind == ARRAY
    places = np.arange(len(path.token))
    found = np.zeros(len(places), np.int64)
    for level in range(1, DEEPEST + 1):
        around = np.maximum.accumulate(np.where(is_array & (path.level == level - 1), places, 0))
        found += np.bincount(around[path.is_name & (path.level == level)], minlength=len(places))

    arrays = np.flatnonzero(is_array)
    begins, ends = (each.take(path.token[arrays]) for each in (block.tokens.begins, block.tokens.ends))
    said, is_number = number_at(block.data, begins, ends)
    is_odd = np.zeros(len(places), np.bool_)
    is_odd[arrays] = ~is_number | (said != found[arrays])
    return is_odd


def _members(block: _Block, path: _Path, begins: Places, names: Places) -> Places:
    """Return the columns of the members with some names; the value of a name is the token behind it."""
    tokens = block.tokens
    value = path.token[names + 1]
    return np.stack(
        [
            path.row[names],
            path.level[names],
            tokens.kinds.take(value).astype(np.int64),
            begins[names],
            tokens.ends.take(path.token[names]),
            tokens.begins.take(value),
            tokens.ends.take(value),
        ]
    )
