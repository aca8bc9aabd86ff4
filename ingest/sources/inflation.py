"""Stop at streams that inflate too far: decompression bombs.

A log packs well, but not without end. Measured, with lines that differ in their time only: one line a second
shrinks to a 36th with gzip and a 201st with xz, ten lines a second to a 508th, the same line for ever to a 10,636th
with zstd. Bombs go to a 7,000th (xz), a 30,000th (zstd) or a millionth (bzip2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

MAX_INFLATION: Final = 1000.0
UNCHECKED_BYTES: Final = 2**30


@dataclass(frozen=True, slots=True)
class Inflation:
    """How far a compressed stream may inflate: to `most` times its size, once it gave `unchecked_bytes`.

    What is smaller does no harm, whatever it was packed from.
    """

    most: float = MAX_INFLATION
    unchecked_bytes: int = UNCHECKED_BYTES


class InflatedTooFarError(Exception):
    """A stream has inflated further than it may: `given` bytes came out of `taken`."""

    def __init__(self, given: int, taken: int, most: float) -> None:
        super().__init__(f"it inflates more than {most:,.10g} times: {given:,} bytes out of {taken:,}")


def within(pieces: Iterator[bytes], limit: Inflation, packed_bytes: Callable[[], int]) -> Iterator[bytes]:
    """Yield `pieces` while they stay within `limit`, of what `packed_bytes` says was read; then raise.

    Raises `InflatedTooFarError`.
    """
    given = 0
    for piece in pieces:
        given += len(piece)
        if given > limit.unchecked_bytes and given > limit.most * packed_bytes():
            raise InflatedTooFarError(given, packed_bytes(), limit.most)

        yield piece
