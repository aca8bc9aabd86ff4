"""How many examples a property is tried with where one of them costs more than a few milliseconds."""

from __future__ import annotations

from typing import Final

from hypothesis import settings

SOME: Final = settings(deadline=None, max_examples=30)
"""For properties that read the lines of an example one by one as well, or make a format for it."""

HANDFUL: Final = settings(deadline=None, max_examples=5)
"""For properties that are tried with each of many formats or dialects."""
