"""Stations and thread pools against plain reference programs of the same queues."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib.analysis import check_littles_law
from support.networks import Listed, by_request, ends, one_station, run

QUARTERS = st.integers(0, 12).map(lambda n: n / 4)
JOBS = st.lists(st.tuples(QUARTERS, st.integers(1, 12).map(lambda n: n / 4)), min_size=1, max_size=25)
REAL_JOBS = st.lists(st.tuples(st.floats(0, 3), st.floats(0.001, 3)), min_size=1, max_size=25)


def unzipped(jobs: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return np.cumsum([gap for gap, _ in jobs]).tolist(), [size for _, size in jobs]


def shared(arrivals: Sequence[float], sizes: Sequence[float], workers: int) -> list[float]:
    """Ends under processor sharing: what is left of every job, worked off from event to event."""
    left: dict[int, float] = {}
    ended = [math.nan] * len(sizes)
    now, coming = 0.0, 0
    while left or coming < len(sizes):
        rate = min(1.0, workers / len(left)) if left else 0.0
        until_end = min(left.values()) / rate if left else math.inf
        until_arrival = arrivals[coming] - now if coming < len(sizes) else math.inf
        step = min(until_end, until_arrival)
        now = arrivals[coming] if until_arrival <= until_end else now + step
        left = {job: rest - step * rate for job, rest in left.items()}
        for job in [job for job, rest in left.items() if rest <= 1e-9]:
            ended[job] = now
            del left[job]
        if until_arrival <= until_end:
            left[coming] = sizes[coming]
            coming += 1
    return ended


def first_come(arrivals: Sequence[float], sizes: Sequence[float], workers: int) -> list[float]:
    """Ends under FIFO: each job takes the worker that is free first."""
    free = [0.0] * workers
    ended = []
    for arrival, size in zip(arrivals, sizes, strict=True):
        free.sort()
        free[0] = max(free[0], arrival) + size
        ended.append(free[0])
    return ended


@settings(max_examples=60, deadline=None)
@given(st.one_of(JOBS, REAL_JOBS), st.integers(1, 4))
def test_processor_sharing_ends_when_the_work_is_worked_off(jobs: list[tuple[float, float]], workers: int) -> None:
    arrivals, sizes = unzipped(jobs)
    records = run(one_station(Listed(sizes), workers, "processor_sharing"), arrivals, detail="visits")
    assert records.forms == {"server": "processor_sharing"}
    assert ends(records) == pytest.approx(shared(arrivals, sizes, workers), rel=1e-9, abs=1e-7)
    assert records["stations"]["busy"][-1] == pytest.approx(sum(sizes))
    assert (check_littles_law(records)["relative_difference"].abs() <= 1e-9).all()


@pytest.mark.parametrize("form", ["auto", "events"])
@settings(max_examples=50, deadline=None)
@given(jobs=st.one_of(JOBS, REAL_JOBS), workers=st.integers(1, 4))
def test_fifo_ends_when_the_first_free_worker_is_done(form: str, jobs: list[tuple[float, float]], workers: int) -> None:
    arrivals, sizes = unzipped(jobs)
    records = run(one_station(Listed(sizes), workers), arrivals, form=form)
    assert ends(records) == pytest.approx(first_come(arrivals, sizes, workers), rel=1e-12)
    assert records["stations"]["busy"][-1] == pytest.approx(sum(sizes))


@settings(max_examples=60, deadline=None)
@given(st.one_of(JOBS, REAL_JOBS), st.integers(1, 5), st.integers(1, 3), st.sampled_from(["auto", "events"]))
def test_no_wait_at_one_fifo_station_grows_when_servers_are_added(
    jobs: list[tuple[float, float]], workers: int, more: int, form: str
) -> None:
    # Service is bound to the job, not to the server or the order of service. It holds for starts; with one station
    # and FIFO that is the same as for ends. In networks it is false: jobs overtake each other.
    arrivals, sizes = unzipped(jobs)
    few = ends(run(one_station(Listed(sizes), workers), arrivals, form=form))
    many = ends(run(one_station(Listed(sizes), workers + more), arrivals, form=form))
    assert all(late <= early + 1e-12 for late, early in zip(many, few, strict=True))


@pytest.mark.parametrize("discipline", ["fifo", "processor_sharing"])
def test_a_run_cut_in_the_middle_of_the_work_counts_what_was_done(discipline: str) -> None:
    # Two workers, three jobs of 4 s that arrive at 0, 1 and 2; the run ends at 3.
    network = one_station(Listed([4.0, 4.0, 4.0]), 2, discipline)
    records = run(network, [0.0, 1.0, 2.0], 3.0, detail="visits")
    last = {name: column[-1] for name, column in records["stations"].items()}
    assert (last["time"], last["number"]) == (3.0, 3)
    assert (last["busy"], last["present"]) == pytest.approx((5.0, 6.0))
    assert np.isnan(ends(records)).all()
    assert by_request(records, "requests")["request"].tolist() == [0, 1, 2]
    assert np.isnan(records["visits"]["end"]).all()
    assert (check_littles_law(records)["relative_difference"].abs() <= 1e-12).all()


def test_jobs_of_no_length_and_none_at_all_are_no_trouble() -> None:
    for discipline in ("fifo", "processor_sharing"):
        assert ends(run(one_station(Listed([0.0, 0.0]), 1, discipline), [1.0, 1.0])) == [1.0, 1.0]
        assert ends(run(one_station(Listed([]), 1, discipline), [])) == []
