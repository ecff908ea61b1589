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
    """One host that checks tokens. ``target``: what others call; ``uri``: where the host believes to be."""

    host: str
    place: str
    region: str
    listening: Listening
    validator: Validator
    target: str
    uri: str
    scope: str
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
    uri = f"{service.audience}/"
    sites = []
    if parts.edge == GATEWAY and world.gateway is not None:
        validator = parts.validator(GATEWAY, region)
        replicas = design.replicas.get(GATEWAY, 1)
        host, target = at(GATEWAY, region), at(GATEWAY, region)
        sites.append(Site(host, GATEWAY, region, world.gateway, validator, target, uri, service.scope, True, replicas))
    validator = parts.validator(SERVICE, region)
    edge, replicas = parts.edge == SERVICE, design.replicas[SERVICE]
    host, target = at(SERVICE, region), at(API, region)
    sites.append(Site(host, SERVICE, region, service, validator, target, uri, service.scope, edge, replicas))
    for name, inner in world.inner_services.items():
        validator = parts.validator(INNER_SERVICE, region, inner)
        replicas = design.replicas.get(INNER_SERVICE, 1)
        host, target = at(inner_service(name), region), at(inner_target(name), region)
        uri = f"{inner.audience}/"
        sites.append(Site(host, INNER_SERVICE, region, inner, validator, target, uri, inner.scope, False, replicas))
    return sites


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
