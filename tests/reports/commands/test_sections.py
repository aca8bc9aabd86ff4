from __future__ import annotations

import click
import pytest

import cli
from reports.commands.sections import SECTIONS, SectionedCommand

SECTIONED = pytest.mark.parametrize("name", ["report", "sql", "extract", "materialize"])


def help_of(name: str) -> str:
    context = click.Context(cli.root.commands[name], info_name=name, terminal_width=100)
    return context.command.get_help(context)


@SECTIONED
def test_every_option_stands_under_a_heading_once(name: str) -> None:
    command = cli.root.commands[name]
    assert isinstance(command, SectionedCommand)
    lines = [line.split()[0] for line in help_of(name).splitlines() if line.startswith("  -")]
    *shown, help_itself = lines
    flags = [option.opts[0] for option in command.params if isinstance(option, click.Option)]
    assert sorted(shown) == sorted(flags)
    assert help_itself in {"-h,", "--help"}
    assert set(flags) <= {flag for section in SECTIONS.values() for flag in section}


@SECTIONED
def test_the_question_comes_first_and_help_itself_last(name: str) -> None:
    headings = [
        line for line in help_of(name).splitlines() if line.endswith(":") and not line.startswith(" ")
    ]
    order = [f"{heading}:" for heading in SECTIONS if f"{heading}:" in headings]
    assert headings == [*order, "Options:"]


def test_no_option_is_in_two_sections() -> None:
    flags = [flag for section in SECTIONS.values() for flag in section]
    assert len(flags) == len(set(flags))
