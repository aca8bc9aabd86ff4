from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

import cli
import footfall
from footfall.errors import (
    AccessDenied,
    FootfallError,
    FormatError,
    GapFound,
    InputError,
    SchemaMismatch,
    SettingsError,
    SourceError,
    SourceTaken,
    StoppedEarly,
    StoreError,
    StoreUnreachable,
    TableMissing,
    TooManyRejected,
)

SCRIPT = Path(cli.__file__)
EXIT_CODES: dict[type[FootfallError], int] = {
    FootfallError: 1,
    SettingsError: 2,
    TooManyRejected: 3,
    StoreError: 4,
    StoreUnreachable: 4,
    AccessDenied: 4,
    TableMissing: 4,
    SchemaMismatch: 4,
    SourceTaken: 4,
    StoppedEarly: 5,
    InputError: 6,
    SourceError: 6,
    FormatError: 6,
    GapFound: 7,
}
SAMPLES: dict[type[click.ParamType[Any]], str] = {
    click.IntRange: "2",
    click.FloatRange: "1",
    click.DateTime: "2026-01-31",
    click.Path: "x",
    click.types.StringParamType: "x",
    click.types.BoolParamType: "1",
}

Fail = Callable[[BaseException], int]


@pytest.fixture
def fail() -> Iterator[Fail]:
    """Run a command that ends in an error; return the exit code."""

    def run(error: BaseException) -> int:
        def callback() -> None:
            raise error

        cli.root.add_command(click.Command("fail", callback=callback))
        return cli.run(["fail"])

    yield run
    cli.root.commands.pop("fail", None)


def test_the_table_of_exit_codes_is_whole() -> None:
    def below(kind: type[FootfallError]) -> set[type[FootfallError]]:
        return {kind}.union(*map(below, kind.__subclasses__()))

    assert {kind for kind in below(FootfallError) if kind.__module__ == "footfall.errors"} == set(EXIT_CODES)


@pytest.mark.parametrize(("kind", "code"), EXIT_CODES.items())
def test_an_expected_error_has_a_sentence_and_an_exit_code(
    fail: Fail, capsys: pytest.CaptureFixture[str], kind: type[FootfallError], code: int
) -> None:
    assert fail(kind("It broke.", hint="footfall mend", details=["line 1: x", "line 2: y"])) == code
    out, err = capsys.readouterr()
    assert (out, err) == ("", "footfall: It broke.\n    line 1: x\n    line 2: y\n  try: footfall mend\n")


def test_an_error_without_hint_is_one_line(fail: Fail, capsys: pytest.CaptureFixture[str]) -> None:
    fail(StoreError("It broke."))
    assert capsys.readouterr().err == "footfall: It broke.\n"


def test_hostile_text_in_an_error_cannot_steer_the_terminal(
    fail: Fail, capsys: pytest.CaptureFixture[str]
) -> None:
    fail(SourceError("a\x1b[31mb\nc", hint="rm \u202egnp.exe", details=["\x1b]0;title\x07\r"]))
    shown = capsys.readouterr().err
    assert all(line.isprintable() for line in shown.split("\n"))
    assert r"a\x1b[31mb\x0ac" in shown
    assert len(shown.splitlines()) == 3


def test_an_unexpected_error_passes_through(fail: Fail) -> None:
    with pytest.raises(ZeroDivisionError):
        fail(ZeroDivisionError("ours"))


def test_a_group_of_one_expected_error_reads_like_that_error(
    fail: Fail, capsys: pytest.CaptureFixture[str]
) -> None:
    error = TableMissing("No table.", hint="footfall table create")
    assert fail(ExceptionGroup("tasks", [ExceptionGroup("more", [error])])) == 4
    assert capsys.readouterr().err == "footfall: No table.\n  try: footfall table create\n"


def test_a_group_says_each_error_once_and_has_the_highest_exit_code(
    fail: Fail, capsys: pytest.CaptureFixture[str]
) -> None:
    errors = [StoreUnreachable("No answer."), StoreUnreachable("No answer."), SourceError("Damaged.")]
    assert fail(ExceptionGroup("tasks", errors)) == 6
    assert capsys.readouterr().err == "footfall: No answer.\nfootfall: Damaged.\n"


def test_a_group_with_an_unexpected_error_passes_through(fail: Fail) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        fail(ExceptionGroup("tasks", [StoreError("expected"), ZeroDivisionError("ours")]))

    assert caught.group_contains(ZeroDivisionError)


@pytest.mark.parametrize(
    "error",
    [
        KeyboardInterrupt(),
        BaseExceptionGroup("tasks", [KeyboardInterrupt()]),
        BaseExceptionGroup("tasks", [StoreError("x"), KeyboardInterrupt()]),
    ],
)
def test_an_interrupt_stops_early(
    fail: Fail, capsys: pytest.CaptureFixture[str], error: BaseException
) -> None:
    assert fail(error) == StoppedEarly.exit_code
    assert capsys.readouterr().err.strip() == "Stopped."


def test_a_command_that_returns_a_number_ends_with_it() -> None:
    cli.root.add_command(click.Command("seven", callback=lambda: 7))
    try:
        assert cli.run(["seven"]) == 7
    finally:
        cli.root.commands.pop("seven")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nonsense"], 2, "No such command 'nonsense'"),
        (["report", "days", "--nonsense"], 2, "No such option"),
        (["report", "days", "--store", "nonsense"], 2, "'nonsense' is not a store"),
        (["report", "nonsense", "--store", "embedded:x.db"], 2, "nonsense"),
        (["report", "days", "--store", "embedded:nowhere/x.db"], 4, "The folder nowhere does not exist"),
        (["report", "days", "--store", "embedded:x.db"], 4, "There is no store embedded:x.db yet"),
        (["ingest", "nowhere.log", "--store", "embedded:x.db"], 6, "nowhere.log"),
        (["ingest", "noise.log", "--store", "embedded:x.db"], 6, "noise.log"),
        (["formats", "detect", "noise.log"], 6, ""),
    ],
)
def test_what_a_person_gets_wrong_has_its_exit_code(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "noise.log").write_text("this is\nno access log\nat all\n" * 10)
    assert cli.run(arguments) == code
    shown = capsys.readouterr().err
    assert words in shown
    assert "Traceback" not in shown


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--version"]) == 0
    assert capsys.readouterr().out == f"footfall, version {footfall.__version__}\n"


def test_no_command_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([]) == 2
    shown = capsys.readouterr()
    assert "Usage: footfall" in shown.out + shown.err


def contexts(parent: click.Context) -> Iterator[click.Context]:
    group = parent.command
    assert isinstance(group, click.Group)
    for name, command in group.commands.items():
        context = click.Context(command, parent=parent, info_name=name)
        if isinstance(command, click.Group):
            yield from contexts(context)
        else:
            yield context


ROOT = cli.root.make_context("footfall", [], resilient_parsing=True)
COMMANDS = {context.command_path: context for context in contexts(ROOT)}
OPTIONS = {
    f"{path} {parameter.opts[0]}": (context, parameter)
    for path, context in COMMANDS.items()
    for parameter in context.command.params
    if isinstance(parameter, click.Option)
}


def test_the_commands_are_found() -> None:
    assert {"footfall ingest", "footfall report", "footfall table create", "footfall demo"} <= set(COMMANDS)


@pytest.mark.parametrize("path", COMMANDS)
def test_the_help_of_a_command_has_an_example(capsys: pytest.CaptureFixture[str], path: str) -> None:
    assert cli.run([*path.split()[1:], "--help"]) == 0
    assert re.search(rf"Examples?:\s+{path}\b", capsys.readouterr().out)


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_says_what_it_does_and_which_variable_sets_it(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    context, option = OPTIONS[name]
    record = option.get_help_record(context)
    assert option.help
    assert record
    named = re.search(r"env var: (\w+)", record[1])
    assert named, record
    assert named[1].startswith("FOOTFALL_")
    assert named[1].endswith("_" + option.opts[0].removeprefix("--").replace("-", "_").upper())
    assert is_set_by(monkeypatch, context, option, named[1])


def is_set_by(
    monkeypatch: pytest.MonkeyPatch, context: click.Context, option: click.Option, variable: str
) -> bool:
    """Tell whether the environment variable really reaches the option."""
    value = option.type.choices[0] if isinstance(option.type, click.Choice) else SAMPLES[type(option.type)]
    if isinstance(option.type, click.IntRange | click.FloatRange) and (option.type.min or 0) > float(value):
        value = str(option.type.min)

    monkeypatch.setenv(variable, value)
    needed = ["x"] * sum(isinstance(parameter, click.Argument) for parameter in context.command.params)
    for other in context.command.params:
        if isinstance(other, click.Option) and other.required and other is not option:
            needed += [other.opts[0], SAMPLES[type(other.type)]]

    name = context.info_name
    assert name
    parsed = context.command.make_context(name, needed, parent=context.parent)
    assert option.name
    return parsed.get_parameter_source(option.name) is click.core.ParameterSource.ENVIRONMENT


@pytest.mark.parametrize("variable", ["STORE", "REGION", "PROFILE", "ENDPOINT_URL"])
def test_the_variables_of_the_store_are_those_of_all_commands(variable: str) -> None:
    flag = "--" + variable.lower().replace("_", "-")
    having = [option.envvar for _, option in OPTIONS.values() if option.opts[0] == flag]
    assert len(having) >= 4
    assert set(having) == {f"FOOTFALL_{variable}"}


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_says_its_default(name: str) -> None:
    context, option = OPTIONS[name]
    record = option.get_help_record(context)
    assert record
    assert "default: " in record[1] or option.is_flag


def test_the_default_store_is_said(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FOOTFALL_STORE", raising=False)
    cli.run(["table", "create"])
    out, err = capsys.readouterr()
    assert "Store: embedded:footfall.db (the default; name another with --store)\n" in err
    assert "default" not in out
    assert (tmp_path / "footfall.db").is_file()


@pytest.mark.parametrize("by_option", [True, False])
def test_a_store_that_was_named_is_not_said(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_option: bool
) -> None:
    store = f"embedded:{tmp_path}/named.db"
    if not by_option:
        monkeypatch.setenv("FOOTFALL_STORE", store)

    assert cli.run(["table", "create", *(["--store", store] if by_option else [])]) == 0
    assert capsys.readouterr().err == ""
    assert (tmp_path / "named.db").is_file()


def unread(arguments: list[str], *, merged: bool = False) -> tuple[int, str]:
    """Run the real command with a pipe as stdout that nobody reads; return exit code and stderr."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run(
            [sys.executable, SCRIPT, *arguments],
            stdout=writing,
            stderr=writing if merged else subprocess.PIPE,
            check=False,
            text=True,
        )
    finally:
        os.close(writing)

    return ended.returncode, ended.stderr or ""


@pytest.mark.parametrize("arguments", [["formats", "list"], ["--help"], ["ingest", "--help"], ["reports"]])
def test_a_broken_pipe_ends_quietly(arguments: list[str]) -> None:
    assert unread(arguments) == (0, "")


def test_a_broken_pipe_as_both_streams_ends_quietly() -> None:
    assert unread(["formats", "list"], merged=True) == (0, "")


@pytest.mark.parametrize("form", ["table", "csv", "parquet"])
def test_a_report_that_nobody_reads_ends_quietly(tmp_path: Path, form: str) -> None:
    store = f"embedded:{tmp_path}/x.db"
    sample = str(cli.sample_logs() / "combined.log")
    dead_letters = str(tmp_path / "dead.ndjson")
    assert cli.run(["ingest", sample, "--store", store, "--dead-letters", dead_letters]) == 0
    code, shown = unread(["report", "pages", "--store", store, "--format", form])
    assert code == 0
    assert "rror" not in shown


def test_a_closed_stdout_is_no_error() -> None:
    shell = 'exec "$0" "$@" >&-'
    ended = subprocess.run(
        ["sh", "-c", shell, sys.executable, SCRIPT, "formats", "list"], capture_output=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_standard_output_is_told_in_a_sentence() -> None:
    command = [sys.executable, "-m", "cli", "reports", "--format", "json"]
    with Path("/dev/full").open("wb") as full:
        folder = Path(cli.__file__).parent
        done = subprocess.run(command, cwd=folder, stdout=full, stderr=subprocess.PIPE, check=False)

    assert done.returncode == 1
    assert (
        done.stderr
        == b"footfall: Standard output, or a file that is written, takes no more: the device is full or broken.\n"
    )


@pytest.mark.parametrize(
    ("path", "named"), [("x/site.db", "x/site.db"), (None, "Standard output, or a file that is written,")]
)
def test_a_full_disk_under_a_file_is_not_blamed_on_standard_output(
    path: str | None, named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    @click.command()
    def fill() -> None:
        raise OSError(errno.ENOSPC, "No space left on device", path)

    cli.root.add_command(fill)
    try:
        assert cli.run(["fill"]) == 1
    finally:
        del cli.root.commands["fill"]

    assert capsys.readouterr().err == f"footfall: {named} takes no more: the device is full or broken.\n"
