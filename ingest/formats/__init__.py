"""Log formats: lines in, events and rejected lines out.

In reading order: `model` (what a format is), `fields` (the table of fields), `times` and `values` (the insides of
fields), `finish` (the common end of reading). Formats by regular expression: `regular`, of which `ncsa` (common,
combined) is a table, and `explaining` (field by field). By parts with something between them: `readings` (what a part
is read into), `parts` and `delimited`, of which `proxies`, `servers` and `aws` are tables. By their own directives:
`w3c_fields` (the table of fields and dialects), `w3c_layout` (a list of fields) and `w3c`. By JSON: `json_logs`.
Beacons themselves: `bodies` (with `envelopes`), `owa_queue` with `owa_rows`, which reads by columns what PHP has
serialised (`encoded`, `php_tokens`, `php_names`, `php_columns`), and `php`, which reads the rest. Made of text that a
user gives:
`specs` (which kind a text is), `template` (values with text between them), `shapes` (how values look), `time_parts`
(a time in several), `headers`, and by kind `apache`, `nginx` with `nginx_json`, `goaccess`, `regex`; `server_config`
(a format in a server's configuration). Around any of them: `wrapped`. At last `detect` (which one a log is in). A new
format is a row in one of the tables, an example and a file in `sample_logs/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from footfall.errors import FormatError
from footfall.text import printable
from ingest.chunks import Chunk
from ingest.formats.aws import AWS
from ingest.formats.bodies import BODIES
from ingest.formats.json_logs import JSON_LOGS
from ingest.formats.model import LINE_CUT, LINE_TOO_LONG, REJECT_REASONS, Format, Parsed
from ingest.formats.ncsa import NCSA
from ingest.formats.servers import SERVERS
from ingest.formats.specs import ALIASES, made_of
from ingest.formats.w3c import W3C
from ingest.lines import split_lines

__all__ = ["FORMATS", "REJECT_REASONS", "Format", "Parsed", "is_format", "named", "parse_chunk"]

_FAMILIES: Final[tuple[tuple[Format, ...], ...]] = (NCSA, SERVERS, AWS, W3C, JSON_LOGS, BODIES)
FORMATS: Final[Mapping[str, Format]] = MappingProxyType(
    {form.name: form for family in _FAMILIES for form in family}
)


def named(spec: str) -> Format:
    """Return the format that `spec` names or defines; raises `FormatError` when there is none."""
    name = ALIASES.get(spec, spec)
    if name in FORMATS:
        return FORMATS[name]

    made = made_of(spec)
    if made is None:
        sentence = f"There is no log format called {printable(spec, 40)!r}."
        raise FormatError(sentence, hint="footfall formats list")

    return made


def is_format(spec: str) -> bool:
    """Tell whether `spec` names or defines a format."""
    try:
        named(spec)
    except FormatError:
        return False

    return True


def parse_chunk(chunk: Chunk, form: Format, header: str = "") -> Parsed:
    """Split a chunk into lines and read them with `form`; a line that is oversized or cut is rejected unread."""
    lines = split_lines(chunk)
    if chunk.is_cut and not chunk.oversized:
        return form.reject(lines, LINE_CUT)

    return form.reject(lines, LINE_TOO_LONG) if chunk.oversized else form.parse(lines, header)
