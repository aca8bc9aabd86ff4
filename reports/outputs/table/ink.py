"""What a terminal can show: colours, or none by NO_COLOR, and the characters of its encoding."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import StringIO
from typing import Final

from rich.console import COLOR_SYSTEMS, Console
from rich.style import Style
from rich.text import Text

PLAIN_WIDTH: Final = 100
"""Width of sentences where no terminal sets one."""

_HEIGHT: Final = 25
"""Means nothing here, but rich takes a dumb terminal for 80 columns wide unless it is told both."""

_PLAINER: Final = str.maketrans({"…": "~", "─": "-", "·": "|"})


@dataclass(frozen=True, slots=True)
class Ink:
    """A terminal of `width` columns, or a place that is none: None. `encoding` is what its characters are sent in."""

    width: int | None = None
    encoding: str = "utf-8"

    @property
    def has_blocks(self) -> bool:
        """Whether bars and sparklines can be shown."""
        return codecs.lookup(self.encoding).name.startswith("utf")

    @property
    def line_width(self) -> int:
        """Return how wide sentences may be: long lines are hard to read."""
        return min(self.width or PLAIN_WIDTH, PLAIN_WIDTH)

    def pen(self, style: str) -> Callable[[str], str]:
        """Return what puts a text between the escapes of `style`, where a terminal is there that knows them."""
        console = self._console()
        system = COLOR_SYSTEMS.get(console.color_system or "")
        parsed = Style.parse(style)
        shown = parsed.without_color if console.no_color else parsed
        return lambda text: shown.render(text, color_system=system)

    def sentences(self, texts: Iterable[str], style: str) -> str:
        """Return each of `texts` on lines of its own, broken between words."""
        console = self._console()
        for text in texts:
            console.print(Text(text, style=style), width=self.line_width)

        return "".join(f"{line.rstrip()}\n" for line in console.file.getvalue().splitlines())  # type: ignore[attr-defined]

    def encoded(self, text: str) -> bytes:
        """Return `text` in the encoding, what that lacks as escapes."""
        plainer = text if self.has_blocks else text.translate(_PLAINER)
        return plainer.encode(self.encoding, "backslashreplace")

    def _console(self) -> Console:
        return Console(
            file=StringIO(),
            width=self.line_width,
            height=_HEIGHT,
            force_terminal=self.width is not None,
            color_system="auto" if self.width is not None else None,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
        )
