from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from multiprocessing import active_children
from socket import create_server
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from footfall.errors import FootfallError, SettingsError
from reports.catalogue import CATALOGUE, View
from reports.definitions import load_definitions
from reports.partials.contribution import Contribution
from reports.partials.executors import THREADS, WorkerSettings, opened_workers
from reports.partials.work import Workers
from reports.query.typed import Typed, report_from
from reports.run import Questions, collect
from tests.reports.partials.events import EVENTS

DEFINITIONS = """
[[goal]]
name = "five"
url = "/5"
value = 2.5

[[funnel]]
name = "walk"

[[funnel.step]]
name = "one"
url = "/1"

[[funnel.step]]
name = "two"
url_regex = "^/[2-4]$"

[[report]]
name = "mine"
metrics = ["visits", "visitors", "goals"]
by = ["entry_page"]
where = "entry_page <> '/6'"

[[report]]
name = "said"
sql = "SELECT path, COUNT(*) AS events FROM events GROUP BY path ORDER BY path"
"""
TYPED = Typed(
    ("visitors", "addresses", "page_views"),
    ("path",),
    where="path <> '/3' AND status = 200",
    having="visitors > 1",
)


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> pl.LazyFrame:
    file = tmp_path_factory.mktemp("events") / "events.parquet"
    EVENTS.write_parquet(file)
    return pl.scan_parquet(file)


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Questions:
    file = tmp_path_factory.mktemp("definitions") / "site.toml"
    file.write_text(DEFINITIONS)
    definitions = load_definitions(file)
    reports = (*CATALOGUE.values(), *definitions.reports, report_from(TYPED))
    return Questions(reports, view=definitions.applied(View("America/New_York")))


def assert_same_answers(found: list[pl.DataFrame], expected: list[pl.DataFrame]) -> None:
    for frame, wanted in zip(found, expected, strict=True):
        assert_frame_equal(frame, wanted)


def test_two_processes_answer_as_one_does(events: pl.LazyFrame, questions: Questions) -> None:
    expected = collect(events, questions)
    with opened_workers(WorkerSettings(2)) as workers:
        assert workers is not None
        assert workers.least == 2
        assert_same_answers(collect(events, questions, workers), expected)


def test_one_process_is_this_one() -> None:
    with opened_workers(WorkerSettings()) as workers:
        assert workers is None


def test_each_process_has_its_part_of_the_cores_and_hears_no_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(THREADS, raising=False)
    before = set(active_children())
    with opened_workers(WorkerSettings(2)) as workers:
        assert workers is not None
        told = {workers.executor.submit(os.getenv, THREADS).result(30) for _ in range(4)}
        heard = workers.executor.submit(signal.getsignal, signal.SIGINT).result(30)
        assert len(set(active_children()) - before) == 2

    assert told == {str(max(1, pl.thread_pool_size() // 2))}
    assert heard == signal.SIG_IGN
    assert THREADS not in os.environ
    assert set(active_children()) <= before


def stopped_at_work(running: list[Future[None]]) -> None:
    with opened_workers(WorkerSettings(2)) as workers:
        assert workers is not None
        # They end neither by themselves nor by what a terminal would send.
        running += [workers.executor.submit(signal.pause) for _ in range(3)]
        raise KeyboardInterrupt


def test_processes_end_when_what_they_work_for_is_stopped() -> None:
    before = set(active_children())
    running: list[Future[None]] = []
    with pytest.raises(KeyboardInterrupt):
        stopped_at_work(running)

    assert len(running) == 3
    assert all(future.done() for future in running)
    assert set(active_children()) <= before


class Dying:
    """Work that takes its process with it, as the system does when memory is out."""

    def __call__(self) -> Contribution:
        os.kill(os.getpid(), signal.SIGKILL)
        return ()

    def packed(self) -> Dying:
        return self


def test_a_process_that_is_killed_is_an_error_with_a_hint() -> None:
    with opened_workers(WorkerSettings(2)) as workers:
        assert workers is not None
        with pytest.raises(FootfallError, match="out of memory") as caught:
            list(workers.contributions([Dying()]))  # type: ignore[list-item]  # it is called, no more

    assert caught.value.hint is not None
    assert "--workers" in caught.value.hint


def test_processes_and_a_cluster_are_not_both() -> None:
    with pytest.raises(SettingsError, match="not both"):
        WorkerSettings(2, "tcp://192.0.2.1:8786")


@contextmanager
def cluster(**settings: Any) -> Iterator[Any]:
    distributed = pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
    with distributed.LocalCluster(
        dashboard_address=None, host="127.0.0.1", protocol="tcp://", silence_logs=50, **settings
    ) as opened:
        yield opened


@contextmanager
def at_work(**settings: Any) -> Iterator[Workers]:
    with (
        cluster(**settings) as opened,
        opened_workers(WorkerSettings(cluster=opened.scheduler_address)) as workers,
    ):
        assert workers is not None
        yield workers


@pytest.mark.parametrize("processes", [False, True], ids=["threads", "processes"])
def test_a_dask_cluster_answers_as_one_process_does(
    events: pl.LazyFrame, questions: Questions, processes: bool
) -> None:
    expected = collect(events, questions)
    with at_work(n_workers=2, threads_per_worker=1, processes=processes) as workers:
        assert not workers.shares_files
        assert_same_answers(collect(events, questions, workers), expected)


def test_a_worker_of_the_cluster_that_is_killed_is_an_error_with_a_hint() -> None:
    with (
        at_work(n_workers=1, threads_per_worker=1, processes=True) as workers,
        pytest.raises(FootfallError, match="out of memory"),
    ):
        list(workers.contributions([Dying()]))  # type: ignore[list-item]  # it is called, no more


def test_a_cluster_without_workers_is_refused() -> None:
    with cluster(n_workers=0) as opened, pytest.raises(SettingsError, match="has no workers") as caught:
        opened_workers(WorkerSettings(cluster=opened.scheduler_address)).__enter__()

    assert caught.value.hint == f"dask worker {opened.scheduler_address}"


@pytest.mark.parametrize(
    "address",
    ["tcp://127.0.0.1:1", "127.0.0.1:99999", "nonsense", "gopher://127.0.0.1:1", "tls://127.0.0.1:1", ""],
)
def test_an_address_where_no_scheduler_is_is_an_error(address: str) -> None:
    pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
    with pytest.raises(SettingsError, match="No Dask scheduler"):
        opened_workers(WorkerSettings(cluster=address, connect_seconds=0.2)).__enter__()


def test_a_port_that_does_not_answer_is_not_waited_for_without_end() -> None:
    pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
    with create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(SettingsError, match="No Dask scheduler"):
            opened_workers(WorkerSettings(cluster=address, connect_seconds=0.2)).__enter__()
