"""Runs that begin in a stationary state, in which work and ways take no time, and their deviation from closed forms."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from simlib import simulate
from simlib.scenario.records import Records
from support.truth import Measured
from support.worlds import NO_DELAY, constant, costing, link, scenario

NO_TIME = {"link": link(0.0), "call": constant(0.0), "work": constant(0.0)}
"""A shared store that takes no time."""
RUNS = 8
MOST = 5.5
"""Standard errors by which the mean of `RUNS` runs may be off: many examples may not fail by chance."""
Deviations = Iterator[float]

few_or_many = pytest.mark.parametrize("examples", [2, pytest.param(8, marks=pytest.mark.truth)])
"""Two random scenarios in the suite, and many with ``make truth``."""


def run(
    design: dict[str, Any], users: int, rate: float, length: float, runs: int = RUNS, **world: Any
) -> list[Records]:
    """Short runs without a warm-up; every user sends so many requests per second."""
    made = scenario(
        users=users,
        arrival_rate=users * rate,
        designs={"one": design},
        links={**NO_DELAY, "client_to_service": link(world.pop("way", 0.0))},
        service={"work": constant(0.0), "user_information_share": 0.0, **world.pop("service", {})},
        length_s=length,
        **{name: world.pop(name) for name in ("authorization_server",) if name in world},
        world=world,
    )
    return [simulate(costing(made), "one", number) for number in range(runs)]


def deviate(values: list[float], expected: float, absolute: float = 0.0) -> float:
    """By how many standard errors the mean is off, beyond an absolute tolerance; fails above `MOST`."""
    mean, error = float(np.mean(values)), float(np.std(values, ddof=1)) / math.sqrt(len(values))
    beyond = abs(mean - expected) - absolute
    assert beyond <= MOST * error, (mean, error, expected)
    return beyond / error if beyond > 0 else 0.0


def count_calls(records: Records, target: str) -> int:
    """Calls of a target."""
    if target not in records.names:
        return 0
    return int((records["calls"]["target"] == records.names.index(target)).sum())


def try_scenarios(
    check: Callable[..., Deviations], drawn: dict[str, st.SearchStrategy[Any]], examples: int, measured: Measured
) -> None:
    """Check random scenarios, always the same ones; the largest deviation is noted."""
    found: list[float] = []

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.fixed_dictionaries(drawn))
    def check_one(values: dict[str, Any]) -> None:
        found.extend(check(**values))

    check_one()
    assert found
    measured(f"{len(found)} figures of {examples} scenarios; the most off by {max(found):.1f} standard errors")
