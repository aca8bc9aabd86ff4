from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlencode

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.beacons.parameters import (
    are_named,
    columns_of,
    names_of,
    numbered,
    objects_of,
    other_parameters,
    read_parameters,
    split_parameters,
    to_json_object,
    without_prefix,
)
from ingest.beacons.splitting import _BLOCK_BYTES


def read(text: str | None, *names: str) -> dict[str, str | None]:
    return read_parameters(pl.Series([text], dtype=pl.String), names).row(0, named=True)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a=1", "1"),
        ("a=1&b=2", "1"),
        ("b=2&a=1", "1"),
        ("a=1&a=2", "1"),
        ("a", ""),
        ("a=", ""),
        ("a=b=c", "b=c"),
        ("a==", "="),
        ("aa=1", None),
        ("=1", None),
        ("", None),
        (None, None),
        ("&&a=1&", "1"),
        ("a=x+y", "x y"),
        ("a=x%2By", "x+y"),
        ("a=%26%3d%25", "&=%"),
        ("a=%2541", "%41"),
        ("a=%C3%A9", "é"),
        ("a=é", "é"),
        ("a=%E9", "\\xe9"),
        ("a=%E9t%C3%A9", "\\xe9té"),
        ("b=%C3&%A9=1&a=ok", "ok"),
        ("a=%", "%"),
        ("a=%4", "%4"),
        ("a=%4&b=1", "%4"),
        ("a=%zz%41", "%zzA"),
        ("a=%00%0A%22%5C", '\x00\n"\\'),
        ("%61=1", "1"),
        ("a=😀%F0%9F%98%80", "😀😀"),
    ],
)
def test_a_parameter_is_read_by_the_rules_of_forms(text: str | None, value: str | None) -> None:
    assert read(text, "z", "a") == {"z": None, "a": value}


def test_texts_do_not_run_into_each_other() -> None:
    texts = pl.Series(["a=1", None, "b=2", "", "a=%", "41=7", "%C3", "%A9=5&a=6"])
    assert read_parameters(texts, ["a", "b", "41"]).rows() == [
        ("1", None, None),
        (None, None, None),
        (None, "2", None),
        (None, None, None),
        ("%", None, None),
        (None, None, "7"),
        (None, None, None),
        ("6", None, None),
    ]


@pytest.mark.parametrize("odd", ["%C3%A9=é&a=5", "a=%E9", "a=%FF%41"])
def test_texts_of_several_blocks_are_read_as_each_on_its_own(odd: str) -> None:
    long = "x=" + "%41+" * (_BLOCK_BYTES // 4)
    texts = [f"a={number}&b" * number for number in range(20)] * (_BLOCK_BYTES // 1000) + [
        long,
        "a=9",
        odd,
        long,
    ]
    split = split_parameters(pl.Series(texts))
    apart = {text: split_parameters(pl.Series([text])).select("name", "value").rows() for text in set(texts)}
    assert split.select("name", "value").rows() == [pair for text in texts for pair in apart[text]]
    assert split["row"].to_list() == [row for row, text in enumerate(texts) for _ in apart[text]]


def test_no_texts_have_no_parameters() -> None:
    none = pl.Series([], dtype=pl.String)
    assert read_parameters(none, ["a"]).shape == (0, 1)
    assert other_parameters(none, ["a"]).is_empty()
    assert to_json_object(pl.DataFrame({"a": none})).is_empty()


@given(
    st.lists(st.dictionaries(st.text(min_size=1, max_size=5), st.text(max_size=8), max_size=5), max_size=6)
)
def test_what_was_encoded_is_read_again(forms: list[dict[str, str]]) -> None:
    names = sorted({name for form in forms for name in form})
    texts = pl.Series([urlencode(form) for form in forms], dtype=pl.String)
    rows = read_parameters(texts, names).rows(named=True) if names else []
    for form, row in zip(forms, rows, strict=False):
        assert {name: value for name, value in row.items() if value is not None} == form


@given(
    st.lists(
        st.none() | st.text(alphabet=st.sampled_from('ab&=%+4C3A9DEFd\n\r\té\0"\\ '), max_size=24), max_size=6
    )
)
@example(["a%=b%\n&c=%\r\n%0D%0A&d=%", "%=%41&e=%%41&f= \n"])
@example(["a=%\nb", "c=d"])
@example(["a=%\rb&c=d\ne"])
@example(["a=%FD&b=%FE", "c=%fF", "=", "d==&=e"])
@example(["%C3", "%A9"])
@example(["a=%C3&b=%A9"])
def test_any_text_is_read_as_the_standard_library_reads_it(texts: list[str | None]) -> None:
    series = pl.Series(texts, dtype=pl.String)
    others = other_parameters(series, ())
    for text, found in zip(texts, others, strict=True):
        pairs = parse_qsl(text or "", keep_blank_values=True, errors="backslashreplace")
        first = {name: value for name, value in reversed(pairs) if name}
        assert (json.loads(found) if found is not None else {}) == first


@given(st.lists(st.text(max_size=30), max_size=5))
def test_members_of_other_parameters_stand_in_the_order_of_the_text(texts: list[str]) -> None:
    for text, found in zip(texts, other_parameters(pl.Series(texts, dtype=pl.String), ()), strict=True):
        names = [
            name for name, _ in parse_qsl(text, keep_blank_values=True, errors="backslashreplace") if name
        ]
        assert list(json.loads(found) if found else {}) == list(dict.fromkeys(names))


def test_other_parameters_are_those_that_are_not_known() -> None:
    texts = pl.Series(["a=1&ep.x=2&b=3&ep.x=9", "a=1", None, "epnx=1&c=%22"])
    assert other_parameters(texts, ["a"]).to_list() == [
        '{"ep.x":"2","b":"3"}',
        None,
        None,
        '{"epnx":"1","c":"\\""}',
    ]
    assert other_parameters(texts, ["a"], prefixes=["ep."]).to_list() == ['{"ep.x":"2"}', None, None, None]
    assert other_parameters(texts, ["a", "b", "c", "ep.x", "epnx"]).to_list() == [None] * 4


def test_a_split_serves_for_columns_and_objects() -> None:
    split = split_parameters(pl.Series(["a=1&b=2"]))
    assert columns_of(split, ["b"], 1).rows() == [("2",)]
    assert objects_of(split, ["b"], 1).to_list() == ['{"a":"1"}']


FORMS = st.lists(st.text(alphabet="ab&=[]", max_size=12), max_size=6)


@given(FORMS)
def test_parameters_with_numbered_names_say_what_they_say_without(forms: list[str]) -> None:
    split = split_parameters(pl.Series(forms, dtype=pl.String))
    names = ["a", "b", "ab", "a[b]", ""]
    count = len(forms)
    assert columns_of(numbered(split), names, count).equals(columns_of(split, names, count))
    assert objects_of(numbered(split), ["a"], count).equals(objects_of(split, ["a"], count))
    wanted = pl.col("name").str.starts_with("a")
    assert are_named(numbered(split), wanted).to_list() == are_named(split, wanted).to_list()
    assert set(split["name"]) <= set(names_of(numbered(split)))


@given(FORMS)
def test_names_lose_a_prefix_that_others_do_not_have(forms: list[str]) -> None:
    split = split_parameters(pl.Series(forms, dtype=pl.String))
    plain = without_prefix(numbered(split), "a").cast({"name": pl.String})
    assert plain.rows() == [(row, name[1:], value) for row, name, value in split.rows() if name[:1] == "a"]


def test_a_first_parameter_that_is_absent_hides_the_next_of_its_name() -> None:
    split = split_parameters(pl.Series(["a= &a=1", "a=2&a= ", "b=3"]))
    is_blank = split["value"] == " "
    assert columns_of(split, ["a"], 3, is_absent=is_blank)["a"].to_list() == [None, "2", None]


@given(
    st.lists(st.fixed_dictionaries({"a": st.none() | st.text(), 'b"\\': st.none() | st.text()}), min_size=1)
)
def test_a_json_object_says_what_the_columns_say(rows: list[dict[str, str | None]]) -> None:
    frame = pl.DataFrame(rows, schema={"a": pl.String, 'b"\\': pl.String})
    for row, found in zip(rows, to_json_object(frame), strict=True):
        members = {name: value for name, value in row.items() if value is not None}
        assert (json.loads(found) if found is not None else {}) == members
        assert (found is None) == (not members)
