"""Validation of the engine: simulated textbook networks and closed scenarios beside their exact solutions."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from simlib.analysis.intervals import Interval, student
from simlib.analysis.queueing import (
    ClosedStation,
    VisitedStation,
    md1_mean_sojourn,
    mean_value_analysis,
    mg1_ps_mean_sojourn,
    mm1_mean_sojourn,
    mmc_mean_sojourn,
    product_form_mean_sojourn,
)
from simlib.experiment.closed_validation import measure_demands, solve_closed
from simlib.experiment.compare import Comparison
from simlib.experiment.textbook_networks import (
    RunSettings,
    simulate_rates_and_responses,
    simulate_station,
    simulate_tandem,
)
from simlib.scenario.distributions import Constant, Exponential, Uniform

LEVEL = 0.99
OPEN_SETTINGS = RunSettings(4000.0, 400.0, 10)
CLOSED_SETTINGS = RunSettings(2000.0, 200.0, 8)
_LOAD, _FOUR = 0.7, 4
_THINK, _LINK, _AT_RS, _AT_AS, _RATE = 2.0, 0.1, 0.12, 0.2, 3.0
USERS = (5, 20, 40)


class Quantity(NamedTuple):
    """Name of a compared quantity, and its unit."""

    label: str
    unit: str


SOJOURN, RESPONSE = Quantity("mean sojourn", "s"), Quantity("mean response", "s")
THROUGHPUT, BUSY = Quantity("throughput", "1/s"), Quantity("utilisation of the RS", "")


@dataclass(frozen=True)
class TheoryCheck:
    """An exact number, and the interval of the same number over replications of the simulation."""

    network: str
    quantity: Quantity
    theory: float
    simulated: Interval

    @property
    def is_inside(self) -> bool:
        """Whether the exact number lies in the interval."""
        return not self.simulated.excludes(self.theory)


@dataclass(frozen=True)
class Case:
    """A textbook network with its exact and simulated answers; calling it simulates."""

    network: str
    answers: Callable[[], list[tuple[Quantity, float, ArrayLike]]]

    def __call__(self, level: float = LEVEL) -> list[TheoryCheck]:
        """Both answers side by side, with intervals of this level."""
        return [
            TheoryCheck(self.network, quantity, exact, student(values, level))
            for quantity, exact, values in self.answers()
        ]


def list_textbook_cases(seed: int = 1) -> list[Case]:
    """Open stations and networks, then closed ones; times are in service times, then in seconds.

    Sources are given in `simlib.analysis.queueing`.
    """
    settings, one = replace(OPEN_SETTINGS, seed=seed), Exponential(mean_s=1.0)
    services = (Exponential(mean_s=_AT_RS), Exponential(mean_s=_AT_AS))
    visits = [VisitedStation(2, _AT_RS), VisitedStation(1, _AT_AS)]
    shared, even = Uniform(low_s=0.0, high_s=2.0), Constant(value_s=1.0)
    return [
        _build_open_case(
            "M/M/1", mm1_mean_sojourn(_LOAD, 1.0), lambda: simulate_station(_LOAD, one, settings=settings)
        ),
        _build_open_case(
            "M/M/4",
            mmc_mean_sojourn(_FOUR * _LOAD, 1.0, _FOUR),
            lambda: simulate_station(_FOUR * _LOAD, one, _FOUR, settings=settings),
        ),
        _build_open_case(
            "M/D/1", md1_mean_sojourn(_LOAD, 1.0), lambda: simulate_station(_LOAD, even, settings=settings)
        ),
        _build_open_case(
            "M/G/1-PS",
            mg1_ps_mean_sojourn(_LOAD, 1.0),
            lambda: simulate_station(_LOAD, shared, 1, "processor_sharing", settings),
        ),
        _build_open_case(
            "RS-AS-RS, open",
            product_form_mean_sojourn(_RATE, visits),
            lambda: simulate_tandem(_RATE, services, settings),
        ),
        *(_build_closed_case(users, seed) for users in USERS),
    ]


def check_scenario(comparison: Comparison, level: float = LEVEL) -> Iterator[TheoryCheck]:
    """Throughput, response and utilisation of each design of a closed scenario, beside mean value analysis.

    Raises InputError for another load than a closed one.
    """
    scenario = comparison.scenario
    for design in comparison.designs:
        solution, demands = solve_closed(scenario, design), measure_demands(scenario, design)
        servers = scenario.world.service.workers * scenario.design(design).replicas["service"]
        theory = solution.throughput, solution.response_s, solution.throughput * demands.service_s / servers
        for quantity, exact, metric in zip(
            (THROUGHPUT, RESPONSE, BUSY), theory, ("arrivals_per_s", "mean_s", "rs_utilisation"), strict=True
        ):
            interval = student(comparison.list_values(design, metric), level)
            yield TheoryCheck(f"{scenario.name}: {design}", quantity, exact, interval)


def _build_open_case(network: str, exact: float, simulate: Callable[[], ArrayLike]) -> Case:
    return Case(network, lambda: [(SOJOURN, exact, simulate())])


def _build_closed_case(users: int, seed: int) -> Case:
    """Users who think, send a request to a resource server that calls an authorization server, and wait."""

    def answers() -> list[tuple[Quantity, float, ArrayLike]]:
        stations = [ClosedStation(2, _AT_RS), ClosedStation(1, _AT_AS)]
        exact = mean_value_analysis(users, _THINK + _LINK, stations)
        services = (Exponential(mean_s=_AT_RS), Exponential(mean_s=_AT_AS))
        think = Exponential(mean_s=_THINK)
        rates, responses = simulate_rates_and_responses(
            users, think, services, _LINK, replace(CLOSED_SETTINGS, seed=seed)
        )
        return [
            (THROUGHPUT, exact.throughput, np.asarray(rates)),
            (RESPONSE, exact.response_s + _LINK, np.asarray(responses)),
        ]

    return Case(f"RS-AS-RS, {users} users", answers)
