"""Take apart the envelopes that beacons come in: JSON objects whose body is the last member, by columns.

An envelope is cut in front of its body. What stands before it is believed only where it is members with plain values,
one after the other, each once; the body only where it is one JSON value and nothing behind it. Then both are together
what the line is. Any other line is left to `ingest.formats.bodies`, which decodes it on its own; both say the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import polars as pl

from ingest.beacons.json_bodies import read_members

_BODY: Final = '"body":'
_QUERY: Final = '"query":'
_NAME: Final = r'"[^"\\\x00-\x1f]*"'
_PLAIN: Final = r'(?:"[^"\\\x00-\x1f]*"|null|true|false|0|-?[1-9][0-9]{0,17})'
_HEAD: Final = rf"^\{{[ \t]*(?:{_NAME}:[ \t]*{_PLAIN},[ \t]*)+$"
_NESTED: Final = (r"^[\[{]", r"[\]}]$")
_TEXT: Final = (r'^["n]', r'["l]$')
"""How values begin and end: other values begin and end otherwise."""

_ANY: Final = msgspec.json.Decoder(msgspec.Raw)
_STRING: Final = msgspec.json.Decoder(str | None)


def read_envelopes(lines: pl.Series, names: Sequence[str]) -> tuple[pl.DataFrame, pl.Series]:
    """Return the members `names` of envelopes, and `body`, as texts; and for each line whether it could be read so.

    A body that is an object or array is its JSON as it stands in the line.
    """
    cut = pl.col("line").str.splitn(_BODY, 2).struct.rename_fields(["head", "rest"])
    halves = lines.to_frame("line").select(cut.struct.unnest()).select(_with_comma(), "rest")
    has_head = halves.select(_has_head(names)).to_series()
    chosen = halves if has_head.all() else halves.filter(has_head)
    bodies, has_body = _bodies(chosen["rest"])
    if not has_body.all():
        chosen, bodies = chosen.filter(has_body), bodies.filter(has_body)

    found, _ = read_members(chosen["head"] + '"":0}', names)
    is_read = has_head.scatter(has_head.arg_true().filter(~has_body), False)
    return found.with_columns(bodies.alias("body")), is_read


def _with_comma() -> pl.Expr:
    """Return what stands before a body, and lines that have a query and no body as if one came behind."""
    head, rest = pl.col("head"), pl.col("rest")
    is_all = rest.is_null() & head.str.contains(_QUERY, literal=True) & head.str.ends_with("}")
    return (
        pl.when(is_all)
        .then(head.str.strip_suffix("}") + ",")
        .when(rest.is_not_null())
        .then(head)
        .alias("head")
    )


def _has_head(names: Sequence[str]) -> pl.Expr:
    head = pl.col("head")
    is_single = (head.str.count_matches(f'"{name}":', literal=True) < 2 for name in names)
    return (head.str.contains(_HEAD) & pl.all_horizontal(is_single)).fill_null(value=False)


def _bodies(rests: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return the bodies that stand before a last brace, null for null, and whether there is one value and no more."""
    raw = rests.str.head(-1).set(~rests.str.ends_with("}").fill_null(value=True), "").str.strip_chars(" \t")
    is_nested, is_text = (_are(raw, *ends) for ends in (_NESTED, _TEXT))
    are_values = [value is not _BROKEN for value in _decoded(raw.filter(is_nested), _ANY)]
    is_good = rests.is_null().scatter(is_nested.arg_true(), are_values)
    bodies = raw.set(~is_nested, None)
    if not is_text.any():
        return bodies, is_good

    texts = _decoded(raw.filter(is_text), _STRING)
    is_good = is_good.scatter(is_text.arg_true(), [text is not _BROKEN for text in texts])
    return bodies.scatter(is_text.arg_true(), [None if text is _BROKEN else text for text in texts]), is_good


def _are(texts: pl.Series, beginning: str, ending: str) -> pl.Series:
    return (texts.str.contains(beginning) & texts.str.contains(ending)).fill_null(value=False)


_BROKEN: Final = object()


def _decoded(texts: pl.Series, decoder: msgspec.json.Decoder[Any]) -> list[Any]:
    """Return the values of texts, `_BROKEN` for what is none or several: nearly always all in one pass.

    No value begins in one text and ends in another: a text ends where a value does, and the next one begins another
    one, without a comma between them. So as many values as texts are one value in each.
    """
    try:
        values = decoder.decode_lines(texts.str.join("\n").item() or "")
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        values = []

    return (
        values if len(values) == len(texts) else [_decoded_alone(text, decoder) for text in texts.to_list()]
    )


def _decoded_alone(text: str, decoder: msgspec.json.Decoder[Any]) -> Any:
    try:
        return decoder.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return _BROKEN
