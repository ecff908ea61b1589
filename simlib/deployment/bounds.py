"""Bounds of a design: for how many seconds an expired or a revoked token may still be accepted."""

from math import isfinite
from pathlib import Path

from simlib.deployment.enforcement_points import build_enforcement_points
from simlib.deployment.parts import PARTS, build_deployment_config, build_parts
from simlib.deployment.remedies import RemedySearch
from simlib.scenario.compatibility import check_compatibility
from simlib.scenario.design import Design
from simlib.scenario.errors import InputError
from simlib.scenario.hosts import GATEWAY, SERVICE
from simlib.scenario.scenario import Scenario
from simlib.scenario.setting_changes import Remedy, describe_remedy
from simlib.scenario.variates import Variates
from simlib.strategies import Bound
from simlib.strategies.wrappers import passes_other_credential


def compute_design_bound(scenario: Scenario, design: Design) -> Bound:
    """Seconds for which a request may succeed with an expired and with a revoked token.

    The strictest of those who judge the client's token bounds the design, as all of them must accept it. Behind a
    gateway that passes another credential inwards only the gateway judges it, and behind a service that exchanges
    it only that service and its gateway.
    """
    variates = Variates(scenario.run.seed, 0)
    parts = build_parts(design, build_deployment_config(scenario, design, variates, {}))
    points = build_enforcement_points(parts, scenario.world, parts.config.regions[:1] or ("",))
    edge = next(point for point in points if point.edge)
    judges = [edge] if edge.place == GATEWAY and passes_other_credential(edge.validator) else list(points)
    if parts.propagator is not None and parts.propagator.own_audiences:
        judges = [point for point in judges if point.place in (GATEWAY, SERVICE)]
    bounds = [point.validator.compute_bound() for point in judges if point.validator is not None]
    return Bound(min(b.after_expiry_s for b in bounds), min(b.after_revocation_s for b in bounds))


def find_revocation_remedies(scenario: Scenario, design: Design, most: float) -> tuple[Remedy, ...]:
    """Settings with which a revoked token is accepted for at most so many seconds; the parts' own before others."""

    def compute_lag(changed: Design) -> float:
        check_compatibility(changed, scenario.world, PARTS, design.name)
        return compute_design_bound(scenario, changed).after_revocation_s

    return RemedySearch(design, compute_lag, most).find_lowered()


def describe_revocation_lag(scenario: Scenario, design: Design, most: float) -> str:
    """Sentence about the settings that let a revoked token work for too long, and about values that would do."""
    bound = compute_design_bound(scenario, design).after_revocation_s
    lag = f"{bound:g} s" if isfinite(bound) else "an unlimited time"
    remedies = find_revocation_remedies(scenario, design, most)
    if not remedies:
        return f"a revoked token works for {lag}; no values of its settings make that {most:g} s"
    return describe_remedy(remedies[0], f"let a revoked token work for {lag}")


def check_revocation_lag(scenario: Scenario, source: Path) -> None:
    """Refuse a design that may overlook a revocation for longer than it states; InputError names file and key."""
    for name, design in scenario.designs.items():
        most = design.max_revocation_lag_s
        if most is not None and compute_design_bound(scenario, design).after_revocation_s > most:
            raise InputError(
                f"{source}: designs.{name}.max_revocation_lag_s: must be at most {most:g} s, but "
                f"{describe_revocation_lag(scenario, design, most)}"
            )
