"""Simulation beside theory: networks whose answer is known exactly, run through the same engine as everything else."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

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
from simlib.experiment.closed_theory import closed_answer, demands_of
from simlib.experiment.compare import Comparison
from simlib.experiment.textbook import Looking, closed_figures, station, tandem
from simlib.scenario.distributions import Constant, Exponential, Uniform

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
