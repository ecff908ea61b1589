"""Simulation beside theory: networks whose answer is known exactly, run through the same engine as everything else.

Queues of the textbook, run through the same engine as everything else: for comparison with their closed forms.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simlib.analysis.intervals import Interval, student
from simlib.analysis.mva import ClosedStation, mean_value_analysis
from simlib.analysis.queueing import (
    Visited,
    md1_mean_sojourn,
    mg1_ps_mean_sojourn,
    mm1_mean_sojourn,
    mmc_mean_sojourn,
    product_form_mean_sojourn,
)
from simlib.deployment.demand import poisson_times
from simlib.engine.arrivals import Cycles, draw_cycles
from simlib.engine.costs import OwnCosts, SecondsOf
from simlib.engine.network import Host, Network, Path, run_network
from simlib.experiment.closed_validation import closed_answer, demands_of
from simlib.experiment.compare import Comparison
from simlib.scenario.distributions import Constant, Distribution, Exponential, Uniform
from simlib.scenario.effects import Call, Compute, Reply
from simlib.scenario.variates import Variates
from simlib.scenario.world import ClosedLoad


@dataclass(frozen=True)
class Looking:
    """How a textbook queue is looked at; seconds. The first ``warm_up_s`` of each run are left out."""

    length_s: float = 5000.0
    warm_up_s: float = 500.0
    replications: int = 10
    seed: int = 1


class _Question:
    """What the resource server of the tandem asks; nothing but a message."""

    size = 0


def station(
    arrival_rate: float,
    service: SecondsOf,
    workers: int = 1,
    discipline: Literal["fifo", "processor_sharing"] = "fifo",
    looking: Looking = Looking(),
) -> NDArray[np.float64]:
    """Mean sojourn (seconds) at one station under Poisson arrivals, one value per replication."""
    network = Network(
        hosts=(Host("station", workers, discipline=discipline),),
        entry=("station", lambda _: _computes("work")),
        costs=OwnCosts({"work": service}),
    )
    return _sojourns(network, arrival_rate, looking)


def tandem(arrival_rate: float, services: Sequence[SecondsOf], looking: Looking = Looking()) -> NDArray[np.float64]:
    """Mean sojourn (seconds) of RS, AS, RS again with one worker each; ``services`` are of RS and AS."""
    return _sojourns(_resource_server_asks(services, 0.0), arrival_rate, looking)


def closed(
    users: int,
    think: Distribution,
    services: Sequence[SecondsOf],
    round_trip_s: float,
    looking: Looking = Looking(),
) -> NDArray[np.float64]:
    """Requests per second of so many users who think, ask (RS, AS, RS) and wait; one value per replication."""
    return closed_figures(users, think, services, round_trip_s, looking)[0]


def closed_figures(
    users: int,
    think: Distribution,
    services: Sequence[SecondsOf],
    round_trip_s: float,
    looking: Looking = Looking(),
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The same requests per second, and mean seconds per request from asking to the answer; per replication."""
    network = _resource_server_asks(services, round_trip_s)
    rates, responses = [], []
    for replication in range(looking.replications):
        variates = Variates(looking.seed, replication)
        cycles = draw_cycles(ClosedLoad(think=think), users, looking.length_s, variates)
        rows = _run(network, cycles, variates, looking)
        rates.append((rows["end"] >= looking.warm_up_s).sum() / (looking.length_s - looking.warm_up_s))
        kept = (rows["arrival"] >= looking.warm_up_s) & np.isfinite(rows["end"])
        responses.append(float((rows["end"] - rows["arrival"])[kept].mean()))
    return np.array(rates), np.array(responses)


def _resource_server_asks(services: Sequence[SecondsOf], round_trip_s: float) -> Network:
    at_service, at_server = services
    return Network(
        hosts=(Host("service", 1), Host("authorization_server", 1)),
        entry=("service", lambda _: _asks),
        costs=OwnCosts({"before": at_service, "after": at_service, "look": at_server}),
        paths=(Path("service", "authorization_server", Constant(value_s=round_trip_s)),),
        handlers={"introspect": ("authorization_server", lambda _: _computes("look"))},
    )


def _asks(_: Any) -> Any:
    yield Compute("before")
    yield Call("introspect", _Question())
    yield Compute("after")


def _computes(operation: str) -> Any:
    def handler(_: Any) -> Any:
        yield Compute(operation)
        return Reply(200)

    return handler


def _sojourns(network: Network, arrival_rate: float, looking: Looking) -> NDArray[np.float64]:
    found = []
    for replication in range(looking.replications):
        variates = Variates(looking.seed, replication)
        rows = _run(network, poisson_times(arrival_rate, looking.length_s, variates), variates, looking)
        kept = (rows["arrival"] >= looking.warm_up_s) & np.isfinite(rows["end"])
        found.append(float((rows["end"] - rows["arrival"])[kept].mean()))
    return np.array(found)


def _run(network: Network, arrivals: NDArray[np.float64] | Cycles, variates: Variates, looking: Looking) -> Any:
    records = run_network(network, arrivals, looking.length_s, variates, detail="requests")
    return records["requests"]


LEVEL = 0.99
LOOKING = Looking(4000.0, 400.0, 10)
CLOSED_LOOKING = Looking(2000.0, 200.0, 8)
_LOAD, _FOUR = 0.7, 4
_THINK, _LINK, _AT_RS, _AT_AS, _RATE = 2.0, 0.1, 0.12, 0.2, 3.0
USERS = (5, 20, 40)


class Quantity(NamedTuple):
    """What is compared, and its unit."""

    label: str
    unit: str


SOJOURN, RESPONSE = Quantity("mean sojourn", "s"), Quantity("mean response", "s")
THROUGHPUT, BUSY = Quantity("throughput", "1/s"), Quantity("utilisation of the RS", "")


@dataclass(frozen=True)
class Checked:
    """One number that theory knows, and the interval of the same number over replications of the simulation."""

    network: str
    quantity: Quantity
    theory: float
    simulated: Interval

    @property
    def inside(self) -> bool:
        """Whether the interval holds what theory says."""
        return not self.simulated.excludes(self.theory)


@dataclass(frozen=True)
class Case:
    """A network of the textbook, and how both answers to it are found; calling it simulates."""

    network: str
    answers: Callable[[], list[tuple[Quantity, float, ArrayLike]]]

    def __call__(self, level: float = LEVEL) -> list[Checked]:
        """Both answers side by side, with intervals of this level."""
        return [Checked(self.network, what, exact, student(found, level)) for what, exact, found in self.answers()]


def textbook_cases(seed: int = 1) -> list[Case]:
    """Open stations and networks, then closed ones; time is in service times, then in seconds.

    Sources are named in `simlib.analysis.queueing` and `simlib.analysis.mva`.
    """
    looking, one = _seeded(LOOKING, seed), Exponential(mean_s=1.0)
    services = (Exponential(mean_s=_AT_RS), Exponential(mean_s=_AT_AS))
    visits = [Visited(2, _AT_RS), Visited(1, _AT_AS)]
    shared, even = Uniform(low_s=0.0, high_s=2.0), Constant(value_s=1.0)
    return [
        _open("M/M/1", mm1_mean_sojourn(_LOAD, 1.0), lambda: station(_LOAD, one, looking=looking)),
        _open(
            "M/M/4",
            mmc_mean_sojourn(_FOUR * _LOAD, 1.0, _FOUR),
            lambda: station(_FOUR * _LOAD, one, _FOUR, looking=looking),
        ),
        _open("M/D/1", md1_mean_sojourn(_LOAD, 1.0), lambda: station(_LOAD, even, looking=looking)),
        _open(
            "M/G/1-PS",
            mg1_ps_mean_sojourn(_LOAD, 1.0),
            lambda: station(_LOAD, shared, 1, "processor_sharing", looking),
        ),
        _open(
            "RS-AS-RS, open",
            product_form_mean_sojourn(_RATE, visits),
            lambda: tandem(_RATE, services, looking),
        ),
        *(_closed(users, seed) for users in USERS),
    ]


def checked_scenario(comparison: Comparison, level: float = LEVEL) -> Iterator[Checked]:
    """A closed scenario that was compared, beside mean value analysis: throughput, response and utilisation by design.

    Raises InputError for another load than a closed one.
    """
    scenario = comparison.scenario
    for design in comparison.designs:
        answer, demands = closed_answer(scenario, design), demands_of(scenario, design)
        servers = scenario.world.service.workers * scenario.design(design).replicas["service"]
        exact = answer.throughput, answer.response_s, answer.throughput * demands.service_s / servers
        for what, theory, metric in zip(
            (THROUGHPUT, RESPONSE, BUSY), exact, ("arrivals_per_s", "mean_s", "rs_utilisation"), strict=True
        ):
            found = student(comparison.values(design, metric), level)
            yield Checked(f"{scenario.name}: {design}", what, theory, found)


def _open(network: str, exact: float, simulate: Callable[[], ArrayLike]) -> Case:
    return Case(network, lambda: [(SOJOURN, exact, simulate())])


def _closed(users: int, seed: int) -> Case:
    """Users who think, ask a resource server that asks an authorization server, and wait."""

    def answers() -> list[tuple[Quantity, float, ArrayLike]]:
        stations = [ClosedStation(2, _AT_RS), ClosedStation(1, _AT_AS)]
        exact = mean_value_analysis(users, _THINK + _LINK, stations)
        services = (Exponential(mean_s=_AT_RS), Exponential(mean_s=_AT_AS))
        think = Exponential(mean_s=_THINK)
        rates, responses = closed_figures(users, think, services, _LINK, _seeded(CLOSED_LOOKING, seed))
        return [
            (THROUGHPUT, exact.throughput, np.asarray(rates)),
            (RESPONSE, exact.response_s + _LINK, np.asarray(responses)),
        ]

    return Case(f"RS-AS-RS, {users} users", answers)


def _seeded(looking: Looking, seed: int) -> Looking:
    return Looking(looking.length_s, looking.warm_up_s, looking.replications, seed)
