from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

import cli
from footfall.commands import SHORTEST_LINE, Commands, DeferredGroup, Place

ROOT = Path(cli.__file__).parent
LOADED = "print(sorted({name.partition('.')[0] for name in sys.modules} & {'polars', 'ingest', 'reports'}))"
INTERRUPTED = """
import sys
from importlib.abc import MetaPathFinder

class Interrupting(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "ingest.commands.ingest":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupting())
import cli
cli.main(["ingest", "access.log"])
"""


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)


@pytest.mark.parametrize(
    ("arguments", "loaded"),
    [
        ([], []),
        (["--help"], []),
        (["--version"], []),
        (["ingets"], []),
        (["table", "--help"], ["polars"]),
        (["ingest", "--help"], ["ingest", "polars"]),
        (["report", "--help"], ["polars", "reports"]),
    ],
    ids=str,
)
def test_only_what_a_command_needs_is_loaded(arguments: list[str], loaded: list[str]) -> None:
    done = python(f"import sys, cli; cli.run({arguments!r}); {LOADED}")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, str(loaded)), done.stderr


def test_ctrl_c_while_a_command_is_loaded_ends_as_later() -> None:
    done = python(INTERRUPTED)
    assert (done.returncode, done.stderr.strip()) == (5, "Stopped.")


@pytest.mark.parametrize("name", sorted(cli.PLACES))
def test_every_place_holds_the_command_of_its_name_and_its_summary_fits_a_line(name: str) -> None:
    assert cli.root.commands[name].name == name
    widest = max(map(len, cli.root.commands))
    assert len(f"  {'':{widest}}  {cli.PLACES[name].summary}") <= SHORTEST_LINE


def test_what_is_listed_comes_from_places_and_from_commands() -> None:
    commands = Commands({"far": Place("no.such.module:command", "Is far away.")})

    @click.command()
    def near() -> None:
        """Is here."""

    group = DeferredGroup(name="g", commands=commands)
    group.add_command(near)
    assert (list(commands), len(commands), "far" in commands, "none" in commands) == (
        ["far", "near"], 2, True, False,
    )  # fmt: skip
    shown = group.get_help(click.Context(group, info_name="g"))
    assert shown.endswith("Commands:\n  far   Is far away.\n  near  Is here.")
    del commands["near"]
    assert list(commands) == ["far"]


def test_a_place_that_holds_something_else_is_a_fault() -> None:
    with pytest.raises(AssertionError):
        Place("os:sep", "").load()
