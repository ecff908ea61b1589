"""Inputs of response surfaces: their ranges, and a scenario with other values of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simlib.decision.gain.loads import REVOCATIONS, USERS, build_load_keys, compute_load
from simlib.decision.gain.pilot_runs import PilotRun
from simlib.experiment.sweep import change_scenario
from simlib.scenario.distributions import Distribution
from simlib.scenario.loads import ClosedLoad, ReplayLoad
from simlib.scenario.profile import CostProfile
from simlib.scenario.scenario import Scenario

LOAD, USER_RATE, ROUND_TRIP = "load", "user_rate", "round_trip_s"
TTL, LIFETIME, CPU = "ttl_factor", "lifetime_factor", "cpu_factor"
MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        LOAD: "requests per second; users grow with it",
        USER_RATE: "requests per second of one user: how often a token is used again",
        ROUND_TRIP: "mean seconds between resource server and authorization server and back",
        TTL: "factor on how long answers and exchanged tokens are kept",
        LIFETIME: "factor on the life of access tokens",
        CPU: "factor on the CPU times of the cost profile",
    }
)
BUSIEST = 0.5
"""Utilisation of the busiest server up to which the load is raised; twice the CPU time then still leaves room."""
_RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        USER_RATE: (0.25, 4.0),
        ROUND_TRIP: (0.5, 40.0),  # from the same rack to another continent, when the scenario's is within a zone
        TTL: (1 / 3, 3.0),
        LIFETIME: (0.5, 4.0),
        CPU: (0.1, 2.0),  # a native gateway takes about a tenth of Python (data/profiles)
    }
)
"""Input -> factors on the scenario's own value. Assumptions about where surfaces are fitted, not about likelihood."""
_LOADS = (0.05, 1.25)


@dataclass(frozen=True)
class Range:
    """Range of one input with the scenario's own value, all above 0."""

    name: str
    low: float
    middle: float
    high: float


def list_input_ranges(scenario: Scenario, pilots: Mapping[str, PilotRun]) -> tuple[Range, ...]:
    """Ranges of the inputs of this scenario; a replayed log has a load and users of its own."""
    return tuple(_build_ranges(scenario, pilots))


def _build_ranges(scenario: Scenario, pilots: Mapping[str, PilotRun]) -> Iterator[Range]:
    if not isinstance(scenario.world.load, ReplayLoad):
        load = compute_load(scenario)
        low, high = _LOADS
        room = BUSIEST / max(_find_utilisation(scenario, pilot) for pilot in pilots.values())
        yield Range(LOAD, low * load, load, max(1.0, min(high, room)) * load)
        yield _build_range(USER_RATE, load / scenario.world.population.users)
    yield _build_range(ROUND_TRIP, scenario.world.network.service_to_authorization_server.round_trip.mean())
    if any(True for _ in _list_caches(scenario)):
        yield _build_range(TTL, 1.0)
    yield _build_range(LIFETIME, 1.0)
    yield _build_range(CPU, 1.0)


def _build_range(name: str, own: float) -> Range:
    low, high = _RANGES[name]
    return Range(name, low * own, own, high * own)


def _find_utilisation(scenario: Scenario, pilot: PilotRun) -> float:
    """Utilisation of the busiest host of a design at the scenario's own servers; above 0."""
    from simlib.decision.gain.tiers import list_tiers

    tiers = list_tiers(scenario, scenario.design(pilot.design), compute_load(scenario), pilot.cpu_s)
    return max([place.busy / place.own.vcpus for tier in tiers for place in tier.places] + [1e-9])


def apply_inputs(scenario: Scenario, values: Mapping[str, float]) -> Scenario:
    """Scenario with other values of some inputs, the same for all designs.

    Raises InputError where a design cannot have them.
    """
    keys = _change_load(scenario, values) | _change_round_trip(scenario, values) | _change_lifetimes(scenario, values)
    changed = change_scenario(scenario, keys) if keys else scenario
    return replace(changed, profile=_scale_profile(changed.profile, values.get(CPU, 1.0)))


def _change_load(scenario: Scenario, values: Mapping[str, float]) -> dict[str, Any]:
    world = scenario.world
    own = compute_load(scenario)
    load = values.get(LOAD, own)
    keys = dict(build_load_keys(scenario, load))
    if USER_RATE not in values:
        return keys
    if isinstance(world.load, ClosedLoad):
        thinking = world.load.think.mean() * values[USER_RATE]
        keys["world.load.think"] = scale_distribution(world.load.think, 1.0 / thinking)
    keys[USERS] = max(1, round(load / values[USER_RATE]))
    keys[REVOCATIONS] = world.revocations.rate * keys[USERS] / world.population.users
    return keys


def _change_round_trip(scenario: Scenario, values: Mapping[str, float]) -> dict[str, Any]:
    own = scenario.world.network.service_to_authorization_server.round_trip
    if ROUND_TRIP not in values or not own.mean() > 0:
        return {}
    changed = scale_distribution(own, values[ROUND_TRIP] / own.mean())
    return {"world.network.service_to_authorization_server.round_trip": changed}


def _change_lifetimes(scenario: Scenario, values: Mapping[str, float]) -> dict[str, Any]:
    keys: dict[str, Any] = {}
    for name, design in scenario.designs.items():
        if LIFETIME in values:
            keys[f"designs.{name}.token_lifetime_s"] = design.token_lifetime_s * values[LIFETIME]
    if TTL in values:
        keys |= {key: own * values[TTL] for key, own in _list_caches(scenario)}
    return keys


def _list_caches(scenario: Scenario) -> Iterator[tuple[str, float]]:
    """Dotted key and seconds of all caching times."""
    for name, design in scenario.designs.items():
        for place, chosen in design.parts.items():
            if getattr(chosen.settings, "ttl_s", 0.0) > 0:
                yield f"designs.{name}.{place}.ttl_s", chosen.settings.ttl_s


def scale_distribution(distribution: Distribution, factor: float) -> dict[str, Any]:
    """Distribution of durations with all of them multiplied by a factor, as a document."""
    own = distribution.model_dump(mode="json")
    return {name: _multiply(value, factor) if name.endswith("_s") else value for name, value in own.items()}


def _multiply(value: float | Sequence[float], factor: float) -> float | list[float]:
    return [entry * factor for entry in value] if isinstance(value, Sequence) else value * factor


def _scale_profile(profile: CostProfile, factor: float) -> CostProfile:
    if factor == 1.0:
        return profile
    quantiles: dict[str, NDArray[np.float64]] = {name: own * factor for name, own in profile.quantiles.items()}
    return replace(profile, quantiles=MappingProxyType(quantiles))
