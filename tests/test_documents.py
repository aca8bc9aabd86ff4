"""The documents say what the code does: generated parts are current, commands and options quoted in them exist."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

import cli
from docs import generated, inputs
from docs.reports import slug
from footfall import errors
from ingest.beacons.known import DIALECTS
from ingest.beacons.model import KINDS
from ingest.filters import FIELDS, FILTER_REASONS
from ingest.formats import FORMATS, named
from ingest.formats.specs import KINDS as DEFINITIONS
from reports.catalogue import CATALOGUE

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted(
    [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *(ROOT / "docs").rglob("*.md"),
        ROOT / "deploy" / "README.md",
    ]
)
GENERATED = [path for path in DOCUMENTS if "[[[cog" in path.read_text()]
DEPLOYED = sorted(
    path for path in (ROOT / "deploy").rglob("*") if path.is_file() and path.suffix not in {".md", ".json"}
)
SOURCES = sorted(
    [
        ROOT / "cli.py",
        *(path for top in ("footfall", "ingest", "reports") for path in (ROOT / top).rglob("*.py")),
    ]
)
QUOTED_FORMAT = re.compile(r"--format '([^'\n]+)'")
QUOTED_COMMAND = re.compile(
    r"(?:^|[\s`\"'(])footfall "
    r"((?:demo|extract|ingest|materialize|sessions|sql|tail|status|verify|forget|deadletters|report|reports|formats|salts|table|schedule)\b[^`\"\n(]*)",
    re.MULTILINE,
)


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def commands() -> dict[tuple[str, ...], click.Command]:
    return {tuple(path.split()[1:]): command for path, command in generated.command_paths()}


def named_command(words: list[str]) -> tuple[click.Command, list[str]]:
    known = commands()
    for size in (2, 1):
        if tuple(words[:size]) in known:
            return known[tuple(words[:size])], words[size:]

    raise AssertionError(f"footfall {' '.join(words)} names no command")


@pytest.mark.parametrize("path", GENERATED, ids=relative)
def test_generated_parts_are_current(path: Path) -> None:
    # In a process of its own: click remembers things about commands that other tests have run.
    check = [sys.executable, "-m", "cogapp", "--check", "--diff", "-I", str(ROOT), str(path)]
    done = subprocess.run(check, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"make docs writes them again:\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("path", [*DOCUMENTS, *SOURCES, *DEPLOYED], ids=relative)
def test_every_quoted_command_exists(path: Path) -> None:
    for line in QUOTED_COMMAND.findall(path.read_text()):
        # A quoted definition with quotation marks in it is found up to the first of those.
        whole = line.rpartition("'")[0] if line.count("'") % 2 else line
        words = shlex.split(whole.split("   ")[0].split("  #")[0].rstrip(".,;:"), comments=True)
        if words[0] in {"deadletters", "formats", "salts", "schedule", "table"} and len(words) == 1:
            continue

        command, arguments = named_command(words)
        options = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        quoted = {word.split("=")[0].rstrip(".,;:)") for word in arguments if word.startswith("--")}
        assert quoted <= options, f"{path.name}: footfall {line}"


def test_quoted_commands_are_found() -> None:
    assert QUOTED_COMMAND.findall((ROOT / "README.md").read_text())


def test_every_command_and_option_is_documented() -> None:
    text = (ROOT / "docs" / "commands.md").read_text()
    for path, command in generated.command_paths():
        assert f"## {path}\n" in text
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{path} {parameter.opts[0]} has no help"
                assert parameter.opts[0] in text


def test_every_command_has_an_example() -> None:
    assert [
        path for path, command in generated.command_paths() if "Example" not in (command.epilog or "")
    ] == []


def test_every_format_report_and_exit_code_is_documented() -> None:
    formats, reports = (ROOT / "docs" / "formats.md").read_text(), (ROOT / "docs" / "reports.md").read_text()
    assert [name for name in FORMATS if f"### {name}\n" not in formats] == []
    assert [name for name in CATALOGUE if f"## {name}\n" not in reports] == []
    codes = {
        kind.exit_code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.FootfallError)
    }
    table = (ROOT / "docs" / "commands.md").read_text()
    assert [code for code in codes if f"| {code} | " not in table] == []


def test_every_dialect_and_kind_of_event_is_documented() -> None:
    beacons = (ROOT / "docs" / "beacons.md").read_text()
    assert [name for name in DIALECTS if f"### {name}\n" not in beacons] == []
    assert [kind for kind in KINDS if f"| `{kind}` | " not in beacons] == []


def test_every_kind_of_definition_is_documented() -> None:
    formats = (ROOT / "docs" / "formats.md").read_text()
    assert inputs.DEFINITIONS.keys() == DEFINITIONS.keys()
    assert [kind for kind in DEFINITIONS if f"| `{kind}:` | " not in formats] == []


def test_every_field_of_filters_and_every_reason_is_documented() -> None:
    filters = (ROOT / "docs" / "filters.md").read_text()
    of_fields = {f"{begin}-{name}" for begin in ("not-included", "excluded") for name in FIELDS}
    rows = [
        *FIELDS,
        "not-included-FIELD",
        "excluded-FIELD",
        *inputs.ALWAYS,
        *(FILTER_REASONS.keys() - of_fields),
    ]
    assert [name for name in rows if f"| `{name}` | " not in filters] == []


def test_every_quoted_format_can_be_made() -> None:
    quoted = [spec for path in DOCUMENTS for spec in QUOTED_FORMAT.findall(path.read_text())]
    assert [spec for spec in quoted if not spec.startswith("@") and not named(spec).columns] == []
    assert len(quoted) > 3, "none is found"


def test_links_between_documents_lead_somewhere() -> None:
    for path in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
            if "://" not in target:
                assert (path.parent / target).exists(), f"{relative(path)} links to {target}"


def test_links_into_documents_lead_to_a_heading() -> None:
    anchors = {path: {slug(heading) for heading in headings(path)} for path in DOCUMENTS}
    lost = [
        f"{relative(path)}: {target}#{anchor}"
        for path in DOCUMENTS
        for target, anchor in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", path.read_text())
        if anchor not in anchors.get((path.parent / target).resolve() if target else path, set())
    ]
    assert lost == []


def headings(path: Path) -> list[str]:
    """The headings of a document; a comment in an example is none."""
    prose = re.sub(r"^```.*?^```$", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"^#+ (.+)$", prose, re.MULTILINE)


@pytest.mark.parametrize(
    "package",
    sorted(path for top in ("footfall", "ingest", "reports") for path in (ROOT / top).rglob("__init__.py")),
    ids=relative,
)
def test_the_map_of_every_room_names_all_that_is_in_it(package: Path) -> None:
    named = set(re.findall(r"`(\w+)/?`", ast.get_docstring(ast.parse(package.read_text())) or ""))
    files = {path.stem for path in package.parent.glob("*.py")} - {"__init__"}
    rooms = {path.parent.name for path in package.parent.glob("*/__init__.py")}
    assert sorted((files | rooms) - named) == []


def test_the_help_of_the_root_names_every_command() -> None:
    with click.Context(cli.root) as context:
        assert all(name in cli.root.get_help(context) for name in cli.root.commands)
