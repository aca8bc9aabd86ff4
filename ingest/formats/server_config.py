"""Find the log formats in the configuration of a server: nginx's `log_format`, Apache's `LogFormat` and `CustomLog`.

nginx 1.27, "Configuration file measurement units" and ngx_http_log_module; Apache HTTP Server 2.4, "Configuration
Files" and mod_log_config. `include`, `Include` and `IncludeOptional` are followed, within limits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from footfall.errors import FormatError
from footfall.paths import expanded
from footfall.text import printable

LARGEST_FILE_BYTES: Final = 1_048_576
MOST_FILES: Final = 200
DEEPEST_INCLUDE: Final = 8

_NGINX_TOKEN = re.compile(
    r"""\s+|\#[^\n]*|"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)'|(?P<end>[;{}])"""
    r"""|(?P<word>(?:\$\{|\\.|[^\s;{}"'])+)""",
    re.DOTALL,
)
_INCLUDE = re.compile(
    r"""(?:^|[;{}])[ \t]*include(?:optional)?[ \t]+["']?([^"';\n]+)""", re.MULTILINE | re.IGNORECASE
)
_APACHE_ARGUMENT = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)', re.DOTALL)
_NGINX_COMBINED: Final = " ".join(
    (
        '$remote_addr - $remote_user [$time_local] "$request"',
        '$status $body_bytes_sent "$http_referer" "$http_user_agent"',
    )
)


@dataclass(frozen=True, slots=True)
class Found:
    """A log format of a configuration: its name there, and the text that `ingest.formats.specs` makes it from."""

    name: str
    spec: str


@dataclass(slots=True)
class _Reading:
    """Files read so far, and where relative names of further ones begin."""

    root: Path
    files: int = 0
    seen: set[Path] = field(default_factory=set)


def spec_in_file(reference: str) -> str:
    """Return the text of the format that `PATH#NAME` names in a configuration file, or of its only one for `PATH`.

    Raises `FormatError` when the file cannot be read, or has no such format, or several and none is named.
    """
    path, _, name = reference.partition("#")
    file = expanded(path)
    try:
        text = _text_of(file)
    except OSError as error:
        sentence = f"The configuration {printable(path)!r} cannot be read: {error.strerror or error}."
        raise FormatError(
            sentence, hint="--format '@/etc/nginx/nginx.conf#NAME', or the format itself as text"
        ) from None

    found = list(_found(text, _Reading(file.parent, 1, {file.resolve()}), 0))
    return _chosen(found, name, f"The configuration {printable(path)!r}")


def spec_in_text(text: str) -> str:
    """Return the text of the only format that lines of a configuration define; raises `FormatError` for none."""
    found = [*_of_nginx(text), *_of_apache(text)]
    return _chosen(found, "", "The text")


def _chosen(found: Sequence[Found], name: str, where: str) -> str:
    specs = {one.name: one.spec for one in found}
    if name in specs:
        return specs[name]

    names = ", ".join(printable(one, 60) for one in specs)
    if name == "combined" and any(spec.startswith("nginx:") for spec in specs.values()):
        return f"nginx:{_NGINX_COMBINED}"

    if not specs:
        raise FormatError(
            f"{where} defines no log format.", hint="name the file with log_format or LogFormat in it"
        )

    if name:
        raise FormatError(
            f"{where} has no log format {printable(name, 60)!r}, but {names}.", hint=_hint(specs)
        )

    if len({*specs.values()}) > 1:
        raise FormatError(f"{where} defines several log formats: {names}.", hint=_hint(specs))

    return next(iter(specs.values()))


def _hint(specs: dict[str, str]) -> str:
    return f"--format '@FILE#{printable(next(iter(specs)), 60)}'"


def _found(text: str, reading: _Reading, depth: int) -> Iterator[Found]:
    yield from _of_nginx(text)
    yield from _of_apache(text)
    if root := re.search(r'^[ \t]*ServerRoot[ \t]+"?([^"\n]+)', text, re.MULTILINE | re.IGNORECASE):
        reading.root = reading.root / root[1].strip()

    if depth < DEEPEST_INCLUDE:
        for file in _included(text, reading):
            yield from _found(_text_or_nothing(file), reading, depth + 1)


def _included(text: str, reading: _Reading) -> Iterator[Path]:
    """Yield the files that `text` includes, none twice and no more than the limit."""
    for match in _INCLUDE.finditer(text):
        for file in _matching(reading.root, match[1].strip()):
            if file.resolve() not in reading.seen and reading.files < MOST_FILES:
                reading.seen.add(file.resolve())
                reading.files += 1
                yield file


def _matching(root: Path, pattern: str) -> list[Path]:
    path = root / pattern.replace("**", "*")
    try:
        if path.is_dir():
            return sorted(file for file in path.iterdir() if file.is_file())

        return sorted(
            file
            for file in Path(path.anchor or ".").glob(str(path).removeprefix(path.anchor))
            if file.is_file()
        )
    except (OSError, ValueError):
        return []


def _text_of(file: Path) -> str:
    with file.open("rb") as opened:
        return opened.read(LARGEST_FILE_BYTES).decode(errors="replace").replace("\r\n", "\n")


def _text_or_nothing(file: Path) -> str:
    """Return the text of an included file; one that may not be read need not be the one that matters."""
    try:
        return _text_of(file)
    except OSError:
        return ""


def _of_nginx(text: str) -> Iterator[Found]:
    for words in _directives(text):
        if words[:1] == ["log_format"] and len(words) > 2:
            escape = f"{words[2]} " if words[2].startswith("escape=") else ""
            yield Found(words[1], f"nginx:{escape}{''.join(words[3 if escape else 2 :])}")


def _directives(text: str) -> Iterator[list[str]]:
    """Yield the words of each of nginx's directives."""
    words: list[str] = []
    for match in _NGINX_TOKEN.finditer(text):
        if match["end"]:
            yield words
            words = []
        elif match["word"] is not None:
            words.append(match["word"])
        elif (quoted := match["double"] if match["double"] is not None else match["single"]) is not None:
            words.append(re.sub(r"\\([\"'\\])", r"\1", quoted))

    yield words


def _of_apache(text: str) -> Iterator[Found]:
    for line in text.replace("\\\n", "").split("\n"):
        name, *arguments = [_unquoted(match) for match in _APACHE_ARGUMENT.finditer(line.strip())] or [""]
        if name.lower() == "logformat" and arguments:
            yield Found(arguments[1] if len(arguments) > 1 else "default", f"apache:{arguments[0]}")
        elif name.lower() == "customlog" and len(arguments) > 1 and "%" in arguments[1]:
            yield Found(arguments[0], f"apache:{arguments[1]}")


def _unquoted(match: re.Match[str]) -> str:
    if match[1] is None:
        return match[2]

    return re.sub(r"\\([\"\\])", r"\1", match[1])
