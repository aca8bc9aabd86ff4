from __future__ import annotations

import random

import pytest

from footfall.store.outcome import Limit
from footfall.store.writer.batches import Put
from footfall.store.writer.blame import Blame, Suspicion

TABLE = Blame(Limit.TABLE)


def puts(**counts: int) -> list[Put]:
    return [Put(pk, f"{pk}{number}", b"") for pk, count in counts.items() for number in range(count)]


@pytest.mark.parametrize(
    ("limits", "blame"),
    [
        ([], TABLE),
        ([Limit.TABLE], TABLE),
        ([Limit.ACCOUNT], Blame(Limit.ACCOUNT)),
        ([Limit.KEY_RANGE, Limit.MAX_ON_DEMAND], Blame(Limit.MAX_ON_DEMAND)),
        ([Limit.KEY_RANGE], Blame(hot=frozenset({"a", "b"}))),
    ],
)
def test_a_reason_that_is_told_is_believed(limits: list[Limit], blame: Blame) -> None:
    assert Suspicion().told(limits, puts(a=1, b=2)) == blame


def test_when_every_partition_is_hot_the_table_has_to_grow() -> None:
    assert Suspicion().told([Limit.KEY_RANGE], puts(a=1, b=1, c=1)) == TABLE


def test_a_partition_of_which_many_puts_and_of_no_other_are_refused_is_hot() -> None:
    sent = puts(hot=10, a=5, b=5, c=5)
    assert Suspicion().inferred(sent, sent[1:10]) == Blame(hot=frozenset({"hot"}))


def test_a_single_put_proves_nothing_but_many_of_one_partition_do() -> None:
    suspicion, sent = Suspicion(), puts(hot=1, **{f"p{number}": 1 for number in range(24)})
    blamed = [suspicion.inferred(sent, sent[:1]) for _ in range(5)]
    assert blamed[0] == TABLE
    assert blamed[-1] == Blame(hot=frozenset({"hot"}))


def test_a_batch_of_one_partition_says_nothing_about_it() -> None:
    suspicion, sent = Suspicion(), puts(only=25)
    assert [suspicion.inferred(sent, sent[:20]) for _ in range(50)] == [TABLE] * 50


def test_a_table_that_refuses_by_lot_is_hardly_ever_taken_for_a_hot_partition() -> None:
    chance, suspicion = random.Random(7), Suspicion()
    sent = puts(**{f"p{number}": 3 for number in range(8)})
    blamed = [suspicion.inferred(sent, chance.sample(sent, chance.randint(1, 24))) for _ in range(5000)]
    assert sum(bool(blame.hot) for blame in blamed) <= 5


def test_what_speaks_against_a_partition_is_forgotten_when_the_table_refuses() -> None:
    suspicion, sent = Suspicion(), puts(hot=5, a=10, b=10)
    assert suspicion.inferred(sent, sent[:3]) == TABLE
    assert suspicion.inferred(sent, [sent[0], sent[5], sent[15]]) == TABLE
    assert suspicion.inferred(sent, sent[:3]) == TABLE


def test_the_first_time_it_counts_that_any_other_partition_could_have_been_it() -> None:
    suspicion, sent = Suspicion(), puts(hot=5, **{f"p{number}": 1 for number in range(20)})
    assert suspicion.inferred(sent, sent[:4]) == TABLE
    assert suspicion.inferred(sent, sent[:4]) == Blame(hot=frozenset({"hot"}))
