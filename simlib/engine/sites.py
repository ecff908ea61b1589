"""Where tokens are checked: the gateway and the services of a design, in each region."""

from dataclasses import dataclass

from simlib.engine.parts import INNER_SERVICE, Parts
from simlib.scenario.hosts import InnerService, Listening
from simlib.scenario.places import GATEWAY, SERVICE, at, inner_service
from simlib.scenario.world import World
from simlib.strategies import Receiver, Validator

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
