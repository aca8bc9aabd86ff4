from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.errors import FormatError
from ingest.formats import is_format, named
from ingest.formats.specs import ALIASES, EXAMPLES, KINDS, kind_of, made_of
from tests.ingest.formats.reading import refused, same_events, sample_lines

APACHE = r"%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-agent}i\""
NGINX = (
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
    '"$http_referer" "$http_user_agent"'
)
GOACCESS = '%h %^ %e [%d:%t %^] "%r" %s %b "%R" "%u"'
REGEX = r"(?P<ip>\S+) (?P<date>\S+)"


@pytest.mark.parametrize(
    ("definition", "kind"),
    [
        (APACHE, "apache"),
        ("%t %a %D %{X-Foo}^ti", "apache"),
        ("%^FB %t %h", "apache"),
        ("%{%Y-%m-%dT%T}t.%{msec_frac}t%{%z}t %a", "apache"),
        ("%>s %t", "apache"),
        (NGINX, "nginx"),
        ("${msec} $uri", "nginx"),
        ("$status|100%d|$msec", "nginx"),
        (GOACCESS, "goaccess"),
        ('%v:%^ %h %^[%d:%t %^] "%r"', "goaccess"),
        ("%x %h %r", "goaccess"),
        ("%h ~h{, } %^ [%d:%t]", "goaccess"),
        ("%h %d %t %~%r", "goaccess"),
        (REGEX, "regex"),
        (r"^(?<date>.*?)$", "regex"),
        ("combind", None),
        ("", None),
        ("100%", None),
        ("$", None),
        ("a:b", None),
    ],
)
def test_a_definition_tells_its_kind(definition: str, kind: str | None) -> None:
    assert kind_of(definition) == kind
    made = made_of(definition)
    assert (made.name if made is not None else None) == kind


@pytest.mark.parametrize("definition", [APACHE, NGINX, GOACCESS])
def test_the_same_format_in_three_words_reads_the_same(definition: str) -> None:
    assert same_events(named(definition), named("combined"), sample_lines())


@pytest.mark.parametrize("definition", [APACHE, NGINX, GOACCESS, REGEX])
def test_a_format_is_made_again_by_its_spec(definition: str) -> None:
    form = named(definition)
    assert form.spec == f"{kind_of(definition)}:{definition}"
    assert named(form.spec) == form


@pytest.mark.parametrize("name", ALIASES)
def test_goaccess_names_are_our_formats(name: str) -> None:
    assert named(name).name == ALIASES[name]


@pytest.mark.parametrize("kind", ["apache", "nginx", "goaccess", "regex"])
def test_an_empty_definition_is_refused(kind: str) -> None:
    assert refused(f"{kind}:").hint
    assert kind in KINDS


def test_a_name_that_is_none_is_an_error_with_the_list() -> None:
    assert refused("combind").hint == "footfall formats list"
    assert not is_format("combind")
    assert not is_format("%h %Q")
    assert is_format(APACHE)


def test_what_an_error_shows_of_a_definition_is_safe_on_a_terminal() -> None:
    error = refused("apache:%h \x1b[31m\u202e%Q")
    assert not any(ord(char) < 32 or char == "\u202e" for line in error.details for char in line)


@settings(deadline=None)
@given(st.text() | st.text(alphabet=st.sampled_from("%$(?P<dh:t{}^~ @#apchenrgxoj")))
def test_any_text_is_a_format_or_none_or_a_format_error(text: str) -> None:
    is_format(text)


def test_errors_name_the_kind() -> None:
    with pytest.raises(FormatError, match="nginx format"):
        named("$remote_addr $status")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_an_example_that_is_one(kind: str) -> None:
    assert EXAMPLES[kind].startswith(f"{kind}:")
    assert named(EXAMPLES[kind]).spec.startswith(f"{kind}:")
