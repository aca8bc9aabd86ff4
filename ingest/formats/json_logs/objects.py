"""Read JSON objects, one a line, into columns, so that no line can spoil another.

Nearly all chunks are read at once by Polars' NDJSON reader, which takes line by line; where objects are wanted
inside of objects and all lines are alike, Arrow's reader is faster. A line that is no JSON makes both of them fail
as a whole: then the good lines are told from the bad ones first, and the bad ones are mended one by one where that
is possible. What a line gives depends on the line alone, whichever way it is read.

JSON is RFC 8259. Mended are ``\\xhh`` (nginx's log_format without ``escape=json``, Apache), other escapes that JSON
does not know, halves of surrogate pairs, control characters as they are, `NaN`, `Infinity`, and numbers that no
double holds, which become null. Of members with the same name the first counts. Objects nested deeper than 127 are
refused.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Collection
from typing import Final, cast

import polars as pl

from ingest.formats.json_logs.arrow import are_alike, read_alike
from ingest.formats.json_logs.paths import Node, Path

SHALLOW: Final = 100
"""Opening brackets of a text that need no care: readers differ in how deeply nested objects they can take."""

_OBJECT: Final = r"(?s)^[ \t\r]*\{.*\}[ \t\r]*$"
_SUSPECT: Final = r'[\x00-\x1f]|\\(?:[^"\\/bfnrtu]|u[dD])'
_SURROGATE: Final = r"\\u[dD][89a-fA-F]"
_PAIR: Final = r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_FEWEST_ALIKE: Final = 0.75
_PARTS: Final = 8

# A text without end goes to the end of the line, so that nothing of it is looked at twice.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|-?[0-9][0-9.eE+-]*|NaN|-?Infinity', re.DOTALL)
_BAD_IN_TEXT = re.compile(  # it begins with a set of characters, because such a search is many times faster
    r"""(?xs) [\\\x00-\x1f] (?: (?<=\\) (?:
      (?P<bytes> x[0-9a-fA-F]{2} (?: \\x[0-9a-fA-F]{2} )* )
    | (?P<pair> u[dD][89abAB][0-9a-fA-F]{2} \\u[dD][c-fC-F][0-9a-fA-F]{2} )
    | (?P<half> u[dD][89a-fA-F][0-9a-fA-F]{2} )
    | (?P<good> ["\\/bfnrt] | u[0-9a-fA-F]{4} )
    | (?P<bad> . )
    ) )?"""
)
_REPLACEMENT: Final = "\\ufffd"


def read_objects(texts: pl.Series, tree: Node, numbers: Collection[Path]) -> tuple[pl.DataFrame, pl.Series]:
    """Return the members of `tree`, a column each, and whether each of `texts` is a JSON object.

    Values are text as JSON has it, but for those at the paths `numbers`, which may be numbers. What is missing,
    null or of a kind that the tree does not want is null, and so is everything of a text that is no object.
    """
    is_object = texts.str.contains(_OBJECT).fill_null(value=False)
    if not is_object.all():
        rows, are_read = read_objects(texts.filter(is_object), tree, numbers)
        return _spread(rows, are_read, is_object)

    rows_or_none = None if _has_halves(texts) else _all_at_once(texts, tree, numbers)
    if rows_or_none is None:
        rows_or_none = _all_at_once(_with_escapes_mended(texts), tree, numbers)

    return _carefully(texts, tree, numbers) if rows_or_none is None else (rows_or_none, _all_true(len(texts)))


def _has_halves(texts: pl.Series) -> bool:
    """Tell whether a text may have a half of a surrogate pair, about which readers differ."""
    surrogates = texts.filter(texts.str.contains(_SURROGATE))
    return bool(surrogates.str.replace_all(_PAIR, "").str.contains(_SURROGATE).any())


def _with_escapes_mended(texts: pl.Series) -> pl.Series:
    """Return texts with mended escapes and control characters: nearly all that logs have for JSON and is none."""
    suspect = texts.str.contains(_SUSPECT)
    mended = [_BAD_IN_TEXT.sub(_mended_character, text) for text in texts.filter(suspect)]
    return texts.scatter(suspect.arg_true(), mended) if mended else texts


def _all_true(count: int) -> pl.Series:
    return pl.repeat(value=True, n=count, dtype=pl.Boolean, eager=True)


def _spread(rows: pl.DataFrame, are_read: pl.Series, places: pl.Series) -> tuple[pl.DataFrame, pl.Series]:
    """Return rows where `places` is true, and nulls elsewhere."""
    if rows.is_empty():
        return rows.clear(len(places)), pl.repeat(value=False, n=len(places), dtype=pl.Boolean, eager=True)

    number = pl.select(pl.when(places).then(places.cum_sum() - 1)).to_series()
    return rows.select(pl.all().gather(number)), are_read.gather(number).fill_null(value=False)


def _all_at_once(texts: pl.Series, tree: Node, numbers: Collection[Path]) -> pl.DataFrame | None:
    """Return the rows of texts that all are well-formed objects; None when one is not, or may not be."""
    if texts.is_empty():
        return _nothing(tree)

    if _are_deep(texts):
        return None

    data = _lines(texts)
    if any(node.is_nested for node in tree.members.values()):
        rows = read_alike(texts, data, tree, numbers)
        rows = _mostly_alike(texts, tree, numbers) if rows is None else rows
        if rows is not None:
            return rows

    return _by_polars(data, tree, len(texts))


def _are_deep(texts: pl.Series) -> bool:
    """Tell whether a text may be nested deeper than all readers can read."""
    brackets = texts.str.count_matches("[", literal=True) + texts.str.count_matches("{", literal=True)
    return not _are_good(texts.filter(brackets > SHALLOW)).all()


def _by_polars(data: bytes, tree: Node, count: int) -> pl.DataFrame | None:
    schema = {name: node.polars_type() for name, node in tree.members.items()}
    try:
        rows = pl.read_ndjson(io.BytesIO(data), schema=schema, ignore_errors=True)
    except pl.exceptions.PolarsError:
        return None

    return rows if len(rows) == count else None


def _mostly_alike(texts: pl.Series, tree: Node, numbers: Collection[Path]) -> pl.DataFrame | None:
    """Return the rows of texts, few of which have values of other types than the rest; None if they are not few."""
    alike = are_alike(texts, tree, numbers)
    if not _FEWEST_ALIKE * len(texts) <= alike.sum() < len(texts):
        return None

    good, odd = texts.filter(alike), texts.filter(~alike)
    parts = [read_alike(good, _lines(good), tree, numbers), _by_polars(_lines(odd), tree, len(odd))]
    if any(part is None for part in parts):
        return None

    rows = pl.concat(_as_text(part, tree) for part in parts if part is not None)
    return rows[pl.concat([alike.arg_true(), (~alike).arg_true()]).arg_sort()]


def _lines(texts: pl.Series) -> bytes:
    return cast("str", texts.str.join("\n").item()).encode()


def _nothing(tree: Node) -> pl.DataFrame:
    return pl.DataFrame(schema={name: node.polars_type() for name, node in tree.members.items()})


def _carefully(texts: pl.Series, tree: Node, numbers: Collection[Path]) -> tuple[pl.DataFrame, pl.Series]:
    """Read texts of which some are not well-formed: those that are, and those that are once they are mended."""
    is_bad = ~_are_good(texts)
    mended = pl.Series([mend(text) for text in texts.filter(is_bad)], dtype=pl.String)
    whole = texts.scatter(is_bad.arg_true(), mended.set(~_are_good(mended), None))
    is_whole = whole.is_not_null()
    rows, are_read = _in_parts(whole.filter(is_whole), tree, numbers)
    return _spread(rows, are_read, is_whole)


def _are_good(texts: pl.Series) -> pl.Series:
    """Tell which texts are JSON, with whole surrogate pairs, and not too deep."""
    return texts.str.json_path_match("$").is_not_null()


def _in_parts(texts: pl.Series, tree: Node, numbers: Collection[Path]) -> tuple[pl.DataFrame, pl.Series]:
    """Read texts that should all be well-formed; should one not be for a reader, it is isolated."""
    rows = _all_at_once(texts, tree, numbers)
    if rows is not None:
        return rows, _all_true(len(texts))

    if len(texts) == 1:
        return _nothing(tree).clear(1), pl.Series([False])

    size = -(-len(texts) // _PARTS)
    parts = [_in_parts(texts[begin : begin + size], tree, numbers) for begin in range(0, len(texts), size)]
    return pl.concat([_as_text(part, tree) for part, _ in parts]), pl.concat(
        [are_read for _, are_read in parts]
    )


def _as_text(rows: pl.DataFrame, tree: Node) -> pl.DataFrame:
    """Return rows with the types of the tree, which Arrow's may differ from."""
    return rows.cast({name: node.polars_type() for name, node in tree.members.items()})


def mend(text: str) -> str:
    """Return the JSON that `text` seems to mean, if that is any."""
    return _TOKEN.sub(_mended_token, text)


def decoded(text: str) -> dict[str, object] | None:
    """Return the object that `text` is, mended if need be, the first of members with one name; None for another."""
    try:
        value = json.loads(mend(text), parse_int=str, parse_float=str, object_pairs_hook=_first_of_each)
    except (ValueError, RecursionError):
        return None

    return value if isinstance(value, dict) else None


def _first_of_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    return dict(reversed(pairs))


def _mended_token(match: re.Match[str]) -> str:
    token = match.group()
    if token.startswith('"'):
        return (
            _BAD_IN_TEXT.sub(_mended_character, token) if "\\" in token or not token.isprintable() else token
        )

    try:
        return "null" if float(token) in _NO_DOUBLES or token in _NO_NUMBERS else token
    except ValueError:
        return token


_NO_DOUBLES: Final = (float("inf"), float("-inf"))
_NO_NUMBERS: Final = ("NaN", "Infinity", "-Infinity")


def _mended_character(match: re.Match[str]) -> str:
    found = match.group()
    if match.lastgroup == "bytes":
        return json.dumps(bytes.fromhex(found.replace("\\x", "")).decode(errors="backslashreplace"))[1:-1]

    if match.lastgroup is None:
        return f"\\u{ord(found):04x}" if found != "\\" else found

    if match.lastgroup == "half":
        return _REPLACEMENT

    return f"\\{found}" if match.lastgroup == "bad" else found
