"""Bounds of a design: for how many seconds an expired or a revoked token may still be accepted."""

from pathlib import Path

from simlib.deployment.enforcement_points import build_enforcement_points
from simlib.deployment.parts import build_deployment_config, build_parts
from simlib.scenario.design import Design
from simlib.scenario.errors import InputError
from simlib.scenario.hosts import GATEWAY, SERVICE
from simlib.scenario.scenario import Scenario
from simlib.scenario.variates import Variates
from simlib.strategies import Bound


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
    judges = [edge] if edge.place == GATEWAY and _forwards_credential(edge.validator) else list(points)
    if parts.propagator is not None and parts.propagator.own_audiences:
        judges = [point for point in judges if point.place in (GATEWAY, SERVICE)]
    bounds = [point.validator.compute_bound() for point in judges if point.validator is not None]
    return Bound(min(b.after_expiry_s for b in bounds), min(b.after_revocation_s for b in bounds))


def _forwards_credential(validator: object) -> bool:
    """Whether the validator, or the one that it is around, passes on another credential than the one presented."""
    inner = getattr(validator, "inner", None)
    return getattr(validator, "forwards", None) is not None or (inner is not None and _forwards_credential(inner))


def check_revocation_lag(scenario: Scenario, source: Path) -> None:
    """Refuse a design that may overlook a revocation for longer than it states; InputError names file and key."""
    for name, design in scenario.designs.items():
        most = design.max_revocation_lag_s
        if most is None:
            continue
        bound = compute_design_bound(scenario, design).after_revocation_s
        if bound > most:
            raise InputError(
                f"{source}: designs.{name}.max_revocation_lag_s: a revoked token may be accepted for {bound:g} s under "
                f"the settings of this design, which is more than {most:g} s"
            )
