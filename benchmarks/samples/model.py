"""What a sample is."""

from __future__ import annotations

from collections.abc import Callable

Sample = Callable[[], list[str] | bytes]
"""Makes the lines of a file, without newlines, or all of its bytes."""
