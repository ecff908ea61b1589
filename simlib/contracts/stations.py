"""Station contract: jobs are conserved, the integrals obey Little's law, work in is busy time, runs are reproducible.

Pure queueing: one host with the station, jobs with given instants and sizes, no token.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, NamedTuple

import numpy as np

from simlib.analysis.littles_law import check_littles_law
from simlib.contracts.requirements import name_failures, require
from simlib.engine.costs import StatedCosts
from simlib.engine.faults import Faults, Outage, Slowdown
from simlib.engine.network import Host, Network, Path
from simlib.engine.simulation import run_network
from simlib.engine.stations import STATIONS, Station, register_station
from simlib.scenario.distributions import Constant
from simlib.scenario.effects import Call, Compute, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.scenario.records import Records
from simlib.scenario.registry import isolate_registrations
from simlib.scenario.variates import Variates

HOST = "server"
UNLIMITED_S = 1e6
PRECISION = 1e-9
SEEDS = range(12)


class Jobs(NamedTuple):
    """Instants of arrival, ascending, and seconds of work of each job, for a number of workers."""

    arrivals: tuple[float, ...]
    sizes: tuple[float, ...]
    workers: int


class _Sizes:
    """Distribution that gives each job its own size."""

    def __init__(self, sizes: Sequence[float]) -> None:
        self._sizes = np.asarray(sizes, dtype=np.float64)

    def invert(self, uniform: Any) -> Any:
        return self._sizes[: len(uniform)]


def draw_jobs(seed: int, count: int = 40) -> Jobs:
    """Draw jobs for one to four workers; with even seeds instants and sizes are whole, so that many coincide."""
    random = Random(seed)
    arrivals = sorted(random.uniform(0.0, count / 2) for _ in range(count))
    sizes = [random.expovariate(1.0) for _ in range(count)]
    if seed % 2 == 0:
        arrivals, sizes = [float(round(at)) for at in arrivals], [float(1 + round(size)) for size in sizes]
    return Jobs(tuple(arrivals), tuple(sizes), 1 + seed % 4)


def run_station(
    kind: type[Station], jobs: Jobs, horizon_s: float = UNLIMITED_S, services: int = 1, faults: Faults | None = None
) -> Records:
    """Run jobs through one station; ``services``: the number of equal services in a row of which each job consists."""

    def handle(_: Any) -> Flow[Reply]:
        for _ in range(services):
            yield Compute("work")
        return Reply(200)

    def call(_: Any) -> Flow[Any]:
        answer = yield Call(HOST, HttpRequest())
        return answer

    sizes = [size / services for size in jobs.sizes]
    law: Any = _Sizes(sizes) if services == 1 else Constant(value_s=sizes[0])
    network = Network(
        hosts=(Host("client", None), Host(HOST, jobs.workers, 1, kind, kind.looks_ahead)),
        entry=("client", lambda _: call),
        costs=StatedCosts({"work": law}),
        paths=(Path("client", HOST, Constant(value_s=0.0)),),
        handlers={HOST: (HOST, lambda _: handle)},
        faults=faults,
    )
    return run_network(network, np.asarray(jobs.arrivals), horizon_s, Variates(1, 0), detail="visits")


def list_ends(records: Records) -> list[float]:
    """List the end of each job in the order of arrivals, NaN where it has none."""
    requests = records["requests"]
    ends: list[float] = requests["end"][np.argsort(requests["request"])].tolist()
    return ends


def check_station(
    kind: type[Station], compute_ends: Callable[[Sequence[float], Sequence[float], int], list[float]] | None = None
) -> None:
    """Hold a kind of station to its contract; raises AssertionError with a sentence that names the fault.

    ``compute_ends``: the ends of jobs by an independent computation from arrivals, sizes and the number of workers.
    Without it they are compared with those of a built-in kind of the same discipline that has such a computation.
    """
    with isolate_registrations():
        if STATIONS.get(kind.form) is not kind:
            register_station(kind)
        with name_failures(kind.form):
            expected = compute_ends or find_reference(kind.discipline)
            for seed in SEEDS:
                jobs = draw_jobs(seed)
                with name_failures(f"{len(jobs.sizes)} jobs of seed {seed} and {jobs.workers} workers"):
                    check_conservation(kind, jobs)
                    if expected is not None:
                        check_ends(kind, jobs, expected)
            if not kind.looks_ahead:
                check_services_in_a_row(kind)
            check_variation(kind)


def find_reference(discipline: str) -> Callable[[Sequence[float], Sequence[float], int], list[float]] | None:
    """Find the computation of ends that a kind of station of this discipline has, if one does."""
    kinds = [kind for kind in STATIONS.values() if kind.discipline == discipline]
    return next((kind.compute_ends for kind in kinds if hasattr(kind, "compute_ends")), None)


def check_conservation(kind: type[Station], jobs: Jobs) -> None:
    """Jobs that arrive leave or are present, Little's law holds, and the busy time is the work, cut short or not."""
    whole = run_station(kind, jobs)
    require(not np.isnan(list_ends(whole)).any(), "a job never ends")
    require(whole.equals(run_station(kind, jobs)), "two runs with the same jobs differ")
    last = max(list_ends(whole))
    for horizon in (UNLIMITED_S, last / 3, last / 2):
        records = run_station(kind, jobs, horizon)
        stations = {name: column[-1] for name, column in records["stations"].items()}
        arrived = sum(at < horizon for at in jobs.arrivals)
        ended = int(np.isfinite(list_ends(records)).sum())
        require(
            stations["arrivals"] == arrived, f"{stations['arrivals']} arrivals are counted, but {arrived} jobs came"
        )
        require(
            stations["number"] == arrived - ended,
            f"{stations['number']} jobs are counted as present, but {arrived} came and {ended} left",
        )
        difference = float(check_littles_law(records)["relative_difference"].abs().max())
        require(difference <= PRECISION, f"Little's law does not hold: relative difference {difference:g}")
        most = jobs.workers * horizon
        require(0 <= stations["busy"] <= most, f"the busy time {stations['busy']:g} s is above {most:g} s")
    busy, work = float(whole["stations"]["busy"][-1]), sum(jobs.sizes)
    require(abs(busy - work) <= PRECISION * work, f"the busy time is {busy:g} s for {work:g} s of work")
    for at, size, end in zip(jobs.arrivals, jobs.sizes, list_ends(whole), strict=True):
        require(end >= at + size - PRECISION * end, f"a job of {size:g} s that came at {at:g} s ended at {end:g} s")


def check_ends(
    kind: type[Station], jobs: Jobs, compute_ends: Callable[[Sequence[float], Sequence[float], int], list[float]]
) -> None:
    """Each job ends when an independent computation says."""
    ends = list_ends(run_station(kind, jobs))
    for number, (end, expected) in enumerate(zip(ends, compute_ends(*jobs), strict=True)):
        require(
            abs(end - expected) <= PRECISION * max(1.0, abs(expected)),
            f"job {number} ends at {end:g} s, by the discipline {kind.discipline!r} it must end at {expected:g} s",
        )


def check_services_in_a_row(kind: type[Station]) -> None:
    """A job of several services keeps its worker from the first to the last, and works for their sum."""
    jobs = Jobs((0.0, 0.0, 1.0), (3.0, 3.0, 3.0), 1)
    records = run_station(kind, jobs, services=3)
    busy = float(records["stations"]["busy"][-1])
    require(abs(busy - 9.0) <= PRECISION, f"three jobs of three services of 1 s are busy for {busy:g} s, not 9 s")
    require(abs(max(list_ends(records)) - 9.0) <= PRECISION, "three jobs of 3 s on one worker must end by 9 s")


def check_variation(kind: type[Station]) -> None:
    """A kind that ``varies`` works slower and loses its jobs when it must; another one refuses to."""
    single = Jobs((0.0,), (4.0,), 1)
    slow = Faults(slowdowns=(Slowdown(HOST, 1.0, 3.0, 2.0),))
    down = Faults(outages=(Outage(HOST, 1.0, 2.0),))
    if not kind.varies:
        for faults in (slow, down):
            require(_is_refused(kind, single, faults), "varies is False, but a host with a fault takes this kind")
        return
    (end,) = list_ends(run_station(kind, single, faults=slow))
    require(
        abs(end - 5.0) <= PRECISION, f"4 s of work, at half speed from 1 s to 3 s, must end at 5 s, not at {end:g} s"
    )
    jobs = Jobs((0.0, 0.5, 2.5), (4.0, 4.0, 1.0), 1)
    records = run_station(kind, jobs, faults=down)
    first, second, third = list_ends(records)
    require(first < 2.5 and second < 2.5, "jobs that a crash takes away must end with it")
    require(
        abs(third - 3.5) <= PRECISION, f"a job of 1 s that comes at 2.5 s, after a crash, must end at 3.5 s: {third:g}"
    )
    require(records["stations"]["number"][-1] == 0, "jobs that a crash took away are counted as present")


def _is_refused(kind: type[Station], jobs: Jobs, faults: Faults) -> bool:
    try:
        run_station(kind, jobs, faults=faults)
    except ValueError:
        return True
    return False
