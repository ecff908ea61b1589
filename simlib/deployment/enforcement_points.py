"""Policy enforcement points: the gateway and the services of a design where tokens are checked, in each region."""

from dataclasses import dataclass
from functools import cached_property

from simlib.deployment.parts import INNER_SERVICE, Parts
from simlib.scenario.hosts import GATEWAY, SERVICE, HttpServer, InnerService, name_in_region, name_inner_service
from simlib.scenario.world import World
from simlib.strategies import PushReceiver, Validator

API = "api"


@dataclass(frozen=True)
class EnforcementPoint:
    """One host on the way of tokens. ``target``: its name for callers; ``uri``: the host's own address.

    ``first``: clients call it. ``edge``: it is the first to check tokens; a gateway without a ``validator`` is not.
    """

    host: str
    place: str
    region: str
    listening: HttpServer
    validator: Validator | None
    target: str
    uri: str
    scope: str
    first: bool
    edge: bool
    replicas: int

    @cached_property
    def receives(self) -> bool:
        """Whether the authorization server pushes to it; found out once, as a protocol is checked member by member."""
        return isinstance(self.validator, PushReceiver)

    @property
    def receive_target(self) -> str:
        """Target that the authorization server calls to push."""
        return f"receive/{self.host}"

    @property
    def calls(self) -> tuple[str, ...]:
        """The inner services that it calls for every request."""
        return self.listening.calls if isinstance(self.listening, InnerService) else ()


def build_enforcement_points(parts: Parts, world: World, regions: tuple[str, ...]) -> tuple[EnforcementPoint, ...]:
    """All of them, outermost first."""
    return tuple(point for region in regions for point in _build_region(parts, world, region))


def _build_region(parts: Parts, world: World, region: str) -> list[EnforcementPoint]:
    design, service = parts.design, world.service
    has_gateway = world.gateway is not None and GATEWAY in design.parts
    points = [] if not has_gateway else [_build_gateway(parts, world, region)]
    points.append(
        EnforcementPoint(
            name_in_region(SERVICE, region),
            SERVICE,
            region,
            service,
            parts.build_validator(SERVICE, region),
            name_in_region(API, region),
            f"{service.audience}/",
            service.scope,
            not has_gateway,
            parts.edge == SERVICE,
            design.replicas[SERVICE],
        )
    )
    return points + [_build_inner(parts, name, inner, region) for name, inner in world.inner_services.items()]


def _build_gateway(parts: Parts, world: World, region: str) -> EnforcementPoint:
    assert world.gateway is not None
    edge = parts.edge == GATEWAY
    validator = parts.build_validator(GATEWAY, region) if edge else None
    host, replicas = name_in_region(GATEWAY, region), parts.design.replicas.get(GATEWAY, 1)
    uri, scope = f"{world.service.audience}/", world.service.scope
    return EnforcementPoint(host, GATEWAY, region, world.gateway, validator, host, uri, scope, True, edge, replicas)


def _build_inner(parts: Parts, name: str, inner: InnerService, region: str) -> EnforcementPoint:
    validator = parts.build_validator(INNER_SERVICE, region, inner)
    host, target = name_in_region(name_inner_service(name), region), name_in_region(name_inner_target(name), region)
    replicas = parts.design.replicas.get(INNER_SERVICE, 1)
    uri, scope = f"{inner.audience}/", inner.scope
    return EnforcementPoint(host, INNER_SERVICE, region, inner, validator, target, uri, scope, False, False, replicas)


def name_inner_target(name: str) -> str:
    """Target that services call to reach an inner service."""
    return f"{API}/{name}"


def list_subscribers(points: tuple[EnforcementPoint, ...]) -> dict[str, tuple[str, ...]]:
    """Place -> the targets at which each replica of its hosts receives pushes."""
    targets: dict[str, tuple[str, ...]] = {}
    for point in points:
        if point.receives:
            place = SERVICE if point.place == INNER_SERVICE else point.place
            own = tuple(f"{point.receive_target}#{number}" for number in range(point.replicas))
            targets[place] = targets.get(place, ()) + own
    return targets
