"""``--cluster`` on a real Dask cluster: a killed worker changes nothing, and a lost scheduler loses nothing."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from simlib.experiment import cluster as cluster_executor
from simlib.experiment.cluster import open_cluster
from simlib.experiment.executors import use_executor
from simlib.experiment.workers import WorkerLostError, collect_finished, run_all
from simlib.scenario.errors import InputError
from support.clusters import Cluster, find_port, started_cluster
from support.command_line import simlib, started, write_tiny
from support.missing_packages import hide_packages
from support.stores import SMALL, SMALL_RUNS, list_results, read_files, wait_for_results
from support.waiting import wait_for
from support.working import fail, square

pytest.importorskip("distributed")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes of POSIX")

SWEEP = ("sweep", "tiny.toml", *SMALL, "--store", "store", "--json")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with started_cluster(find_port()) as own:
        yield own


@pytest.fixture(autouse=True)
def quick_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_executor, "CONNECT_S", 20)


def test_results_are_in_the_order_of_the_items_and_errors_as_they_are(cluster: Cluster) -> None:
    done: list[tuple[int, int]] = []
    with open_cluster(cluster.address) as executor, use_executor(executor):
        items = [*range(40)]  # more than are submitted at a time
        assert run_all(square, items, 2, lambda *counts: done.append(counts)) == [item * item for item in items]
        assert done == [(number, 40) for number in range(1, 41)]
        assert run_all(square, []) == []
        with pytest.raises(InputError, match=r"^item 1$"):
            run_all(fail, [1])


def test_runs_of_a_worker_that_ends_before_their_results_are_fetched_are_done_again(cluster: Cluster) -> None:
    with open_cluster(cluster.address) as executor, use_executor(executor):
        iterating = executor.iterate(square, [*range(4)])
        results = [next(iterating)]
        wait_for("all results are with the workers", lambda: set(_list_states(executor)) == {"finished"})
        for worker in cluster.workers:
            worker.kill()
        wait_for("the scheduler has noticed", lambda: "finished" not in _list_states(executor), 20)
        cluster.add_worker()
        results.extend(iterating)
    assert sorted(results) == [(item, item * item) for item in range(4)]


def _list_states(executor: cluster_executor.ClusterExecutor) -> list[str]:
    """States of the runs that this process still wants."""
    return [state.status for state in executor._client.futures.values()]


def test_workers_with_other_code_are_refused(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_executor, "compute_code_version", lambda: "0.1.9+other")
    refused = pytest.raises(InputError, match=r"a worker of the cluster has simlib .*, this is 0\.1\.9\+other")
    with open_cluster(cluster.address) as executor, use_executor(executor), refused:
        run_all(square, [1])


def test_a_killed_worker_and_a_lost_scheduler_lose_nothing(cluster: Cluster, tmp_path: Path) -> None:
    """Last in this module: it ends the cluster."""
    write_tiny(tmp_path)
    whole, store = tmp_path / "whole", tmp_path / "store"
    alone = simlib("sweep", "tiny.toml", *SMALL, "--workers", "1", "--store", "whole", "--json", cwd=tmp_path)
    assert alone.returncode == 0, alone.stderr
    cluster.add_worker()
    with started(*SWEEP, "--cluster", cluster.address, cwd=tmp_path) as running:
        wait_for_results(store, 2, running)
        cluster.workers[-1].kill()
        wait_for_results(store, 6, running)
        cluster.scheduler.kill()
        answer, errors = running.communicate(timeout=120)
    assert (running.returncode, answer) == (2, "")
    line = errors.splitlines()[-1]
    assert line.startswith(f"simlib: error: --cluster {cluster.address}: the scheduler was lost after ")
    assert line.endswith("with a store, the same command goes on where it stopped")
    assert "Traceback" not in errors
    kept = len(list_results(store))
    assert 6 <= kept < SMALL_RUNS
    with started_cluster(find_port(), workers=1) as restarted:
        done = simlib(*SWEEP, "--cluster", restarted.address, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"store: {kept} runs were there already, {SMALL_RUNS - kept} were added" in done.stderr
    assert done.stdout == alone.stdout
    assert read_files(store) == read_files(whole)


def test_a_scheduler_that_does_not_answer_is_named_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_executor, "CONNECT_S", 0.3)
    write_tiny(tmp_path)
    address = f"tcp://127.0.0.1:{find_port()}"
    for given, words in ((address, "no Dask scheduler answers"), ("nonsense", "write tcp://HOST:PORT")):
        done = simlib("sweep", "tiny.toml", "--vary", "load=5", "--cluster", given, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"simlib: error: --cluster {given}: ")
        assert words in done.stderr
        assert done.stderr.count("\n") == 1


def test_a_missing_package_is_named_with_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hide_packages(monkeypatch, "distributed")
    write_tiny(tmp_path)
    done = simlib("compare", "tiny.toml", "--cluster", "tcp://127.0.0.1:1", cwd=tmp_path)
    sentence = "--cluster needs the package distributed, which is not installed: pip install 'simlib[cluster]'"
    assert (done.returncode, done.stderr) == (2, f"simlib: error: {sentence}\n")


def test_a_run_that_ends_its_workers_is_reported_with_what_was_finished() -> None:
    """By hand: on a real cluster it takes four workers."""

    class Lost:
        def iterate(self, work: object, items: object) -> Iterator[tuple[int, int]]:
            yield 1, 5
            raise cluster_executor.ExecutorLostError("--cluster x: a run ended its worker", "use more memory")

    with collect_finished() as collected, use_executor(Lost()), pytest.raises(WorkerLostError) as lost:  # type: ignore[arg-type]
        run_all(square, [0, 1])
    assert str(lost.value) == "--cluster x: a run ended its worker after 1 of 2 runs; use more memory"
    assert (lost.value.finished, collected) == ({1: 5}, [(1, 5)])
