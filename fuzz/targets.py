"""What is fuzzed: each target takes any bytes and raises only when something is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from types import MappingProxyType
from typing import Final

import polars as pl

from footfall.errors import FootfallError
from footfall.text import printable
from fuzz import checks
from fuzz.seeds import header_of
from ingest.beacons.known import DIALECTS
from ingest.enrich.rule_file import load_rules
from ingest.filters import Filters, check, rule_of
from ingest.formats import FORMATS, Format, named
from ingest.formats.detect import detect
from ingest.formats.php import NotPhp, read_php
from ingest.formats.server_config import spec_in_text
from ingest.formats.specs import KINDS, kind_of
from ingest.lines import split_lines

_NAMES: Final = tuple(FORMATS)
_KINDS: Final = tuple(KINDS)
_FOLDER: Final = Path(mkdtemp(prefix="fuzz-"))


def formats(data: bytes) -> None:
    """Read and explain lines in the format that the first byte names."""
    form, lines = _chosen(data)
    parsed = checks.read(form, lines, header_of(form.name))
    checks.read_requests(parsed)
    for line in lines[:3]:
        checks.explain(form, line.decode(errors="backslashreplace"), header_of(form.name))


def pipeline(data: bytes) -> None:
    """Take lines through everything that a run does to a chunk."""
    form, lines = _chosen(data)
    checks.prepare_lines(form, lines, header_of(form.name))


def detection(data: bytes) -> None:
    """Detect the format of lines."""
    found = detect(split_lines(checks.chunk_of(data.split(b"\n"))))
    assert 0 <= found.confidence <= 1


def beacons(data: bytes) -> None:
    """Read texts in the dialect that the first byte names."""
    if DIALECTS:
        dialect = tuple(DIALECTS.values())[(data[0] if data else 0) % len(DIALECTS)]
        checks.read_dialect(dialect, data[1:].decode(errors="backslashreplace").split("\n"))


def definitions(data: bytes) -> None:
    """Make a format of text, which may only fail as an error for the user, and read with it."""
    text = data.decode(errors="replace")
    definition, _, lines = text.partition("\n")
    kind = _KINDS[(data[0] if data else 0) % len(_KINDS)]
    with suppress(FootfallError):
        # What begins with an @ names a file, and which files there are is not for a fuzzer to try.
        form = named(f"{kind}:{definition[1:].replace('@', '')}")
        checks.read(form, lines.encode().split(b"\n"))


def configurations(data: bytes) -> None:
    """Find the format in lines of a server's configuration, and guess what kind of definition a text is."""
    text = data.decode(errors="replace")
    assert kind_of(text) in {None, *KINDS}
    with suppress(FootfallError):
        assert spec_in_text(text).partition(":")[0] in KINDS


def php(data: bytes) -> None:
    """Read a value that PHP has serialised: it can be written as JSON, nothing else is raised."""
    with suppress(NotPhp):
        json.dumps(read_php(data))


def rule_files(data: bytes) -> None:
    """Load rules, which may only fail as an error for the user, and enrich with them."""
    file = _FOLDER / "rules.toml"
    file.write_bytes(data)
    with suppress(FootfallError):
        checks.enrich_by(load_rules(file))


def letters(data: bytes) -> None:
    """Erase a person's lines from a file that may be one of dead letters."""
    checks.forget(_FOLDER / "letters.ndjson", data)


def rules(data: bytes) -> None:
    """Make a filter of text, which may only fail with a sentence."""
    text = data.decode(errors="replace")
    with suppress(ValueError):
        check(Filters(rules=(rule_of(text),)))

    with suppress(ValueError):
        check(Filters(where=text))


def terminal(data: bytes) -> None:
    """Make text safe to show."""
    shown = printable(data.decode(errors="backslashreplace"))
    assert shown.isprintable() or not pl.Series([shown]).str.contains(r"[\x00-\x1f\x7f]").any()


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = MappingProxyType(
    {
        "formats": formats,
        "pipeline": pipeline,
        "detection": detection,
        "beacons": beacons,
        "definitions": definitions,
        "configurations": configurations,
        "php": php,
        "rule_files": rule_files,
        "letters": letters,
        "rules": rules,
        "terminal": terminal,
    }
)


def _chosen(data: bytes) -> tuple[Format, list[bytes]]:
    return FORMATS[_NAMES[(data[0] if data else 0) % len(_NAMES)]], data[1:].split(b"\n")
