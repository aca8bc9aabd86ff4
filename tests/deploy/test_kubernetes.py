from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest
import yaml  # type: ignore[import-untyped]

import cli
from reports.schedule.cron import cron_of
from reports.schedule.file import load_jobs

FOLDER = Path(__file__).parents[2] / "deploy" / "kubernetes"
VERSIONS = {"ConfigMap": "v1", "CronJob": "batch/v1", "Deployment": "apps/v1"}
POD = {
    "runAsNonRoot": True,
    "runAsUser": 65532,
    "runAsGroup": 65532,
    "fsGroup": 65532,
    "seccompProfile": {"type": "RuntimeDefault"},
}
CONTAINER = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def documents() -> list[Any]:
    return [one for path in sorted(FOLDER.glob("*.yaml")) for one in yaml.safe_load_all(path.read_text())]


def called(document: Any) -> str:
    return f"{document['kind']} {document['metadata']['name']}"


def workloads() -> list[Any]:
    return [one for one in documents() if one["kind"] != "ConfigMap"]


def pod_of(document: Any) -> Any:
    spec = document["spec"]
    return (spec["jobTemplate"]["spec"] if document["kind"] == "CronJob" else spec)["template"]["spec"]


def command_line(arguments: list[str]) -> click.Context:
    """Parse the arguments as footfall would; a mistake raises what a user would see."""
    command: click.Command = cli.root
    words = list(arguments)
    while isinstance(command, click.Group):
        command = command.commands[words.pop(0)]

    return command.make_context(command.name, words)


def test_every_document_is_of_a_known_kind_and_version() -> None:
    assert len(documents()) == 5
    for one in documents():
        assert one["apiVersion"] == VERSIONS[one["kind"]]
        assert one["metadata"]["name"].startswith("footfall-")


@pytest.mark.parametrize("document", workloads(), ids=called)
class TestWorkload:
    def test_it_may_do_little(self, document: Any) -> None:
        pod = pod_of(document)
        assert pod["securityContext"] == POD
        assert [one["securityContext"] for one in pod["containers"]] == [CONTAINER]
        assert pod["serviceAccountName"] == "footfall"

    def test_its_command_line_is_understood(self, document: Any) -> None:
        [container] = pod_of(document)["containers"]
        context = command_line(container["args"])
        assert context.params["drain_seconds"] < pod_of(document)["terminationGracePeriodSeconds"]

    def test_it_says_what_it_needs(self, document: Any) -> None:
        [container] = pod_of(document)["containers"]
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}
        assert "memory" in container["resources"]["limits"]
        assert {one["name"]: one["value"] for one in container["env"]}["FOOTFALL_STORE"] == "dynamodb:owa_"
        assert container["image"].partition(":")[2] not in {"", "latest"}

    def test_what_it_mounts_is_there_and_only_that_is_written_to(self, document: Any) -> None:
        pod = pod_of(document)
        [container] = pod["containers"]
        mounted = {one["name"]: one for one in container["volumeMounts"]}
        assert mounted.keys() == {one["name"] for one in pod["volumes"]}
        assert mounted["tmp"]["mountPath"] == "/tmp"
        written = {one["mountPath"] for one in mounted.values() if not one.get("readOnly")}
        files = [word.partition("=")[2] for word in container["args"] if word.startswith("--dead-letters=")]
        assert all(any(name.startswith(f"{path}/") for path in written) for name in files)

    def test_labels_and_restarts_fit_the_kind(self, document: Any) -> None:
        spec = document["spec"]
        if document["kind"] == "Deployment":
            assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"]
            assert "restartPolicy" not in pod_of(document)
            return

        assert cron_of(spec["schedule"], "UTC").expression == spec["schedule"]
        assert (spec["concurrencyPolicy"], pod_of(document)["restartPolicy"]) == ("Forbid", "Never")


def test_the_jobs_of_the_config_map_are_right(tmp_path: Path) -> None:
    [config] = [one for one in documents() if one["kind"] == "ConfigMap"]
    (tmp_path / "footfall.toml").write_text(config["data"]["footfall.toml"])
    assert [job.name for job in load_jobs(tmp_path / "footfall.toml")] == ["daily"]
