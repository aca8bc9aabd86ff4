"""A Dockerfile as its instructions: comments left out, lines that go on joined (Dockerfile reference, "Format")."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Instruction:
    name: str
    value: str

    @property
    def words(self) -> list[str]:
        """The exec form's words; raises ValueError for the shell form."""
        words = json.loads(self.value)
        assert isinstance(words, list)
        return [str(word) for word in words]


def instructions(text: str) -> list[Instruction]:
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    joined = lines.replace("\\\n", " ").splitlines()
    pairs = [line.strip().partition(" ") for line in joined if line.strip()]
    return [Instruction(name.upper(), value.strip()) for name, _, value in pairs]


def stages(text: str) -> list[list[Instruction]]:
    """The instructions of each stage, which begins with FROM; what stands before the first is left out."""
    found: list[list[Instruction]] = []
    for one in instructions(text):
        if one.name == "FROM":
            found.append([])

        if found:
            found[-1].append(one)

    return found
