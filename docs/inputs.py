"""The generated parts of the documents about what is read: formats, dialects of beacons, and what enrichment makes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from benchmarks.samples import SAMPLES
from docs.generated import captured, table
from footfall.event import EVENTS
from ingest.beacons.known import DIALECTS
from ingest.beacons.model import KINDS, NOT_RECORDED, SENT_AGAIN, Dialect
from ingest.enrich.consent import DO_NOT_TRACK, FORGOTTEN, WITHOUT_QUERY
from ingest.enrich.scrub import COLUMNS as SCRUBBED
from ingest.enrich.scrub import ENDINGS, NAMES
from ingest.filters import FIELDS, FILTER_REASONS
from ingest.filters.known import KINDS as PATTERNS
from ingest.formats import FORMATS, Format
from ingest.formats.json_logs.maps import COLUMNS as MAP_COLUMNS
from ingest.formats.model import TRANSIENT
from ingest.formats.specs import ALIASES, EXAMPLES

DEFINITIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "apache": "Apache's `LogFormat`",
        "nginx": "nginx's `log_format`; with `escape=json` in front and a JSON object, lines of JSON",
        "goaccess": "GoAccess's `log-format`, behind it as needed `;date=…`, `;time=…`, `;datetime=…`",
        "regex": "a regular expression with named groups, behind it as needed `;date=…`",
        "json": "a map from columns to members of a JSON object",
        "haproxy": "HAProxy's HTTP log, by the names of its captured request headers",
        "haproxy_clf": "the same of `option httplog clf`",
        "w3c": "a `#Fields:` directive that is in force until the log has one of its own",
        "cloudfront_realtime": "the fields that were chosen for CloudFront's real-time log, in their order",
        "docker": "any format, in lines of Docker's json-file driver, or of its fluentd driver and Fluent Bit",
        "journald": "any format, in what `journalctl -o json` writes",
        "cri": "any format, in lines of a Kubernetes container log",
        "syslog": "any format, behind a syslog header of RFC 3164 or RFC 5424",
    }
)
"""Kind of `ingest.formats.specs.KINDS` → what stands behind its colon."""

ALWAYS: Final[Mapping[str, str]] = MappingProxyType(
    {
        NOT_RECORDED: "a beacon asks not to be counted, or its events are in a body that the log has not",
        SENT_AGAIN: "a beacon with the id of an earlier one in the same chunk",
        DO_NOT_TRACK: "sent by somebody who objects, with --do-not-track drop",
    }
)
"""Reason → sentence, for what is counted as filtered and is no rule's doing."""

_LONGEST_EXAMPLE: Final = 1500
_LOG: Final = (
    '192.0.2.7 - - [17/Jan/2026:10:05:03 +0000] "GET /shop?page=2 HTTP/1.1" 200 5316 "-" "Mozilla/5.0"\n'
    '192.0.2.7 - - [17/Jan/2026:10:05:04 +0000] "GET /shop?page=3 HTTP/1.1" 200 unknown "-" "Mozilla/5.0"\n'
)


def formats() -> str:
    """Return the log formats by family, with the sample of each."""
    rows = ((form.family, f"`{form.name}`", form.title, _sample(form.name)) for form in FORMATS.values())
    return table(("family", "name", "what it is", "sample"), rows)


def families() -> str:
    """Return what is read, in a few rows: formats by family, then dialects of beacons."""
    names: dict[str, list[str]] = {}
    for form in FORMATS.values():
        names.setdefault(form.family, []).append(f"`{form.name}`")

    rows = [(family, ", ".join(each)) for family, each in names.items()]
    return table(
        ("what", "names"), [*rows, ("Dialects of beacons", ", ".join(f"`{name}`" for name in DIALECTS))]
    )


def format_examples() -> str:
    """Return an example line and the columns of each format, under the headings of their families."""
    families = dict.fromkeys(form.family for form in FORMATS.values())
    return "\n".join(
        f"## {family}\n\n" + "\n".join(_format(form) for form in FORMATS.values() if form.family == family)
        for family in families
    )


def definitions() -> str:
    """Return the kinds of definitions, with an example of each."""
    rows = ((f"`{kind}:`", what, f"`{EXAMPLES[kind]}`") for kind, what in DEFINITIONS.items())
    return table(("kind", "what stands behind it", "example"), rows)


def aliases() -> str:
    """Return GoAccess's names of formats with ours."""
    return table(("GoAccess", "here"), ((f"`{name}`", f"`{ours}`") for name, ours in ALIASES.items()))


def map_columns() -> str:
    """Return the columns that a map of members may name."""
    known = [column.name for column in EVENTS] + list(TRANSIENT) + ["uri", "date", "clock"]
    return ", ".join(f"`{name}`" for name in known if name in MAP_COLUMNS) + ".\n"


def explained() -> str:
    """Return how a good and a bad line are explained."""
    line = "footfall formats explain --file access.log --line"
    return captured(f"{line} 1", f"{line} 2", files={"access.log": _LOG}, codes=(0, 6))


def detected() -> str:
    """Return what detection says of some samples."""
    names = ("combined.log", "docker.log", "iis.log")
    return captured("footfall formats detect " + " ".join(f"sample_logs/{name}" for name in names))


def filter_fields() -> str:
    """Return the fields of rules, in the order in which they are tried."""
    rows = (
        (
            f"`{field.name}`",
            f"`{field.column}`",
            PATTERNS[field.kind],
            "logged" if field.is_early else "understood",
        )
        for field in FIELDS.values()
    )
    return table(("field", "column", "pattern", "looks at what was"), rows)


def filter_reasons() -> str:
    """Return why an event can be left out; the reasons of fields once for all of them."""
    known = {f"{begin}-{name}" for begin in ("not-included", "excluded") for name in FIELDS}
    rows = [(f"`{reason}`", text) for reason, text in FILTER_REASONS.items() if reason not in known]
    of_fields = [
        ("`not-included-FIELD`", "no --include of that field fits"),
        ("`excluded-FIELD`", "an --exclude of that field fits"),
    ]
    return table(
        ("reason", "meaning"), [*rows, *of_fields, *((f"`{code}`", text) for code, text in ALWAYS.items())]
    )


def filtered() -> str:
    """Return what a run with filters says of a sample."""
    return captured(
        "footfall ingest sample_logs/combined.log --site example.com --store embedded:site.db "
        "--include status=2xx,304 --exclude path=/wp-*,/admin* --static drop --bots drop "
        "--where 'bytes > 0' --sample 0.5",
    )


def let_go() -> str:
    """Return the columns that are emptied of people who object, and those that are shortened."""
    return f"Emptied: {_listed(FORGOTTEN)}.\n\nWithout its query: {_listed(WITHOUT_QUERY)}.\n"


def scrubbed() -> str:
    """Return what is scrubbed: columns, and names of parameters."""
    return (
        f"Columns: {_listed(SCRUBBED)}.\n\n"
        f"Parameters whose names end in {_listed(ENDINGS)}.\n\n"
        f"Parameters that are called {_listed(NAMES)}.\n"
    )


def forgotten() -> str:
    """Return what a run of ``footfall forget`` says."""
    store = "--store embedded:site.db"
    return captured(
        f"footfall ingest sample_logs/combined.log --site example.com {store}",
        f"footfall forget --ip 192.0.2.61 {store} --yes",
        f"footfall verify {store}",
    )


def transient_columns() -> str:
    """Return what formats read for later steps, and nobody stores."""
    return table(("column", "what it is"), ((f"`{name}`", meaning) for name, meaning in TRANSIENT.items()))


def dialects() -> str:
    """Return the dialects of beacons."""
    rows = ((f"`{one.name}`", one.title, _paths(one), _sample(one.name)) for one in DIALECTS.values())
    return table(("name", "what it is", "paths", "samples"), rows)


def dialect_examples() -> str:
    """Return an example of each dialect, and where it is documented."""
    return "\n".join(
        f"### {one.name}\n\n{one.title}. Source: {one.sources}.\n\n```text\n{one.example[:_LONGEST_EXAMPLE]}\n```\n"
        for one in DIALECTS.values()
    )


def kinds() -> str:
    """Return the kinds of events."""
    return table(("kind", "what it tells of"), ((f"`{kind}`", meaning) for kind, meaning in KINDS.items()))


def _format(form: Format) -> str:
    known = [column.name for column in EVENTS] + list(TRANSIENT)
    columns = ", ".join(f"`{name}`" for name in sorted(set(form.columns), key=known.index))
    return f"### {form.name}\n\n{form.title}.\n\n```text\n{form.example}\n```\n\nIt gives {columns}.\n"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _paths(dialect: Dialect) -> str:
    return ", ".join(
        f"`{path[1:]}` alone" if path.startswith("^") else f"`…{path}`" for path in dialect.paths
    )


def _sample(name: str) -> str:
    return ", ".join(f"[{file}](../sample_logs/{file})" for file in _files(name))


def _files(name: str) -> Iterator[str]:
    for file in SAMPLES:
        stem = file.partition(".")[0]
        if stem == name or (stem.startswith(f"{name}_") and stem not in FORMATS and stem not in DIALECTS):
            yield file
