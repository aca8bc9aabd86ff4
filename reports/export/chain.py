"""A full export and the incremental ones after it: whether they belong together and leave no gap.

An incremental export has the items that changed from its `from_at` on, until before its `until_at`, each as it was
then ("Incremental export", Amazon DynamoDB Developer Guide).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from footfall.errors import SourceError
from footfall.text import printable
from reports.export.manifest import Export


def check_chain(exports: Sequence[Export]) -> None:
    """Raise `SourceError` unless `exports` are a full one and incremental ones of the same table, without a gap."""
    first, *later = exports
    if not first.is_full:
        raise SourceError(
            f"{_name(first)} is an incremental export: it has only what changed.",
            hint="give the full export before it: --from-export FULL --from-export INCREMENTAL",
        )

    for export in later:
        if export.is_full:
            raise SourceError(
                f"{_name(export)} is a full export, which begins anew: only the first may be one.",
                hint=f"--from-export {_name(export)}   (and the incremental ones after it)",
            )

        if export.table != first.table:
            raise SourceError(
                f"{_name(export)} is of another table than {_name(first)}.",
                hint="give exports of one table",
            )

    for before, after in pairwise(exports):
        _check_gap(before, after)


def _check_gap(before: Export, after: Export) -> None:
    if before.until_at is None or after.from_at is None or after.until_at is None:
        raise SourceError(
            f"{_name(after)} does not say what it follows on, or {_name(before)} not until when it goes.",
            hint="give exports with their own manifests",
        )

    if after.from_at > before.until_at:
        raise SourceError(
            f"What changed between {_at(before.until_at)} and {_at(after.from_at)} is in neither {_name(before)} "
            f"nor {_name(after)}.",
            hint="give the incremental exports between them, in order",
        )

    if after.until_at < before.until_at:
        raise SourceError(
            f"{_name(after)} ends before {_name(before)} does.", hint="give exports in order of time"
        )


def _name(export: Export) -> str:
    return printable(export.place.title, 200)


def _at(moment: datetime) -> str:
    return moment.isoformat(sep=" ", timespec="seconds")
