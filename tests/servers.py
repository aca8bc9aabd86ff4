"""Start and stop the servers that tests talk to: moto's, in this process, and DynamoDB Local, where there is one."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from moto.server import ThreadedMotoServer

HOST = "127.0.0.1"
JAR = "DynamoDBLocal.jar"
LOCAL_FOLDER = Path(__file__).parent.parent / ".tools" / "dynamodb-local"
START_SECONDS = 60.0


@contextmanager
def moto_server() -> Iterator[str]:
    """Run moto's server on a free port; give its endpoint URL."""
    server = ThreadedMotoServer(ip_address=HOST, port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def dynamodb_local_missing() -> str | None:
    """Return why DynamoDB Local cannot run here, or None when it can."""
    if shutil.which("java") is None:
        return "DynamoDB Local needs java on the PATH"

    if not (_local_folder() / JAR).is_file():
        return f"no {JAR} in FOOTFALL_DYNAMODB_LOCAL or in .tools/dynamodb-local"

    return None


@contextmanager
def dynamodb_local() -> Iterator[str]:
    """Run DynamoDB Local in memory on a free port; give its endpoint URL once it answers."""
    port = free_port()
    url = f"http://{HOST}:{port}"
    # -disableTelemetry is refused by versions before 1.24; the environment variable is ignored by them.
    command = [
        "java",
        "-Djava.library.path=./DynamoDBLocal_lib",
        "-jar",
        JAR,
        "-inMemory",
        "-port",
        str(port),
    ]
    process = subprocess.Popen(
        command,
        cwd=_local_folder(),
        env={**os.environ, "DDB_LOCAL_TELEMETRY": "0"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_it_answers(url, process)
        yield url
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    """Return a TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _local_folder() -> Path:
    return Path(os.environ.get("FOOTFALL_DYNAMODB_LOCAL") or LOCAL_FOLDER)


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(url):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"DynamoDB Local does not answer at {url}; exit code {process.returncode}")

        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except urllib.error.HTTPError as error:
        error.close()
        return True  # an unsigned request is refused: somebody is there
    except OSError:
        return False

    return True
