from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from footfall.errors import SettingsError
from footfall.store.address import StoreSettings, open_store
from footfall.store.commands import App
from reports.commands.report import report_command
from reports.commands.source_options import SourceSettings
from tests.reports.store import CLOCK


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--from-export", "a", "--from-dataset", "b"], "two sources"),
        (["--from-dataset", "a", "--dataset", "b"], "--dataset"),
        (["--from-dataset", "a", "--store", "embedded:x"], "--store"),
        (["--from-dataset", "a", "--max-read-units", "5"], "--max-read-units"),
        (["--from-dataset", "a", "--yes"], "--yes"),
        (["--from-export", "a", "--segments", "5"], "--segments"),
        (["--from-export", "s3://A/b"], "bucket"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_hint(arguments: list[str], told: str, tmp_path: Path) -> None:
    app = App(clock=CLOCK, open_store=lambda settings: open_store(settings, CLOCK))
    error = CliRunner().invoke(report_command, ["statuses", *arguments], obj=app).exception
    assert isinstance(error, SettingsError)
    assert told in str(error)
    assert error.hint


def test_region_and_profile_are_those_of_s3_and_the_endpoint_is_not() -> None:
    store = StoreSettings(region="eu-central-1", profile="web", endpoint_url="http://localhost:8000")
    objects = SourceSettings(store).objects
    assert (objects.region, objects.profile, objects.endpoint_url) == ("eu-central-1", "web", None)
