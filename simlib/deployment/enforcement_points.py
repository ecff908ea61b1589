"""Where tokens are checked: the gateway and the services of a design, in each region.

What a design promises about tokens that should no longer work: the bounds that its validators declare.
"""

from dataclasses import dataclass
from pathlib import Path

from simlib.deployment.parts import INNER_SERVICE, Parts, deployment_of, make_parts
from simlib.scenario.design import Design
from simlib.scenario.errors import InputError
from simlib.scenario.hosts import GATEWAY, SERVICE, InnerService, Listening, at, inner_service
from simlib.scenario.scenario import Scenario
from simlib.scenario.variates import Variates
from simlib.scenario.world import World
from simlib.strategies import Bound, Receiver, Validator

API = "api"


@dataclass(frozen=True)
class Site:
    """One host on the way of tokens. ``target``: what others call; ``uri``: where the host believes to be.

    ``first``: clients call it. ``edge``: it is the first to check tokens; a gateway without a ``validator`` is not.
    """

    host: str
    place: str
    region: str
    listening: Listening
    validator: Validator | None
    target: str
    uri: str
    scope: str
    first: bool
    edge: bool
    replicas: int

    @property
    def receives(self) -> bool:
        """Whether the authorization server pushes to it."""
        return isinstance(self.validator, Receiver)

    @property
    def receive_target(self) -> str:
        """What the authorization server calls to push."""
        return f"receive/{self.host}"

    @property
    def calls(self) -> tuple[str, ...]:
        """The inner services that it calls for every request."""
        return self.listening.calls if isinstance(self.listening, InnerService) else ()


def make_sites(parts: Parts, world: World, regions: tuple[str, ...]) -> tuple[Site, ...]:
    """All of them, outermost first."""
    return tuple(site for region in regions for site in _in_region(parts, world, region))


def _in_region(parts: Parts, world: World, region: str) -> list[Site]:
    design, service = parts.design, world.service
    has_gateway = world.gateway is not None and GATEWAY in design.parts
    sites = [] if not has_gateway else [_gateway(parts, world, region)]
    sites.append(
        Site(
            at(SERVICE, region),
            SERVICE,
            region,
            service,
            parts.validator(SERVICE, region),
            at(API, region),
            f"{service.audience}/",
            service.scope,
            not has_gateway,
            parts.edge == SERVICE,
            design.replicas[SERVICE],
        )
    )
    return sites + [_inner(parts, name, inner, region) for name, inner in world.inner_services.items()]


def _gateway(parts: Parts, world: World, region: str) -> Site:
    assert world.gateway is not None
    edge = parts.edge == GATEWAY
    validator = parts.validator(GATEWAY, region) if edge else None
    host, replicas = at(GATEWAY, region), parts.design.replicas.get(GATEWAY, 1)
    uri, scope = f"{world.service.audience}/", world.service.scope
    return Site(host, GATEWAY, region, world.gateway, validator, host, uri, scope, True, edge, replicas)


def _inner(parts: Parts, name: str, inner: InnerService, region: str) -> Site:
    validator = parts.validator(INNER_SERVICE, region, inner)
    host, target = at(inner_service(name), region), at(inner_target(name), region)
    replicas = parts.design.replicas.get(INNER_SERVICE, 1)
    uri, scope = f"{inner.audience}/", inner.scope
    return Site(host, INNER_SERVICE, region, inner, validator, target, uri, scope, False, False, replicas)


def inner_target(name: str) -> str:
    """What services call to reach an inner service."""
    return f"{API}/{name}"


def subscribers_of(sites: tuple[Site, ...]) -> dict[str, tuple[str, ...]]:
    """Place -> the targets at which each replica of its hosts receives pushes."""
    targets: dict[str, tuple[str, ...]] = {}
    for site in sites:
        if site.receives:
            place = SERVICE if site.place == INNER_SERVICE else site.place
            own = tuple(f"{site.receive_target}#{number}" for number in range(site.replicas))
            targets[place] = targets.get(place, ()) + own
    return targets


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
