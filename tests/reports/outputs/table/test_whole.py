from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest
from rich.cells import cell_len

from reports.answer import Answer
from reports.catalogue import CATALOGUE
from reports.outputs import TableOutput
from tests.reports.conftest import MakeAnswer, MakeEvents
from tests.reports.outputs.answers import answer_of, everything, hostile

HOSTILE = "/\x1b[2J\u202egnp.exe\x07[bold]x[/bold]"
TEXTS = ("path", "query", "referrer", "referrer_host", "visitor", "user_agent", "ip")


def text_of(*answers: Answer, width: int | None = None) -> str:
    stream = io.BytesIO()
    TableOutput(width).write(answers, stream)
    return stream.getvalue().decode()


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_report_fits_its_terminal_and_nothing_from_a_log_line_is_control(
    name: str, make_answer: MakeAnswer, make_events: MakeEvents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    fields = dict.fromkeys(TEXTS, HOSTILE + "long" * 30)
    answer = make_answer(name, make_events(fields | {"status": 404}, fields))
    for width in (None, 40, 80, 200):
        lines = text_of(answer, width=width).splitlines()
        assert not any(sign in line for line in lines for sign in "\x07\u202e\x1b")
        assert max(map(cell_len, lines)) <= (width or 10_000)


def test_markup_in_a_path_is_only_text(make_answer: MakeAnswer, make_events: MakeEvents) -> None:
    assert "[bold]x[/bold]" in text_of(make_answer("pages", make_events({"path": HOSTILE})))


def test_plain_output_has_no_escapes_and_whole_numbers(
    make_answer: MakeAnswer, make_events: MakeEvents
) -> None:
    text = text_of(make_answer("statuses", make_events({"bytes": 1_500_000})))

    assert "\x1b" not in text
    assert "1.50 MB" in text
    assert text.endswith("\n")


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_a_number_is_shown_whole_or_named_as_left_out(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    counts = {f"count_{place}": [123_456_789] * 3 for place in range(12)}
    text = text_of(
        answer_of(pl.DataFrame({"path": ["/" + "x" * 90] * 3} | counts), dict.fromkeys(counts, "visits")),
        width=width,
    )
    shown = text.count("123,456,789") // 3

    assert shown == min((width - 12) // 14, 12)
    assert ("No room here for:" in text) is (shown < 12)


def test_one_long_row_stands_on_end(make_answer: MakeAnswer, make_events: MakeEvents) -> None:
    lines = text_of(make_answer("summary", make_events({}))).splitlines()

    assert any(line.split()[:2] == ["visitors", "1"] for line in lines)


def test_what_a_limit_hides_is_counted(make_answer: MakeAnswer, make_events: MakeEvents) -> None:
    answer = make_answer("pages", make_events(*({"path": f"/{number}"} for number in range(1_500))))

    assert "… and 1,480 more (--limit 0 for all)" in text_of(answer.first(20))
    assert "more (--limit" not in text_of(answer)


def test_question_scope_time_zone_and_definition_are_shown() -> None:
    text = text_of(answer_of(pl.DataFrame({"path": ["/"]})))

    assert text.startswith("tried: What is tried?\nsite example.org · all days · time zone America/New_York")
    assert "Remarked.\n\nRuled.\nProfile footfall: A visitor is" in text


def test_no_rows_are_said(make_answer: MakeAnswer, make_events: MakeEvents) -> None:
    assert "no rows" in text_of(make_answer("pages", make_events()))


def test_columns_without_room_are_named(make_answer: MakeAnswer, make_events: MakeEvents) -> None:
    answer = make_answer("visitors", make_events({"user_agent": "Mozilla/5.0"}))

    assert "No room here for: last_at, address, user_agent" in text_of(answer, width=80)
    assert "No room" not in text_of(answer, width=200)
    assert "No room" not in text_of(answer)


def ranking(rows: int = 3) -> Answer:
    frame = pl.DataFrame(
        {"path": [f"/{n}" for n in range(rows)], "views": [40, 20, 1][:rows], "bytes": [9] * rows}
    )
    return answer_of(frame, {"views": "page views", "bytes": "bytes"})


def series() -> Answer:
    first = date(2026, 3, 1)
    frame = pl.DataFrame(
        {
            "date": [first, first + timedelta(days=1), first + timedelta(days=3)],
            "visits": [8, 4, 2],
            "bounce_rate": [0.5, 0.5, 1.0],
            "bytes": [1000, 500, 250],
        }
    )
    units = {"date": "date", "visits": "visits", "bounce_rate": "share", "bytes": "bytes"}
    return answer_of(frame, units, is_series=True)


@pytest.mark.parametrize("width", [40, 60, 100])
def test_one_row_of_many_columns_fits_whatever_its_texts(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    counts = {f"count_{place}": [123_456_789] for place in range(12)}
    answer = answer_of(pl.DataFrame({"path": ["/" + "x" * 90]} | counts), dict.fromkeys(counts, "visits"))
    lines = text_of(answer, width=width).splitlines()

    assert max(map(cell_len, lines)) <= width
    assert (
        any(line.startswith("count") and line.endswith("123,456,789") for line in map(str.rstrip, lines))
        or width > 60
    )


def test_a_ranking_has_bars_beside_its_first_measure() -> None:
    lines = text_of(ranking()).splitlines()

    assert lines[2:7] == [
        "path   views                bytes",
        "─────────────────────────────────",
        "/0        40   ██████████     9 B",
        "/1        20   █████          9 B",
        "/2         1   ▎              9 B",
    ]


def test_bars_give_way_where_texts_need_the_room() -> None:
    frame = pl.DataFrame({"path": ["/" + "x" * 60] * 2, "views": [40, 20]})
    answer = answer_of(frame, {"views": "page views"})

    assert "██" in text_of(answer, width=60)
    assert "██" not in text_of(answer, width=40)


def test_a_row_alone_a_series_and_names_have_no_bars() -> None:
    assert "█" not in text_of(ranking(1))
    assert "██████████" not in text_of(series())
    assert "█" not in text_of(answer_of(pl.DataFrame({"status": [404, 200]}), {"status": "status"}))


def test_a_series_has_lines_above_its_table_with_gaps_for_missing_days() -> None:
    lines = text_of(series()).splitlines()

    assert lines[2:6] == [
        "visits   █▅ ▃   2 to 8",
        "bytes    █▅ ▃   250 B to 1.00 kB",
        "",
        "date         visits   bounce rate     bytes",
    ]


def test_a_series_by_more_than_its_moments_has_no_lines() -> None:
    answer = series()
    twice = replace(answer, frame=pl.concat([answer.frame, answer.frame]))

    assert "▅" not in text_of(twice)


def test_a_stream_without_blocks_has_none() -> None:
    stream = io.BytesIO()
    TableOutput(encoding="ascii").write([ranking(), series()], stream)

    assert stream.getvalue().isascii()
    assert b"\\u" not in stream.getvalue()


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_hostile_texts_of_every_type_fit_the_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    for answer in (hostile(), everything(), everything().first(1)):
        assert max(map(cell_len, text_of(answer, width=width).splitlines())) <= width
