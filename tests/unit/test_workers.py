"""Worker processes: results in the order of the items, and one that is killed."""

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress

import psutil
import pytest

from simlib.experiment.executors import end_with_parent
from simlib.experiment.workers import WorkerLostError, collect_finished, run_all
from simlib.scenario.errors import InputError
from support.interrupting import run_in_child
from support.processes import list_alive
from support.working import KILLED, die_by_signal, exit_early, fail, square, stop

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and processes of POSIX")


@pytest.mark.parametrize("workers", [1, 2])
def test_results_and_progress_are_in_order_whichever_is_done_first(workers: int) -> None:
    done: list[tuple[int, int]] = []
    assert run_all(square, [*range(6)], workers, lambda *progress: done.append(progress)) == [0, 1, 4, 9, 16, 25]
    assert done == [(number, 6) for number in range(1, 7)]


@pytest.mark.parametrize("workers", [1, 2])
def test_no_items_have_no_results(workers: int) -> None:
    assert run_all(square, [], workers) == []


def test_work_that_raises_stop_iteration_ends_in_an_error_of_its_own_and_not_in_missing_results() -> None:
    with pytest.raises(RuntimeError, match="StopIteration"):
        run_all(stop, [0, 1])


@pytest.mark.parametrize(("work", "how"), [(die_by_signal, "by SIGKILL"), (exit_early, "unexpectedly")])
def test_a_worker_that_ends_is_reported_with_what_was_finished(work: Callable[[int], int], how: str) -> None:
    items = [KILLED, 0, 1, 2]
    with collect_finished() as collected, pytest.raises(WorkerLostError) as lost:
        run_all(work, items, 2)
    assert str(lost.value) == (
        f"a worker process was ended {how} after 3 of 4 runs; if memory was short, use fewer workers"
    )
    assert lost.value.finished == {1: 0, 2: 1, 3: 4}
    assert sorted(collected) == [(0, 0), (1, 1), (2, 4)]
    assert run_all(square, [4], 2) == [16], "the next call has workers again"


def test_results_are_collected_over_several_calls_and_no_longer_than_wanted() -> None:
    with collect_finished() as collected:
        run_all(square, [1])
        run_all(square, [2])
    run_all(square, [3])
    assert collected == [(1, 1), (2, 4)]


def test_errors_of_the_work_are_raised_as_they_are() -> None:
    with pytest.raises(InputError, match=r"^item 1$") as failed:
        run_all(fail, [1, 1], 2)  # either may be the first to fail
    assert not isinstance(failed.value, WorkerLostError)


def test_a_process_ends_with_its_parent_even_while_it_works() -> None:
    read, write = os.pipe()

    def become_parent() -> None:
        parent, child = os.getpid(), os.fork()
        if child:
            os.write(write, str(child).encode())
            time.sleep(0.2)
            os.kill(parent, signal.SIGKILL)
        end_with_parent(parent)
        while True:  # busy
            pass

    assert run_in_child(become_parent) == -signal.SIGKILL
    child = int(os.read(read, 20))
    with suppress(psutil.NoSuchProcess):
        assert list_alive([psutil.Process(child)]) == []
