"""The engine of formats in JSON: objects to columns, whatever stands in the lines."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.errors import FormatError
from ingest.formats.json_logs.arrow import are_alike
from ingest.formats.json_logs.maps import from_map
from ingest.formats.json_logs.objects import mend, read_objects
from ingest.formats.json_logs.paths import find_value, name_of, parse_path, tree_of
from ingest.formats.json_logs.times import read_times
from tests.examples import SOME
from tests.ingest.formats.parsing import event, frame, outcomes, parse

NONE = frozenset[tuple[str, ...]]()
FLAT = from_map("time=t,path=p,status=s,bytes=b,duration_ms=d*1000,user=u")
NESTED = from_map("time=t,path=r.p,user_agent=r.h.ua[0],referrer=l[name=Referer].value,bytes=b,status=s")
GOOD = '{"t":"2026-01-17T10:05:03Z","p":"/shop","s":200}'
AT = datetime(2026, 1, 17, 10, 5, 3, tzinfo=UTC)

HOSTILE = [
    "[" * 100_000,
    '{"p":' * 100_000,
    '{"p":' + "[" * 100_000,
    '{"z":' + "[" * 2000 + "]" * 2000 + "}",
    '{"t":"2026-01-17T10:05:03Z","p":"/shop","r":{"p":"/shop"},"z":' + "[" * 200 + "]" * 200 + "}",
    '{"p":"' + "x" * 300_000,
    '{"p":"' + '\\"' * 200_000 + "}",
    "{" * 50 + "}" * 50,
    '{"t":"2026-01-17T10:05:03Z","p":"/a"},{"t":"2026-01-17T10:05:03Z","p":"/b"}',
    '{"t":"2026-01-17T10:05:03Z","p":"/a"}{"t":"2026-01-17T10:05:03Z","p":"/b"}',
    '{"t":"2026-01-17T10:05:03Z","p":[{"a":1}',
    '{"c":2}]}',
    '{"t":',
    '"2026-01-17T10:05:03Z"}',
    "null",
    "5",
    '"text"',
    "[1,2]",
    "{}",
    '{"t":"2026-01-17T10:05:03Z","p":"/x",}',
    "{'t':'2026-01-17T10:05:03Z','p':'/x'}",
    '{"t":"2026-01-17T10:05:03Z" "p":"/x"}',
    '{"t":"2026-01-17T10:05:03Z","p":01}',
    "\ud7ff{}",
    '{"\\ud800":"\\udfff"}',
]


@pytest.mark.parametrize("form", [FLAT, NESTED], ids=["flat", "nested"])
@pytest.mark.parametrize("line", HOSTILE, ids=range(len(HOSTILE)))
def test_a_line_that_is_no_object_is_rejected_and_leaves_its_neighbours_alone(
    form: object, line: str
) -> None:
    good = GOOD.replace('"p":"/shop"', '"p":"/shop","r":{"p":"/shop"}')
    lines = [good, line, good, line, line, good]
    for parsed in (FLAT.parse(frame(lines)), NESTED.parse(frame(lines))):
        assert parsed.events["line_number"].to_list() == [1, 3, 6]
        assert parsed.events["path"].to_list() == ["/shop"] * 3
        assert parsed.rejected["line_number"].to_list() == [2, 4, 5]


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        ('"s":200', {"status": 200}),
        ('"s":"200"', {"status": 200}),
        ('"s":200.0', {"status": 200}),
        ('"s":null', {}),
        ('"s":"-"', {}),
        ('"s":{"code":200}', {}),
        ('"s":[200]', {}),
        ('"s":true', {}),
        ('"s":NaN', {}),
        ('"s":"NaN"', {}),
        ('"b":1e400', {}),
        ('"b":-1e400', {}),
        ('"b":1e-400', {"bytes": 0}),
        ('"b":99999999999999999999999', {}),
        ('"b":9007199254740992', {"bytes": 2**53}),
        ('"b":1.7e3', {"bytes": 1700}),
        ('"d":0.021', {"duration_ms": 21.0}),
        ('"d":"0.021"', {"duration_ms": 21.0}),
        ('"d":-1', {}),
        ('"u":5', {"user": "5"}),
        ('"u":1.5', {"user": "1.5"}),
        ('"u":"a","u":"b"', {"user": "a"}),
        ('"u":"a\\u0000b"', {"user": "a\0b"}),
        ('"u":"\\ud83d\\ude00"', {"user": "😀"}),
        ('"u":"\\ud83d"', {"user": "\ufffd"}),
        ('"u":"\\\\ud83d"', {"user": "\\ud83d"}),
        ('"u":"a\tb"', {"user": "a\tb"}),
        ('"u":\t"ab"', {"user": "ab"}),
        ('"u":"caf\\xc3\\xa9"', {"user": "café"}),
        ('"u":"\\xE9"', {"user": "\\xe9"}),
        ('"u":"\\\\xe9"', {"user": "\\xe9"}),
        ('"u":"a\\vb"', {"user": "a\\vb"}),
        ('"u":"\\/"', {"user": "/"}),
        ('"x":1e400,"u":"1e400"', {"user": "1e400"}),
        ('"x":NaN,"u":"NaN, \\"Infinity"', {"user": 'NaN, "Infinity'}),
    ],
)
def test_a_value_is_read_for_what_it_means(member: str, expected: dict[str, object]) -> None:
    line = f'{{"t":"2026-01-17T10:05:03Z","p":"/shop",{member}}}'
    assert event(FLAT, line) == {"time": AT, "path": "/shop"} | expected


@pytest.mark.parametrize(
    ("member", "agent"),
    [
        ('"h":{"ua":["A","B"]}', "A"),
        ('"h":{"ua":[]}', None),
        ('"h":{"ua":null}', None),
        ('"h":{"ua":"A"}', None),
        ('"h":{"ua":[null,"B"]}', None),
        ('"h":"A"', None),
        ('"h":[{"ua":["A"]}]', None),
        ('"h":null', None),
    ],
)
def test_a_member_of_another_kind_than_wanted_is_null(member: str, agent: str | None) -> None:
    line = f'{{"t":1768644303,"r":{{"p":"/shop",{member}}},"l":"x"}}'
    for beside in ([], [HOSTILE[5]], [line.replace('"p":"/shop"', '"p":7')]):
        assert NESTED.parse(frame([line, *beside])).events["user_agent"].to_list()[0] == agent


def test_an_element_is_picked_by_its_name_in_any_case() -> None:
    lines = [
        '{"t":1768644303,"r":{"p":"/a"},"l":[{"name":"Host","value":"h"},{"name":"REFERER","value":"r","x":1}]}',
        '{"t":1768644303,"r":{"p":"/b"},"l":[{"name":"Host","value":"h"}]}',
        '{"t":1768644303,"r":{"p":"/c"},"l":[1,"x",{"value":"r"},{"name":null},{"name":"referer"}]}',
        '{"t":1768644303,"r":{"p":"/d"},"l":null}',
    ]
    assert NESTED.parse(frame(lines)).events["referrer"].to_list() == ["r", None, None, None]


PIECES = st.sampled_from(
    ['"', "\\", "{", "}", "[", "]", ",", ":", "\\x", "\\u", "d8", "00", "e9", "NaN", "1e400", "-", "0.1", "null",
     '"t":"2026-01-17T10:05:03Z"', '"p":"/shop"', '"r":{"p":"/shop"}', '"s":200', "\0", "\t", "é", "😀", " ", "#"]
)  # fmt: skip
LINES = st.lists(
    st.lists(PIECES, max_size=14).map("".join) | st.text(max_size=30) | st.sampled_from([GOOD, *HOSTILE[7:]])
)


@SOME
@given(LINES, st.booleans())
def test_what_a_line_gives_depends_on_the_line_alone(texts: list[str], is_nested: bool) -> None:
    form = NESTED if is_nested else FLAT
    lines = [text.replace("\n", " ") for text in texts] + [GOOD]
    together = form.parse(frame(lines))
    alone = [form.parse(frame([line])) for line in lines]
    columns = [name for name in together.events.columns if name not in {"line_number", "offset"}]
    assert together.events.select(columns).rows() == [
        row for one in alone for row in one.events.select(columns).rows()
    ]
    assert together.rejected["text"].to_list() == [text for one in alone for text in one.rejected["text"]]
    assert sum(outcomes(together)) == len(lines)


ALIKE = '{"t":1768644303.5,"r":{"p":"/shop","h":{"ua":["A"]}},"l":[],"b":5,"s":200}'
ODD = [
    ALIKE.replace("1768644303.5", '"2026-01-17T10:05:03Z"'),
    ALIKE.replace("1768644303.5", "1768644303"),
    ALIKE.replace("1768644303.5", "1.7686443035e9"),
    ALIKE.replace("200", '"200"'),
    ALIKE.replace('"b":5', '"b":5.5'),
    ALIKE.replace('"b":5', '"b":12345678901234567'),
    ALIKE.replace('"/shop"', "7"),
    ALIKE.replace('["A"]', "[7]"),
]


@pytest.mark.parametrize("odd", ODD)
def test_a_line_with_values_of_other_types_is_read_apart_and_as_ever(odd: str) -> None:
    lines = [ALIKE] * 5 + [odd, ALIKE]
    for texts in (lines, lines[::-1], lines[5:] + lines[:5]):
        tree, numbers = NESTED._tree, NESTED._numbers
        assert are_alike(pl.Series(texts), tree, numbers).to_list() == [text == ALIKE for text in texts]
        together = NESTED.parse(frame(texts)).events.drop("line_number", "offset")
        alone = [NESTED.parse(frame([text])).events.drop("line_number", "offset") for text in texts]
        assert together.rows() == [one.row(0) for one in alone]


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from("tpsbdux"), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)))  # fmt: skip
def test_any_json_has_exactly_one_outcome_and_its_texts_come_through(members: dict[str, object]) -> None:
    line = json.dumps(members | {"p": "/shop", "t": "2026-01-17T10:05:03Z"})
    parsed = FLAT.parse(frame([line]))
    assert outcomes(parsed) == (1, 0, 0)
    user = members.get("u")
    if isinstance(user, str):
        expected = "".join("\ufffd" if "\ud800" <= letter <= "\udfff" else letter for letter in user)
        assert parsed.events["user"].item() == (expected if expected not in {"-", ""} else None)


@SOME
@given(st.text() | st.binary().map(lambda data: data.decode(errors="backslashreplace")))
def test_explaining_never_fails(text: str) -> None:
    for line in (text, f'{{"t":"{text}","p":1}}', f'{{"p":"/x","t":{text}}}'):
        explanation, parsed = FLAT.explain(line), FLAT.parse(frame([line]))
        assert (explanation.failed_at is None) == parsed.rejected.is_empty()
        assert all(0 <= part.begin <= part.end <= len(line) for part in explanation.taken)
        assert isinstance(FLAT.is_whole(line), bool)


def test_an_explanation_shows_where_each_value_stands() -> None:
    line = '{"t":"2026-01-17T10:05:03Z","r":{"h":{"ua":["A \\"b\\""]},"p":"/shop"},"s":200,"b":null}'
    parts = {part.field: (line[part.begin : part.end], part.value) for part in NESTED.explain(line).taken}
    assert parts == {
        "t": ("2026-01-17T10:05:03Z", "2026-01-17 10:05:03+00:00"),
        "r.h.ua[0]": ('A \\"b\\"', 'A "b"'),
        "r.p": ("/shop", "/shop"),
        "s": ("200", "200"),
    }


def test_an_explanation_names_the_column_where_json_ends_and_the_reason() -> None:
    broken = FLAT.explain('{"t":1 "p":2}')
    assert (broken.failed_at, broken.reason) == (8, "no-match")
    untimed = FLAT.explain('{"p":"/shop","t":"yesterday"}')
    assert (untimed.failed_at, untimed.reason) == (19, "bad-time")
    other = FLAT.explain('{"t":1768644303}')
    assert (other.failed_at, other.reason) == (1, "no-match")


def test_only_a_closed_object_is_whole() -> None:
    assert FLAT.is_whole(GOOD)
    assert not any(FLAT.is_whole(GOOD[:end]) for end in range(len(GOOD)))
    assert not FLAT.is_whole("[1]")


def test_blank_lines_and_zeros_in_front_are_no_trouble() -> None:
    parsed = parse(FLAT, "", "  ", "\0\0" + GOOD, None, "# comment")
    assert outcomes(parsed) == (1, 0, 4)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-17T10:05:03Z", AT),
        ("2026-01-17T10:05:03+00:00", AT),
        ("2026-01-17T11:05:03+0100", AT),
        ("2026-01-17T10:05:03.123456789Z", AT.replace(microsecond=123000)),
        ("2026-01-17 10:05:03", AT),
        ("17/Jan/2026:11:05:03 +0100", AT),
        ("[17/Jan/2026:11:05:03 +0100]", AT),
        ("1768644303", AT),
        ("1768644303.042", AT.replace(microsecond=42000)),
        ("1768644303042", AT.replace(microsecond=42000)),
        ("1768644303042117", AT.replace(microsecond=42000)),
        ("1768644303042117000", AT.replace(microsecond=42000)),
        ("1768644303042000000", AT.replace(microsecond=42000)),
        ("", None),
        ("yesterday", None),
        ("1e400", None),
        ("10:05:03", None),
    ],
)
def test_times_of_every_notation_are_read(text: str, expected: datetime | None) -> None:
    others = ["2026-01-17T10:05:03Z", "nonsense", "17/Jan/2026:11:05:03 +0100"]
    assert read_times(pl.Series([text, *others]))[0] == expected


def test_a_time_that_is_a_number_is_read_alike_in_either_form() -> None:
    numbers = [1768644303, 1768644303.0421, 1768644303042, 1768644303042117000]
    for number in numbers:
        assert read_times(pl.Series([number]))[0] == read_times(pl.Series([repr(number)]))[0]


def test_an_object_without_time_is_rejected_for_that() -> None:
    parsed = parse(FLAT, '{"p":"/shop"}', '{"p":"/shop","t":"12:00"}', '{"p":"/shop","t":-5}')
    assert parsed.rejected["reason"].to_list() == ["bad-time"] * 3


@pytest.mark.parametrize(
    "text",
    ["a", "a.b", "a[0]", "a.b[2].c", '"a.b".c', "cs(User-Agent)", "@timestamp", "h[name=user-agent].value"],
)
def test_a_path_is_written_as_it_is_read(text: str) -> None:
    assert name_of(parse_path(text)) == text


@pytest.mark.parametrize(
    "text", ["", ".", "a.", ".a", "a..b", "[0]", "a[x]", "a[-1]", "a b", '"a', "h[name=x]", "a[0]b"]
)
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(FormatError, match="no path"):
        parse_path(text)


def test_a_value_is_found_in_a_decoded_object() -> None:
    value = {"a": [{"b": 1}, {"name": "X", "value": 2}]}
    assert find_value(value, parse_path("a[0].b")) == 1
    assert find_value(value, parse_path("a[name=x].value")) == 2
    assert find_value(value, parse_path("a[7].b")) is None
    assert find_value(value, parse_path("a.b")) is None


def test_two_lines_cannot_pass_for_one_object_nor_one_for_two() -> None:
    tree = tree_of([parse_path("a.b")])
    texts = ['{"a":{"b":"1"}}', '{"a":{"b":"2"}}{"a":{"b":"3"}}', '{"a":', '{"b":"4"}}', '{"a":{"b":"5"}}']
    rows, are_read = read_objects(pl.Series(texts), tree, NONE)
    assert are_read.to_list() == [True, False, False, False, True]
    assert rows.select(pl.col("a").struct.field("b")).to_series().to_list() == ["1", None, None, None, "5"]


def test_mending_leaves_json_as_it_is() -> None:
    line = '{"a":"\\u00e9\\ud83d\\ude00\\n\\\\x41 \\"q\\"","b":[1.50,-0,1E5,null,true]}'
    assert mend(line) == line
