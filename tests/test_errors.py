from __future__ import annotations

import re

import pytest

from footfall import errors
from footfall.errors import FootfallError

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, FootfallError)]
DRAWN = re.findall(r"(\w+)\s+(\d)  ", errors.__doc__ or "")


def test_the_tree_is_drawn_as_it_is() -> None:
    assert dict(DRAWN) == {kind.__name__: str(kind.exit_code) for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_carries_sentence_hint_and_evidence(kind: type[FootfallError]) -> None:
    error = kind("It broke.", hint="footfall mend", details=["a", "b"])
    assert (str(error), error.hint, error.details) == ("It broke.", "footfall mend", ("a", "b"))


def test_hint_and_evidence_may_be_missing() -> None:
    error = FootfallError("It broke.")
    assert (error.hint, error.details) == (None, ())
