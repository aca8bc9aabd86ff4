from __future__ import annotations

from typing import Any

import click
import pytest

from ingest.beacons import BeaconSettings
from ingest.commands.beacon_options import OPTIONS, TAKES, beacons_of


@pytest.mark.parametrize(
    ("given", "settings"),
    [
        ({}, BeaconSettings()),
        ({"beacons": "auto"}, BeaconSettings(dialects=None)),
        ({"beacons": "off"}, BeaconSettings(dialects=())),
        ({"beacons": "owa, matomo,owa"}, BeaconSettings(dialects=("owa", "matomo"))),
        ({"beacon_path": ("/hit=owa",)}, BeaconSettings(paths=(("/hit", "owa"),))),
        ({"beacon_path": ("/a=b=owa",)}, BeaconSettings(paths=(("/a=b", "owa"),))),
    ],
)
def test_options_say_which_beacons_are_looked_for(given: dict[str, Any], settings: BeaconSettings) -> None:
    assert beacons_of(given) == settings


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"beacons": "urchin"}, "no dialect called 'urchin'"),
        ({"beacons": "owa,\x1b[2J"}, r"\\x1b"),
        ({"beacons": " , "}, "names no dialect"),
        ({"beacon_path": ("/hit",)}, "no ENDING=DIALECT"),
        ({"beacon_path": ("hit=owa",)}, "begins|slash"),
        ({"beacon_path": ("/hit=urchin",)}, "no dialect called"),
        ({"beacons": "matomo", "beacon_path": ("/hit=owa",)}, "leaves out"),
        ({"beacons": "off", "beacon_path": ("/hit=owa",)}, "leaves out"),
    ],
)
def test_what_cannot_be_meant_is_said(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(click.BadParameter, match=sentence):
        beacons_of(given)


def test_the_options_give_what_they_say_they_give() -> None:
    def bare(**given: Any) -> None: ...

    decorated: Any = bare
    for each in OPTIONS:
        decorated = each(decorated)

    assert {parameter.name for parameter in click.command(decorated).params} == TAKES
