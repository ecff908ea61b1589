"""Structures of designs: properties that follow from parts and settings, without a simulation or with one figure."""

from collections.abc import Mapping
from types import MappingProxyType

from simlib.decision.gain.outages import compute_availability, compute_share_served_in_outage
from simlib.decision.gain.pilot_runs import PilotRun
from simlib.decision.gain.values import Structure
from simlib.decision.outage_tolerance import compute_outage_tolerance
from simlib.decision.promises import (
    compute_bounds,
    has_readable_tokens,
    list_checking_parts,
)
from simlib.deployment.enforcement_points import build_enforcement_points
from simlib.deployment.parts import build_deployment_config, build_parts
from simlib.scenario.design import Design
from simlib.scenario.economics import find_likely
from simlib.scenario.scenario import Scenario
from simlib.scenario.variates import Variates
from simlib.strategies.wrappers import ValidatorWrapper


def compute_structures(
    scenario: Scenario, pilots: Mapping[str, PilotRun], hit_ratios: Mapping[str, float]
) -> Mapping[str, Structure]:
    """Design -> structure; ``hit_ratios`` are measured, design -> share of requests without introspection."""
    return MappingProxyType(
        {name: _compute_structure(scenario, name, pilots[name], hit_ratios[name]) for name in scenario.designs}
    )


def compute_expected_exposure_s(scenario: Scenario, design: Design) -> float:
    """Mean seconds for which a revoked token still works when it is presented all the time.

    Half of the longest time without a check, of the strictest checking part: the life of the token, the caching time of
    an answer, the interval at which a list is fetched; 0 where each request is introspected, or removals are pushed.
    Source: the project's notes on complexity, "about half the lifetime, half the cache time". Tokens that are used now
    and then, and caches that have lost an entry, do better, so measured values are lower.
    """
    bounds = compute_bounds(scenario, design)
    checking = (chosen for _, chosen in list_checking_parts(design))
    settings = [chosen.settings for chosen in (*checking, *design.wrappers)]
    intervals = [getattr(own, key) for own in settings for key in ("poll_s", "ttl_s") if hasattr(own, key)]
    always_introspects = not intervals and bounds.after_revocation_s <= bounds.call_timeout_s
    if always_introspects or _receives_pushes(scenario, design):
        return 0.0
    return float(min(bounds.after_revocation_s, design.token_lifetime_s, *intervals)) / 2


def _compute_structure(scenario: Scenario, name: str, pilot: PilotRun, hit_ratio: float) -> Structure:
    design = scenario.design(name)
    served = compute_share_served_in_outage(scenario, design, hit_ratio)
    hours = find_likely(scenario.terms.outage_hours_per_year)
    return Structure(
        opaque_to_clients=not has_readable_tokens(design),
        outage_tolerance_s=compute_outage_tolerance(scenario, design),
        exposure_bound_s=compute_bounds(scenario, design).after_revocation_s,
        expected_exposure_s=compute_expected_exposure_s(scenario, design),
        served=served,
        availability=compute_availability(hours, served),
        row_bytes=pilot.row.size,
        row_life_s=pilot.row.life_s,
    )


def _receives_pushes(scenario: Scenario, design: Design) -> bool:
    """Whether the authorization server pushes removals to a part that checks the client's token.

    Every wrapper has ``receive``, which forwards by default; a part of its own has to handle it.
    """
    parts = build_parts(design, build_deployment_config(scenario, design, Variates(scenario.run.seed, 0), {}))
    points = build_enforcement_points(parts, scenario.world, parts.config.regions[:1] or ("",))
    return any(_handles_pushes(point.validator) for point in points if point.edge)


def _handles_pushes(validator: object) -> bool:
    method = getattr(type(validator), "receive", None)
    if method is not None and method is not ValidatorWrapper.receive:
        return True
    inner = getattr(validator, "inner", None)
    return inner is not None and _handles_pushes(inner)
