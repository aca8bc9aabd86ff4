"""An AWS environment that belongs to the test alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.store.aws.serving import SetEnv


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SetEnv:
    """Set the AWS environment: `config` is the configuration file, None takes a variable away."""

    def set_environment(config: str = "", **variables: str | None) -> None:
        path = tmp_path / "config"
        path.write_text(config)
        monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
        for name, value in variables.items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)

    return set_environment


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
