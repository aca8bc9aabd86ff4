"""Rules of the house that import-linter cannot see: who imports what, and which calls may stand where."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parent.parent
PRODUCT = sorted(
    [
        ROOT / "cli.py",
        *(path for top in ("footfall", "ingest", "reports") for path in (ROOT / top).rglob("*.py")),
    ]
)

FORBIDDEN_CALLS = {
    "asyncio.create_task": "every task belongs to a task group",
    "asyncio.gather": "every task belongs to a task group",
    "asyncio.wait_for": "it loses what a stream was about to deliver",
    "asyncio.timeout": "use anyio.move_on_after or fail_after",
    "asyncio.Queue": "streams are bounded and closed",
    "asyncio.run": "anyio.run",
}
CLOCK_CALLS = {
    "time.time", "time.monotonic", "time.perf_counter", "time.sleep", "datetime.now", "datetime.utcnow", "date.today",
    "random.random", "random.Random", "secrets.token_bytes", "secrets.token_hex", "uuid.uuid4", "os.urandom",
}  # fmt: skip


EACH_FIRST = """
import importlib, sys

sys.path.insert(0, sys.argv[1])

def first(name):
    for known in list(sys.modules):
        if known.partition(".")[0] in ("cli", "footfall", "ingest", "reports"):
            del sys.modules[known]

    importlib.import_module(name)
    print(name)

left = []
for line in sys.stdin:
    room, *modules = line.split()
    first(room)
    left += [module for module in modules if module not in sys.modules]

for module in (*left, "cli"):
    first(module)
"""


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def imported_modules(path: Path) -> frozenset[str]:
    return frozenset(_imported_modules(path))


def _imported_modules(path: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{relative(path)}: imports are absolute"
            yield node.module or ""


def called_names(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
            yield node.lineno, ast.unparse(node.func)


def importers_of(*modules: str) -> set[str]:
    return {
        relative(path)
        for path in PRODUCT
        if any(
            name == module or name.startswith(f"{module}.")
            for name in imported_modules(path)
            for module in modules
        )
    }


def test_the_walk_sees_the_product() -> None:
    names = {relative(path) for path in PRODUCT}
    assert {
        "cli.py",
        "ingest/worker.py",
        "reports/extraction/extract.py",
        "footfall/store/aws/engine.py",
    } <= names


def rooms_in_circles() -> dict[str, list[str]]:
    """Return the rooms with modules that are imported by what they import themselves, each with those modules."""
    graph = grimp.build_graph("footfall", "ingest", "reports", cache_dir=None)
    rooms = {graph_room for graph_room in graph.modules if (ROOT / graph_room.replace(".", "/")).is_dir()}
    needs = {
        module: graph.find_modules_directly_imported_by(module) | {module.rpartition(".")[0]} - {""}
        for module in graph.modules
    }
    found: dict[str, list[str]] = {}
    for module in sorted(graph.modules):
        if module in _reached(module, needs):
            found.setdefault(module if module in rooms else module.rpartition(".")[0], []).append(module)

    return found


def _reached(start: str, needs: dict[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    ahead = [*needs[start]]
    while ahead:
        module = ahead.pop()
        if module not in reached:
            reached.add(module)
            ahead += needs[module]

    return reached


def test_every_module_in_a_circle_of_imports_can_be_imported_first() -> None:
    # Formats and beacons know each other, so an import may work in one order only. What a room has imported anyway
    # begins with the room, and need not be tried by itself.
    circles = rooms_in_circles()
    told = "".join(f"{room} {' '.join(modules)}\n" for room, modules in circles.items())
    done = subprocess.run(
        [sys.executable, "-c", EACH_FIRST, str(ROOT)], input=told, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    tried = done.stdout.split()
    assert {*circles, "cli"} <= {*tried}
    assert {"ingest.beacons", "ingest.formats", "ingest.enrich", "ingest.prepare"} <= {*tried}


def test_nobody_imports_the_command_line() -> None:
    assert importers_of("cli") == set()


def test_only_commands_know_click() -> None:
    names = importers_of("click")
    assert {"cli.py", "footfall/store/commands.py", "reports/commands/report.py"} <= names
    assert all(name == "cli.py" or "commands" in Path(name).with_suffix("").parts for name in names)


def test_only_the_aws_engine_knows_aws_libraries() -> None:
    importers = importers_of("aiobotocore", "botocore", "boto3", "aiohttp")
    assert importers
    assert all(name.startswith("footfall/store/aws/") for name in importers)


def test_only_the_embedded_engine_knows_sqlite() -> None:
    assert importers_of("sqlite3")
    assert all(name.startswith("footfall/store/embedded/") for name in importers_of("sqlite3"))


def test_engines_are_opened_in_one_place() -> None:
    # Secrets Manager and S3 are behind the AWS libraries, too, and are no engines.
    doors = {"footfall/store/address.py", "footfall/store/objects.py", "footfall/store/secrets.py"}
    outside = importers_of("footfall.store.aws", "footfall.store.embedded") - doors
    rooms = tuple(f"footfall/store/{room}/" for room in ("aws", "embedded", "simulator"))
    assert all(name.startswith(rooms) for name in outside)


@pytest.mark.parametrize("path", PRODUCT, ids=relative)
def test_no_call_escapes_its_task_group(path: Path) -> None:
    found = {
        f"line {line}: {name}, {FORBIDDEN_CALLS[name]}"
        for line, name in called_names(path)
        if name in FORBIDDEN_CALLS
    }
    assert found == set()


@pytest.mark.parametrize(
    "path", [path for path in PRODUCT if relative(path) != "footfall/clock.py"], ids=relative
)
def test_time_and_chance_come_from_the_clock(path: Path) -> None:
    assert {f"line {line}: {name}" for line, name in called_names(path) if name in CLOCK_CALLS} == set()


@pytest.mark.parametrize("path", PRODUCT, ids=relative)
def test_functions_and_files_stay_small(path: Path) -> None:
    functions = [
        node for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    long = {
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in functions
        if node.end_lineno and node.end_lineno - node.lineno + 1 > 60 and not _is_command(node)
    }
    assert long == set()
    assert path.read_text().count("\n") <= 400


def _is_command(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Commands are long because each option is a parameter."""
    return any("command" in ast.unparse(decorator) for decorator in node.decorator_list)
