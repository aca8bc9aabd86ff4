"""The parts of lines that a separator stands between: what one looks like, and the expression of a row of them.

An expression captures the parts that are read in groups called ``p0``, ``p1`` and so on, by their place. A row has
two: `strict` is written so that the next character always decides what to do, which lets the regular expression
engine (the Rust crate `regex`) read a line in one pass; in `tolerant` a quoted text ends at the first quotation mark
behind which the rest of the line fits.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from ingest.formats.fields import CLOSED_OR_CUT
from ingest.formats.readings import Reading

WORD: Final = "word"
QUOTED: Final = "quoted"
DOUBLED: Final = "doubled"
BRACKETED: Final = "bracketed"
BRACED: Final = "braced"


@dataclass(frozen=True, slots=True)
class Shape:
    """What stands around a text, and the expressions of the text itself."""

    opening: str
    strict: str
    tolerant: str
    closing: str


SHAPES: Final[Mapping[str, Shape]] = MappingProxyType(
    {
        WORD: Shape("", '[^ "]+', '[^ "]+', ""),
        QUOTED: Shape('"', r'[^"\\]*', ".*?", '"'),
        DOUBLED: Shape('"', '[^"]*', '[^"]*(?:""[^"]*)*', '"'),
        BRACKETED: Shape(r"\[", r"[^\]]*", r"[^\]]*", r"\]"),
        BRACED: Shape(r"\{", "[^}]*", "[^}]*", r"\}"),
    }
)
"""The shapes by name. `QUOTED` escapes by backslashes, `DOUBLED` writes quotation marks twice, as CSV does."""

_ESCAPED: Final = MappingProxyType({"|": r"\|"})


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a line: its name by its maker's documentation, its shape and what is read of it.

    `shape` is one of `SHAPES` or an expression of its own. A part that `may_lack` can be absent, together with the
    separator behind it; there is none behind one that `is_glued` to the next. A log has some line with
    a well-formed one that `must_show`, or it is in another format.
    """

    name: str
    shape: str | Shape = WORD
    reading: Reading | None = None
    may_lack: bool = False
    is_glued: bool = False
    must_show: bool = False

    @property
    def well_formed(self) -> Part:
        """Return the part without what only the tolerant expression reads."""
        shape = _shape(self.shape)
        return replace(self, shape=replace(shape, tolerant=shape.strict))

    def expression(self, group: str, *, is_strict: bool) -> str:
        """Return the expression of the part, captured as `group` when something is read of it."""
        shape = _shape(self.shape)
        begin = f"(?P<{group}>" if group and self.reading is not None else "(?:"
        return f"{shape.opening}{begin}{shape.strict if is_strict else shape.tolerant}){shape.closing}"


def _shape(shape: str | Shape) -> Shape:
    if isinstance(shape, Shape):
        return shape

    return SHAPES.get(shape) or Shape("", shape, shape, "")


CLUE_PARTS: Final = 5
"""How many parts tell nearly all lines of other formats; to compile more takes longer than it saves."""

_MOST_GROUPS: Final = 16
"""An expression with more groups is no longer read in one pass (regex-automata 0.4, `dfa::onepass`)."""


@dataclass(frozen=True, slots=True)
class Row:
    """Parts in the order of the line. The first `needed` are always there, later ones can be absent from the end.

    What follows all of them is passed over when it `may_grow`. The first `telling` ones rule out other formats.
    """

    parts: tuple[Part, ...]
    separator: str = " "
    needed: int = 0
    may_grow: bool = False
    telling: int = CLUE_PARTS

    @property
    def sources(self) -> list[tuple[str, Reading]]:
        """Return the captured groups with their readings, in the order of the line."""
        return [(f"p{i}", part.reading) for i, part in enumerate(self.parts) if part.reading is not None]

    @property
    def strict(self) -> tuple[str, ...]:
        """Return the expressions of a well-formed line, which all match or none, each with some of the groups."""
        groups = [group for group, _ in self.sources]
        some = (set(groups[i : i + _MOST_GROUPS]) for i in range(0, len(groups), _MOST_GROUPS))
        return tuple("^" + self._expression(wanted, is_strict=True) + "$" for wanted in some)

    @property
    def tolerant(self) -> str:
        """Return the expression of a line as it may be."""
        return "^\0*" + self._expression({group for group, _ in self.sources}, is_strict=False) + "$"

    @property
    def whole(self) -> str:
        """Return the expression of a line that has all its parts."""
        return "^\0*" + self._head(len(self.parts), set(), is_strict=False).replace(CLOSED_OR_CUT, '"') + "$"

    @property
    def clue(self) -> str:
        """Return the expression of the first parts that a line has: what quickly tells lines that are no such row."""
        shown = replace(self, parts=tuple(p.well_formed if p.must_show else p for p in self.parts))
        return "^\0*" + shown.head(min(self.telling, self.needed or len(self.parts)))

    def head(self, count: int) -> str:
        """Return the tolerant expression of a line's first `count` parts, none of them captured."""
        return self._head(count, set(), is_strict=False)

    def begin(self, count: int) -> str:
        """Return the expression of a line's first `count` parts, each captured with the separator before it."""
        return "^\0*" + "".join(self._shown(place) for place in range(count))

    def _shown(self, place: int) -> str:
        part = self.parts[place]
        before = self._behind(place - 1) if place else ""
        shown = before + Part(part.name, part.shape).expression("", is_strict=False)
        return f"((?:{shown})?)" if part.may_lack else f"({shown})"

    def _behind(self, place: int) -> str:
        if self.parts[place].is_glued:
            return ""

        return _ESCAPED.get(self.separator, self.separator)

    @property
    def _spelt(self) -> int:
        """Return how many parts the expressions spell out: behind the last that is read anything goes, if it may."""
        read = (place + 1 for place, part in enumerate(self.parts) if part.reading is not None)
        return max(self.needed, *read) if self.may_grow else len(self.parts)

    def _expression(self, wanted: AbstractSet[str], *, is_strict: bool) -> str:
        """Return the expression of a line, with the `wanted` groups."""
        needed = self.needed or len(self.parts)
        tail = f"(?:{self._behind(-1)}.*)?" if self.may_grow else ""
        for place in range(self._spelt - 1, needed - 1, -1):
            tail = f"(?:{self._behind(place - 1)}{self._part(place, wanted, is_strict=is_strict)}{tail})?"

        return self._head(needed, wanted, is_strict=is_strict) + tail

    def _head(self, count: int, wanted: AbstractSet[str], *, is_strict: bool) -> str:
        pieces = []
        for place, part in enumerate(self.parts[:count]):
            separator = self._behind(place) if place < count - 1 else ""
            piece = self._part(place, wanted, is_strict=is_strict) + separator
            pieces.append(f"(?:{piece})?" if part.may_lack else piece)

        return "".join(pieces)

    def _part(self, place: int, wanted: AbstractSet[str], *, is_strict: bool) -> str:
        group = f"p{place}"
        return self.parts[place].expression(group if group in wanted else "", is_strict=is_strict)
