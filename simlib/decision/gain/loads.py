"""Load of a world, and the same world under another one: more or fewer users, each with as many requests as before."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from simlib.experiment.sweep import change_scenario
from simlib.scenario.errors import InputError
from simlib.scenario.loads import BurstyLoad, ClosedLoad, ReplayLoad
from simlib.scenario.scenario import Scenario

USERS, REVOCATIONS = "world.population.users", "world.revocations.rate"


def compute_load(scenario: Scenario) -> float:
    """Mean requests per second of the world; of a closed load, those without response times."""
    return scenario.expected_requests / scenario.horizon_s


def build_load_keys(scenario: Scenario, load: float) -> Mapping[str, Any]:
    """Dotted keys and values that give the world a load (requests per second).

    Users, and the revocations of their tokens, change in proportion, so that a token is used as often as before.
    Raises InputError for a load that is not above 0, and for a replayed log, whose load is its own.
    """
    if not load > 0:
        raise InputError(f"load: must be above 0 requests per second, not {load:g}")
    model, world = scenario.world.load, scenario.world
    factor = load / compute_load(scenario)
    if factor == 1.0:
        return {}
    if isinstance(model, ReplayLoad):
        raise InputError("load: a replayed log has a load of its own; change world.load.copies")
    population = {
        USERS: max(1, round(world.population.users * factor)),
        REVOCATIONS: world.revocations.rate * factor,
    }
    if isinstance(model, ClosedLoad):
        return population
    if isinstance(model, BurstyLoad):
        rates = {name: getattr(model, name) * factor for name in ("quiet_rate", "burst_rate")}
        return {**population, **{f"world.load.{name}": rate for name, rate in rates.items()}}
    return {**population, "world.load.arrival_rate": load}


def scale_to_load(scenario: Scenario, load: float | None) -> Scenario:
    """The scenario under a load, or as it is; raises InputError as `build_load_keys` does."""
    keys = {} if load is None else build_load_keys(scenario, load)
    return change_scenario(scenario, keys) if keys else scenario


def select_design(scenario: Scenario, design: str) -> Scenario:
    """The scenario with one of its designs alone, and without terms that name others; InputError for an unknown one."""
    alone = MappingProxyType({design: scenario.design(design)})
    return replace(scenario, designs=alone, terms=scenario.terms.model_copy(update={"baseline": None, "present": None}))


def remove_faults(scenario: Scenario) -> Scenario:
    """Scenario without faults, for which servers are sized and surfaces are fitted."""
    return (
        replace(scenario, world=scenario.world.model_copy(update={"faults": {}})) if scenario.world.faults else scenario
    )
