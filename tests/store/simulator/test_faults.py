from __future__ import annotations

from collections import Counter

import pytest

from footfall.store.simulator.chance import Chance
from footfall.store.simulator.faults import KINDS, Fault, Scope, meet, parse_faults

ALL: frozenset[Scope] = frozenset({"all", "events", "batches"})


def names(faults: tuple[Fault, ...], seed: int, requests: int, second: float = 0.0) -> list[str | None]:
    met = (meet(faults, Chance(seed), number, second, ALL) for number in range(requests))
    return [None if fault is None else fault.name for fault in met]


def test_each_request_meets_its_faults_by_their_shares() -> None:
    counts = Counter(names(parse_faults("unprocessed:0.2,internal_after:0.1,slow:0.05"), 7, 20_000))
    shares = {name: counts[name] / 20_000 for name in ("unprocessed", "internal_after", "slow")}
    assert shares == pytest.approx({"unprocessed": 0.2, "internal_after": 0.1, "slow": 0.05}, abs=0.01)


def test_a_share_of_one_is_every_request_and_of_none_no_request() -> None:
    assert set(names(parse_faults("timeout:1"), 3, 500)) == {"timeout"}
    assert set(names(parse_faults("timeout:0"), 3, 500)) == {None}


def test_one_seed_gives_one_plan_and_another_another() -> None:
    faults = parse_faults("unprocessed:0.5")
    assert names(faults, 1, 200) == names(faults, 1, 200) != names(faults, 2, 200)


def test_a_window_begins_at_its_first_second_and_ends_before_its_last() -> None:
    faults = parse_faults("internal_before:1@30-50.5")
    found = [names(faults, 0, 1, second)[0] for second in (0, 29.9, 30, 50.4, 50.5, 1000)]
    assert found == [None, None, "internal_before", "internal_before", None, None]


def test_windows_may_follow_each_other() -> None:
    faults = parse_faults("reset_after:1@0-10,reset_after:0.4@10-20,slow:0.6@10-20")
    assert [fault.share for fault in faults] == [1, 0.4, 0.6]


def test_a_fault_is_met_only_by_what_it_is_for() -> None:
    faults = parse_faults("unprocessed:0.5,throttling:0.3,internal_after:0.2")
    chance = Chance(0)
    everywhere: frozenset[Scope] = frozenset({"all"})
    met = {fault.name for number in range(300) if (fault := meet(faults, chance, number, 0, everywhere))}
    assert met == {"internal_after"}


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "NAME:SHARE"),
        ("unprocessed", "NAME:SHARE"),
        ("unprocessed:x", "NAME:SHARE"),
        ("unprocessed:-1", "NAME:SHARE"),
        ("unprocessed:1.01", "more than 1"),
        ("unprocessed:0.1@30", "NAME:SHARE@SECOND-SECOND"),
        ("unprocessed:0.1@60-30", "ends before"),
        ("unprocessed:0.1@30-30", "ends before"),
        ("unprocessed:0.1,", "NAME:SHARE"),
        ("unprocessed:0.6,slow:0.6", "add up to 1.2"),
        ("unprocessed:0.6@0-60,slow:0.6@50-100", "second 50"),
        ("bribery:0.1", "there is no fault 'bribery'"),
    ],
)
def test_what_is_no_fault_plan_is_refused(text: str, part: str) -> None:
    with pytest.raises(ValueError, match=part):
        parse_faults(text)


def test_an_unknown_fault_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="there are") as caught:
        parse_faults("bribery:0.1")

    assert all(name in str(caught.value) for name in KINDS)


def test_an_order_has_every_number_once_and_differs() -> None:
    orders = [Chance(1).order(number, 25) for number in range(50)]
    assert all(sorted(order) == list(range(25)) for order in orders)
    assert len({tuple(order) for order in orders}) == 50
    assert orders == [Chance(1).order(number, 25) for number in range(50)]
