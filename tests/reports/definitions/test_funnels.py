from __future__ import annotations

from pathlib import Path

import pytest

from tests.reports.definitions.test_reports import loaded, refused

FUNNEL = '[[funnel]]\nname = "f"\n'
STEP = '[[funnel.step]]\nname = "s"\nurl = "/a"\n'


def test_a_funnel_says_its_steps_its_window_and_what_goes_through(tmp_path: Path) -> None:
    one, other = loaded(
        tmp_path,
        """
        [[funnel]]
        name = "one"
        scope = "visitor"
        window = "7d"
        strict = true
        step = [{ name = "A", url = "/a" }, { name = "B", event = { action = "buy" } }]
        [[funnel]]
        name = "other"
        [[funnel.step]]
        name = "A"
        url = "/a"
        [[funnel.step]]
        name = "A again"
        url = "/a"
        """,
    ).funnels

    assert (one.scope, one.window_seconds, one.is_strict) == ("visitor", 604_800, True)
    assert [(step.name, step.matcher.said) for step in one.steps] == [
        ("A", 'url = "/a"'),
        ("B", 'event = { action = "buy" }'),
    ]
    assert (other.scope, other.window_seconds, other.is_strict) == ("visit", None, False)
    assert [step.name for step in other.steps] == ["A", "A again"]


@pytest.mark.parametrize(("text", "seconds"), [("1s", 1), ("30m", 1800), ("2h", 7200), ("7d", 604_800)])
def test_windows(tmp_path: Path, text: str, seconds: int) -> None:
    [funnel] = loaded(tmp_path, f'{FUNNEL}window = "{text}"\n{STEP}{STEP}').funnels

    assert funnel.window_seconds == seconds


@pytest.mark.parametrize(
    ("content", "says", "hint"),
    [
        (FUNNEL, "funnel 'f' has no step", "step = "),
        (FUNNEL + STEP, "funnel 'f': step begins each step as [[funnel.step]], 2 to 20 of them", "step = "),
        (FUNNEL + 21 * STEP, "2 to 20 of them", "step = "),
        (FUNNEL + "step = 3", "step begins each step", "step = "),
        (FUNNEL + "step = [1, 2]", "funnel 'f', step 1 is no table", "docs/definitions.md"),
        (FUNNEL + STEP + "[[funnel.step]]\nurl = '/b'", "funnel 'f', step 2 has no name", 'name = "Cart"'),
        (FUNNEL + STEP + "[[funnel.step]]\nname = 'B'", "funnel 'f', step 2: it needs one of url", "url = "),
        (FUNNEL + STEP + "[[funnel.step]]\nname = 'B'\nurl = 'b'", "step 2: url is to be a path", "url = "),
        (FUNNEL + STEP + "[[funnel.step]]\nname = 'B'\nvalue = 3", "step 2: there is no key 'value'", "keys are"),
        (FUNNEL + "window = 30\n" + STEP + STEP, "window is to be a line of text", 'window = "7d"'),
        (FUNNEL + "window = '0m'\n" + STEP + STEP, "window is to be a number of s, m, h or d", 'window = "7d"'),
        (FUNNEL + "window = '4000d'\n" + STEP + STEP, "ten years at most", 'window = "7d"'),
        (FUNNEL + "window = '30 minutes'\n" + STEP + STEP, "window is to be a number of", 'window = "7d"'),
        (FUNNEL + "scope = 'session'\n" + STEP + STEP, "scope 'session' is none of visit", 'scope = "visitor"'),
        (FUNNEL + "strict = 'yes'\n" + STEP + STEP, "strict is to be true or false", "strict = true"),
        (FUNNEL + "steps = []", "there is no key 'steps'. Did you mean step?", "keys are name, scope"),
        (FUNNEL + STEP + STEP + FUNNEL + STEP + STEP, "2 entries of funnel called 'f'", 'name = "f-2"'),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_file_funnel_step_and_key(
    tmp_path: Path, content: str, says: str, hint: str
) -> None:
    error = refused(tmp_path, content)

    assert str(error).startswith(str(tmp_path))
    assert says in str(error)
    assert hint in (error.hint or "")
