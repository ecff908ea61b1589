"""What a design promises about tokens that should no longer work: the bounds that its validators declare."""

from pathlib import Path

from simlib.engine.parts import deployment_of, make_parts
from simlib.engine.sites import make_sites
from simlib.scenario.design import Design
from simlib.scenario.errors import InputError
from simlib.scenario.places import GATEWAY, SERVICE
from simlib.scenario.scenario import Scenario
from simlib.scenario.variates import Variates
from simlib.strategies import Bound


def design_bound(scenario: Scenario, design: Design) -> Bound:
    """For how many seconds a request may succeed with an expired and with a revoked token.

    All who judge the client's token must accept it, so the strictest of them bounds the design. Behind a gateway that
    passes another credential inwards, nobody but the gateway judges it, and behind a service that exchanges it nobody
    but that service and its gateway.
    """
    variates = Variates(scenario.run.seed, 0)
    parts = make_parts(design, deployment_of(scenario, design, variates, {}))
    sites = make_sites(parts, scenario.world, parts.deployment.regions[:1] or ("",))
    edge = next(site for site in sites if site.edge)
    judges = [edge] if edge.place == GATEWAY and _forwards(edge.validator) else list(sites)
    if parts.propagator is not None and parts.propagator.own_audiences:
        judges = [site for site in judges if site.place in (GATEWAY, SERVICE)]
    bounds = [site.validator.bound() for site in judges if site.validator is not None]
    return Bound(min(b.after_expiry_s for b in bounds), min(b.after_revocation_s for b in bounds))


def _forwards(validator: object) -> bool:
    """Whether the validator, or the one that it is around, passes on another credential than the one presented."""
    inner = getattr(validator, "inner", None)
    return getattr(validator, "forwards", None) is not None or (inner is not None and _forwards(inner))


def check_promises(scenario: Scenario, source: Path) -> None:
    """Refuse a design that may overlook a revocation for longer than it says; InputError names file and key."""
    for name, design in scenario.designs.items():
        most = design.max_revocation_lag_s
        if most is None:
            continue
        bound = design_bound(scenario, design).after_revocation_s
        if bound > most:
            raise InputError(
                f"{source}: designs.{name}.max_revocation_lag_s: a revoked token may be accepted for {bound:g} s under "
                f"the settings of this design, which is more than {most:g} s"
            )
