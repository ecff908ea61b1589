"""Outage tolerance of designs: for how long, by its settings, a design surely validates tokens once the authorization
server has stopped answering; and the outage that a scenario states.

It is the shortest time for which any part has what it needs: keys, lists, answers. Each may be about to be renewed as
the outage begins, so what counts is the time for which it is used beyond its renewal, less the longest time between two
requests at a replica, since only requests renew it. For Poisson requests at rate r a gap exceeds g with probability
exp(-r g); `RARE` is taken for never. Left out: clients that need a new token, and sign-ins, which fail in any design.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

from simlib.decision.gain.loads import compute_load
from simlib.decision.promises import format_seconds
from simlib.deployment.enforcement_points import EnforcementPoint, build_enforcement_points
from simlib.deployment.parts import build_deployment_config, build_parts
from simlib.scenario.design import Design
from simlib.scenario.economics import Terms
from simlib.scenario.faults import Down, Partition
from simlib.scenario.hosts import AUTHORIZATION_SERVER, find_host_kind
from simlib.scenario.scenario import Scenario
from simlib.scenario.variates import Variates
from simlib.strategies.base import CALLED_FOR_NEW_TOKENS, RequestDemand, ServerDependencies
from simlib.strategies.protocols import list_server_dependencies

RARE = 1e-6
"""Probability with which requests at a replica may be further apart than is reckoned with (assumption)."""
ASSUMED = ", by default: an assumption"


class StatedOutage(NamedTuple):
    """Length (seconds) of the outage that a scenario states for its authorization server, and where it states it."""

    length_s: float
    source: str

    def __str__(self) -> str:
        return f"{format_seconds(self.length_s)} ({self.source})"


def find_stated_outage(scenario: Scenario) -> StatedOutage:
    """The longest outage of the authorization server that the file states: that of the decision, or of a fault.

    ``decision.outage_length_s`` counts beside faults where it is not its default, which is assumed where nothing else
    is stated. Of a fault at random times the mean counts.
    """
    length_s, stated = scenario.terms.outage_length_s, list(_list_outages_of_faults(scenario))
    is_default = length_s == Terms.model_fields["outage_length_s"].default
    if not is_default or not stated:
        stated.insert(0, StatedOutage(length_s, f"decision.outage_length_s{ASSUMED if is_default else ''}"))
    return max(stated, key=lambda outage: outage.length_s)


def _list_outages_of_faults(scenario: Scenario) -> Iterator[StatedOutage]:
    for name, fault in scenario.world.faults.items():
        hosts = (fault.host,) if isinstance(fault, Down) else fault.between if isinstance(fault, Partition) else ()
        if AUTHORIZATION_SERVER in map(find_host_kind, hosts) and isinstance(fault, Down | Partition):
            length_s, key = (
                (fault.length_s, "length_s") if fault.length_s is not None else (fault.mean_length_s, "mean_length_s")
            )
            yield StatedOutage(length_s or 0.0, f"world.faults.{name}.{key}")


def compute_outage_tolerance(scenario: Scenario, design: Design) -> float:
    """Seconds of an outage for which tokens are surely validated; infinite without need, NaN where undeclared."""
    lasting = [own.lasts_s for own in list_dependencies(scenario, design)]
    certain = min((own for own in lasting if not math.isnan(own)), default=math.inf)
    return math.nan if certain > 0 and any(map(math.isnan, lasting)) else certain


def compute_shortfall(scenario: Scenario, design: Design, length_s: float) -> float:
    """Seconds that all parts together fall short of an outage; 0 where each lasts through it."""
    return sum(max(length_s - own.lasts_s, 0.0) for own in list_dependencies(scenario, design))


def list_dependencies(scenario: Scenario, design: Design) -> ServerDependencies:
    """List what the validation of requests needs of the authorization server, point by point."""
    world = scenario.world
    parts = build_parts(design, build_deployment_config(scenario, design, Variates(scenario.run.seed, 0), {}))
    points = build_enforcement_points(parts, world, parts.config.regions[:1] or ("",))
    needed = [
        own
        for point in points
        if point.validator is not None
        for own in list_server_dependencies(point.validator, _describe_demand(scenario, point))
    ]
    exchanges = parts.propagator is not None and parts.propagator.own_audiences and bool(world.inner_services)
    calls_for_users = design.user_information != "token" and world.service.user_information_share > 0
    return (*needed, *((CALLED_FOR_NEW_TOKENS,) if exchanges or calls_for_users else ()))


def _describe_demand(scenario: Scenario, point: EnforcementPoint) -> RequestDemand:
    world, service = scenario.world, scenario.world.service
    smallest = 1.0 if world.regions is None else min(world.regions.shares)
    rate = compute_load(scenario) * smallest / point.replicas
    gap_s = -math.log(RARE) / rate if rate > 0 else math.inf
    return RequestDemand(gap_s, world.population.users, service.sensitive_share, service.user_information_share)


def describe_clients(scenario: Scenario, design: Design) -> str:
    """Sentence about the clients that are left out: those whose tokens end in an outage."""
    return (
        "Left out: clients that sign in, or need a new token, while the authorization server is down "
        f"(token_lifetime_s = {design.token_lifetime_s:g}): they get none."
    )
