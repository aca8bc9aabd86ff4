"""Lines that something has put into lines of its own: syslog, the journal, Docker, Kubernetes' CRI.

``docker:combined`` is a format whose lines are unwrapped first and read by the inner format then. What a program
wrote to its standard error is no access log: such lines are skipped. Docker and CRI cut lines of more than 16 KiB
into parts; parts are rejected, for they cannot be put together where a chunk of the log may end between them.

Docker 28, "JSON File logging driver" and "Fluentd logging driver" (as FireLens on ECS uses it); Fluent Bit 4, what its
tail input makes of CRI lines; systemd 257, ``journalctl -o json``; Kubernetes CRI logging format (``time stream tags
text``, tag P for a part);
RFC 3164 with and without priority and host, also with ISO 8601 times as rsyslog and ``journalctl -o short-iso``
write them; RFC 5424.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import polars as pl

from footfall.errors import FormatError
from ingest.formats.finish import is_skipped
from ingest.formats.json_logs.explaining import span_of
from ingest.formats.json_logs.objects import read_objects
from ingest.formats.json_logs.paths import parse_path, tree_of
from ingest.formats.model import NO_MATCH, Explanation, Format, Parsed, Taken, rejecting

MOST_WRAPPERS: Final = 3
STDERR: Final = "stderr"
_ENOUGH: Final = 0.5

_ISO: Final = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"
_BSD: Final = r"[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d+)?"
_HOST: Final = r"(?:[^ :\[]+|[0-9a-fA-F]*:[0-9a-fA-F:.]*[0-9a-fA-F]|::)"
_DATA: Final = r'(?:-|(?:\[[^ \]"]+(?: [^ =\]"]+="(?:[^"\\\]]|\\.)*")*\])+)'
_SYSLOG: Final = (
    rf"^(?:<\d{{1,3}}>)?(?:{_BSD}|{_ISO}) (?:{_HOST} )?[^ :\[]+(?:\[[^\] ]*\])?: ?(?P<text>.*)$",
    rf"^<\d{{1,3}}>1 (?:-|{_ISO}) [^ ]+ [^ ]+ [^ ]+ [^ ]+ {_DATA}(?: \x{{FEFF}}?(?P<text>.*))?$",
)
_CRI: Final = (rf"^{_ISO} (?P<stream>stdout|stderr) (?P<tags>[A-Z](?::[^ ]*)?) (?P<text>.*)$",)
_DOCKER_MEMBERS: Final = (
    "log", "stream", "time", "source", "container_id", "partial_message", "_p", "logtag",
)  # fmt: skip
_DOCKER_TREE: Final = tree_of((name,) for name in _DOCKER_MEMBERS)
_JOURNAL_TREE: Final = tree_of((("MESSAGE",), ("__REALTIME_TIMESTAMP",)))
_JSON_KINDS: Final = frozenset({"docker", "journald"})
_WHOLE: Final = "F"


@dataclass(frozen=True, slots=True)
class Wrapper:
    """A way to wrap lines.

    `unwrap` returns for each text a row of `text` (null where the text is not so wrapped or only a part) and
    `stream`. `span` returns where the text inside stands in a line.
    """

    title: str
    unwrap: Callable[[pl.Series], pl.DataFrame]
    span: Callable[[str], tuple[int, int]]
    example: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """Lines with the text that was inside, those that are not wrapped so, and how many were skipped."""

    lines: pl.DataFrame
    rejected: pl.DataFrame
    skipped_lines: int


def unwrap(kind: str, lines: pl.DataFrame) -> pl.DataFrame:
    """Return those of `lines` that are wrapped as `kind` (of `WRAPPERS`), each with the text that was inside."""
    return separate(kind, lines).lines


def wrapper_of(head: pl.DataFrame) -> str | None:
    """Return the kind that at least half of the first lines, blank ones and comments left out, are wrapped in."""
    lines = head.filter(~is_skipped())
    if lines.is_empty():
        return None

    shares = {kind: WRAPPERS[kind].unwrap(lines["text"])["text"].is_not_null().mean() for kind in WRAPPERS}
    best = max(shares, key=lambda kind: float(str(shares[kind])))
    return best if float(str(shares[best])) >= _ENOUGH else None


def separate(kind: str, lines: pl.DataFrame) -> Unwrapped:
    """Return what is inside of lines that are wrapped as `kind`."""
    inside = WRAPPERS[kind].unwrap(lines["text"])
    is_error = (inside["stream"] == STDERR).fill_null(value=False)
    is_inside = inside["text"].is_not_null() & ~is_error
    if is_inside.all():
        return Unwrapped(lines.with_columns(inside["text"]), rejecting(lines.clear(), NO_MATCH), 0)

    others = lines.filter(~is_inside & ~is_error)
    unread = others.filter(~is_skipped())
    return Unwrapped(
        lines.with_columns(inside["text"]).filter(is_inside),
        rejecting(unread, NO_MATCH),
        int(is_error.sum()) + len(others) - len(unread),
    )


@dataclass(frozen=True, slots=True)
class WrappedFormat(Format):
    """A format whose lines stand inside of other lines; `kind` is one of `WRAPPERS`."""

    kind: str
    inner: Format
    name: str
    title: str
    example: str
    family: str = "Wrapped lines"

    @property
    def spec(self) -> str:
        """Return the text the format can be made from again."""
        return f"{self.kind}:{self.inner.spec}"

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns of the inner format."""
        return self.inner.columns

    def parse(self, lines: pl.DataFrame, header: str = "") -> Parsed:
        """Read lines; see `Format.parse`. Rejected lines come as they are in the log."""
        found = separate(self.kind, lines)
        parsed = self.inner.parse(found.lines, header)
        skipped = parsed.skipped_lines + found.skipped_lines
        if parsed.rejected.is_empty() and found.rejected.is_empty():
            return replace(parsed, skipped_lines=skipped)

        rejected = pl.concat([parsed.rejected, found.rejected]).sort("line_number", "offset")
        logged = lines.select("line_number", "offset", "text")
        places = ["line_number", "offset"]
        whole = rejected.drop("text").join(logged, on=places, how="left", maintain_order="left")
        return replace(parsed, rejected=whole, skipped_lines=skipped)

    def is_whole(self, line: str) -> bool:
        """Tell whether a line surely has its end: the wrapper fits, and so does the line inside."""
        text = self._inside(line)
        return text is not None and self.inner.is_whole(text)

    def explain(self, line: str, header: str = "") -> Explanation:
        """Return how `line` is read: the wrapper first, then the parts of the line inside."""
        text = self._inside(line)
        if text is None:
            return Explanation((), 1, f"a line wrapped by {self.kind}", NO_MATCH)

        begin, end = WRAPPERS[self.kind].span(line)
        places = _places(line[begin:end], begin, is_escaped=self.kind in _JSON_KINDS)
        inside = self.inner.explain(text, header)
        parts = tuple(
            replace(part, begin=_place(places, part.begin), end=_place(places, part.end))
            for part in inside.taken
        )
        failed_at = None if inside.failed_at is None else _place(places, inside.failed_at - 1) + 1
        return replace(inside, taken=(Taken(self.kind, (), 0, begin, None), *parts), failed_at=failed_at)

    def _inside(self, line: str) -> str | None:
        text: str | None = WRAPPERS[self.kind].unwrap(pl.Series([line], dtype=pl.String))["text"].item()
        return text


def wrapped(kind: str, definition: str) -> WrappedFormat:
    """Return the format of lines that are wrapped as `kind`, inside of which is what `definition` names or defines.

    Raises `FormatError` when that is no format, or wrapped too often itself.
    """
    from ingest.formats import named  # it knows of this module by way of `specs`

    inner, wrappers = definition, 1
    while inner.partition(":")[0] in WRAPPERS:
        inner, wrappers = inner.partition(":")[2], wrappers + 1

    if wrappers > MOST_WRAPPERS:
        raise FormatError(f"Lines are wrapped {MOST_WRAPPERS} times at most.", hint=f"{kind}:combined")

    if not definition:
        raise FormatError(f"{kind}: needs the format of the lines inside.", hint=f"{kind}:combined")

    return wrapping(kind, named(definition))


def wrapping(kind: str, inner: Format) -> WrappedFormat:
    """Return `inner` as the format of what is inside of lines wrapped as `kind`."""
    wrapper = WRAPPERS[kind]
    title = f"{inner.title}, {wrapper.title}"
    return WrappedFormat(kind, inner, f"{kind}:{inner.name}", title, wrapper.example(inner.example))


def _by_expressions(expressions: tuple[str, ...]) -> Callable[[pl.Series], pl.DataFrame]:
    def unwrap_texts(texts: pl.Series) -> pl.DataFrame:
        found = [texts.str.extract_groups(expression).struct.unnest() for expression in expressions]
        text = found[0]["text"]
        for other in found[1:]:
            text = text.fill_null(other["text"]) if text.null_count() else text

        if "stream" not in found[0].columns:
            return pl.DataFrame({"text": text}).with_columns(pl.lit(None, dtype=pl.String).alias("stream"))

        is_part = ~found[0]["tags"].str.starts_with(_WHOLE)
        return found[0].select(pl.when(~is_part).then("text").alias("text"), "stream")

    return unwrap_texts


def _unwrap_docker(texts: pl.Series) -> pl.DataFrame:
    rows, _ = read_objects(texts, _DOCKER_TREE, frozenset())
    log, is_sent = pl.col("log"), pl.col("container_id").is_not_null() & pl.col("source").is_not_null()
    is_docker = pl.col("time").is_not_null() | pl.col("stream").is_not_null() | is_sent
    tagged_whole = (pl.col("_p") == _WHOLE) | (pl.col("logtag") == _WHOLE)
    is_whole = (
        log.str.ends_with("\n")
        | (is_sent & pl.col("partial_message").is_null())
        | tagged_whole.fill_null(value=False)
    )
    return rows.select(
        pl.when(is_docker & is_whole).then(log.str.strip_suffix("\n").str.strip_suffix("\r")).alias("text"),
        pl.when(is_docker).then(pl.coalesce("stream", "source")).alias("stream"),
    )


def _unwrap_journal(texts: pl.Series) -> pl.DataFrame:
    rows, _ = read_objects(texts, _JOURNAL_TREE, frozenset())
    return rows.select(
        pl.when(pl.col("__REALTIME_TIMESTAMP").is_not_null()).then("MESSAGE").alias("text"),
        pl.lit(None, dtype=pl.String).alias("stream"),
    )


def _span_by(expressions: tuple[str, ...]) -> Callable[[str], tuple[int, int]]:
    patterns = [re.compile(expression.replace(r"\x{FEFF}", "\\ufeff")) for expression in expressions]

    def span(line: str) -> tuple[int, int]:
        match = next((match for pattern in patterns if (match := pattern.match(line))), None)
        return match.span("text") if match else (0, 0)

    return span


def _places(inside: str, begin: int, *, is_escaped: bool) -> list[int]:
    """Return where in the line each character of the text inside stands, and where it ends."""
    if not is_escaped:
        return list(range(begin, begin + len(inside) + 1))

    characters = re.finditer(r"\\u[0-9a-fA-F]{4}|\\.|.", inside)
    return [*(begin + match.start() for match in characters), begin + len(inside)]


def _place(places: list[int], index: int) -> int:
    return places[min(index, len(places) - 1)]


def _docker_example(line: str) -> str:
    return f'{{"log":"{_escaped(line)}\\n","stream":"stdout","time":"2026-01-17T10:05:03.123456789Z"}}'


def _journal_example(line: str) -> str:
    return (
        '{"__REALTIME_TIMESTAMP":"1768644303123456","_HOSTNAME":"web1","SYSLOG_IDENTIFIER":"nginx",'
        f'"MESSAGE":"{_escaped(line)}"}}'
    )


def _escaped(line: str) -> str:
    return line.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")


WRAPPERS: Final[Mapping[str, Wrapper]] = MappingProxyType(
    {
        "docker": Wrapper(
            "in Docker's JSON", _unwrap_docker, lambda line: span_of(line, parse_path("log")), _docker_example
        ),
        "journald": Wrapper(
            "in the journal's JSON",
            _unwrap_journal,
            lambda line: span_of(line, parse_path("MESSAGE")),
            _journal_example,
        ),
        "cri": Wrapper(
            "in a CRI log",
            _by_expressions(_CRI),
            _span_by(_CRI),
            lambda line: f"2026-01-17T10:05:03.123456789Z stdout F {line}",
        ),
        "syslog": Wrapper(
            "behind a syslog header",
            _by_expressions(_SYSLOG),
            _span_by(_SYSLOG),
            lambda line: f"<134>Jan 17 10:05:03 web1 nginx[812]: {line}",
        ),
    }
)
"""Kind → wrapper, in the order in which they are asked."""
