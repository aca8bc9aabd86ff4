from __future__ import annotations

import io

import pytest
from rich.cells import cell_len

from reports.answer import Answer
from reports.catalogue import CATALOGUE
from reports.outputs.table import TableOutput, human_bytes, shown
from tests.reports.conftest import MakeAnswer, MakeEvents

HOSTILE = "/\x1b[2J\u202egnp.exe\x07[bold]x[/bold]"
TEXTS = ("path", "query", "referrer", "referrer_host", "visitor", "user_agent", "ip")


def text_of(*answers: Answer, width: int | None = None) -> str:
    stream = io.BytesIO()
    TableOutput(width).write(answers, stream)
    return stream.getvalue().decode()


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.00 kB"),
        (9_994, "9.99 kB"),
        (9_996, "10.0 kB"),
        (99_960, "100 kB"),
        (999_499, "999 kB"),
        (999_500, "1.00 MB"),
        (2_747_282_740, "2.75 GB"),
        (9_223_372_036_854_775_807, "9.22 EB"),
    ],
)
def test_bytes_have_three_digits_and_a_unit(count: int, expected: str) -> None:
    assert human_bytes(count) == expected


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (1234567, "requests", "1,234,567"),
        (404, "status", "404"),
        (0.9126, "share", "91.26%"),
        (0.00003, "share", "<0.01%"),
        (0.0, "share", "0.00%"),
        (None, "bytes", "-"),
        (None, "text", "-"),
        ("a\x1bb", "text", "a\\x1bb"),
    ],
)
def test_cells_read_well(value: object, unit: str, expected: str) -> None:
    assert shown(value, unit) == expected


@pytest.mark.parametrize("name", CATALOGUE)
@pytest.mark.parametrize("width", [None, 80])
def test_nothing_from_a_log_line_reaches_the_terminal_as_control(
    name: str, width: int | None, make_answer: MakeAnswer, make_events: MakeEvents
) -> None:
    fields = dict.fromkeys(
        ("path", "query", "referrer", "referrer_host", "visitor", "user_agent", "ip"), HOSTILE
    )
    answer = make_answer(name, make_events(fields | {"status": 404}, fields))
    text = text_of(answer, width=width)

    assert "\x07" not in text
    assert "\u202e" not in text
    assert "\x1b[2J" not in text


def test_markup_in_a_path_is_only_text(make_answer: MakeAnswer, make_events: MakeEvents) -> None:
    assert "[bold]x[/bold]" in text_of(make_answer("pages", make_events({"path": HOSTILE})))


def test_plain_output_has_no_escapes_and_whole_numbers(
    make_answer: MakeAnswer, make_events: MakeEvents
) -> None:
    text = text_of(make_answer("statuses", make_events({"bytes": 1_500_000})))

    assert "\x1b" not in text
    assert "1.50 MB" in text
    assert text.endswith("\n")


@pytest.mark.parametrize("name", CATALOGUE)
@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_a_table_fits_the_terminal_and_keeps_its_numbers(
    name: str, width: int, make_answer: MakeAnswer, make_events: MakeEvents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    long = "/" + "long" * 60
    answer = make_answer(
        name, make_events({"path": long, "user_agent": long, "referrer": long, "bytes": 123_456_789})
    )
    lines = text_of(answer, width=width).splitlines()

    assert max(map(cell_len, lines)) <= width
    left_out = next((line for line in lines if line.startswith("No room here for: ")), "")
    expected = "bytes" in answer.frame.columns and "bytes" not in left_out
    assert any("123 MB" in line for line in lines) is expected


def test_one_long_row_stands_on_end(make_answer: MakeAnswer, make_events: MakeEvents) -> None:
    lines = text_of(make_answer("summary", make_events({}))).splitlines()

    assert any(line.split()[:2] == ["visitors", "1"] for line in lines)


def test_what_a_limit_hides_is_counted(make_answer: MakeAnswer, make_events: MakeEvents) -> None:
    answer = make_answer("pages", make_events(*({"path": f"/{number}"} for number in range(1_500))))

    assert "… and 1,480 more (--limit 0 for all)" in text_of(answer.first(20))
    assert "more (--limit" not in text_of(answer)


def test_question_scope_time_zone_and_definition_are_shown(
    make_answer: MakeAnswer, make_events: MakeEvents
) -> None:
    text = text_of(make_answer("statuses", make_events({})))

    assert "statuses: How were requests answered?" in text
    assert "site example.org · all days · time zone UTC" in text
    assert "Bots are included." in text


def test_no_rows_are_said(make_answer: MakeAnswer, make_events: MakeEvents) -> None:
    assert "no rows" in text_of(make_answer("pages", make_events()))


def test_columns_without_room_are_named(make_answer: MakeAnswer, make_events: MakeEvents) -> None:
    answer = make_answer("visitors", make_events({"user_agent": "Mozilla/5.0"}))

    assert "No room here for: last_at, address, user_agent" in text_of(answer, width=80)
    assert "No room" not in text_of(answer, width=200)
    assert "No room" not in text_of(answer)
