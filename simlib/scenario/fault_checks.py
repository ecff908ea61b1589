"""Checks of the faults of a world against its designs: hosts, endpoints and replicas that they name exist."""

from collections.abc import Iterator, Mapping

from simlib.scenario.design import Catalogue, Design
from simlib.scenario.errors import InputError, describe_unknown
from simlib.scenario.faults import ClockSkew, ColdStart, Down, Fault, Partition, list_hosts
from simlib.scenario.hosts import (
    AUTHORIZATION_SERVER,
    BACKEND,
    CLIENT,
    ENDPOINTS,
    GATEWAY,
    SERVICE,
    SHARED_STORE,
    STORE,
    find_host_kind,
    name_in_region,
    name_inner_service,
)
from simlib.scenario.world import World

DURABLE = STORE
"""Host whose data are on disk, so a cold start does not empty it."""


def check_fault_hosts(world: World, designs: Mapping[str, Design], catalogue: Catalogue, where: str) -> None:
    """Refuse faults on hosts, endpoints or replicas that no design has. Raises InputError with the key."""
    for name, fault in world.faults.items():
        for key, host in list_hosts(fault):
            _check_host(host, _list_allowed_hosts(world, designs, catalogue, fault), f"{where}.{name}.{key}")
        if isinstance(fault, Partition) and fault.between[0] == fault.between[1]:
            raise InputError(f"{where}.{name}.between: names two hosts, not {fault.between[0]!r} twice")
        if isinstance(fault, Down) and fault.endpoint is not None:
            _check_endpoint(fault, f"{where}.{name}")
        if isinstance(fault, ClockSkew) and fault.replica is not None:
            _check_replica(fault, designs, f"{where}.{name}.replica")


def is_possible(world: World, designs: Mapping[str, Design], catalogue: Catalogue, fault: Fault) -> bool:
    """Check whether every host that a fault names is in the world and in some design."""
    return all(host in _list_allowed_hosts(world, designs, catalogue, fault) for _, host in list_hosts(fault))


def _list_allowed_hosts(world: World, designs: Mapping[str, Design], catalogue: Catalogue, fault: Fault) -> list[str]:
    """List the hosts that a fault of this kind may name, in regions too."""
    impossible = set() if _may_name_clients(fault) else {CLIENT, DURABLE} if isinstance(fault, ColdStart) else {CLIENT}
    plain = [host for host in _iterate_hosts(world, designs, catalogue) if host not in impossible]
    regions = () if world.regions is None else world.regions.names
    placed = [name_in_region(host, region) for host in plain if host != SHARED_STORE for region in regions]
    return [*plain, *placed]


def _may_name_clients(fault: Fault) -> bool:
    return isinstance(fault, Partition) or fault.kind == "retry_storm"


def _iterate_hosts(world: World, designs: Mapping[str, Design], catalogue: Catalogue) -> Iterator[str]:
    yield CLIENT
    if world.backend is not None:
        yield BACKEND
    if world.gateway is not None and any(GATEWAY in design.parts for design in designs.values()):
        yield GATEWAY
    yield SERVICE
    yield from (name_inner_service(name) for name in world.inner_services)
    yield AUTHORIZATION_SERVER
    if world.store.database is not None:
        yield STORE
    if world.shared_store is not None and any(_uses_shared_store(design, catalogue) for design in designs.values()):
        yield SHARED_STORE


def _uses_shared_store(design: Design, catalogue: Catalogue) -> bool:
    placed = [(catalogue[place][chosen.part], chosen) for place, chosen in design.parts.items()]
    placed += [(catalogue["wrappers"][chosen.part], chosen) for chosen in design.wrappers]
    return any(
        "shared_store" in kind.list_requirements(chosen.settings)
        for kind, chosen in placed
        if hasattr(kind, "list_requirements")
    )


def _check_host(host: str, allowed: list[str], where: str) -> None:
    if host not in allowed:
        raise InputError(f"{where}: {describe_unknown('host', host, allowed)}")


def _check_endpoint(fault: Down, where: str) -> None:
    if find_host_kind(fault.host) != AUTHORIZATION_SERVER:
        raise InputError(f"{where}.endpoint: belongs to host = {AUTHORIZATION_SERVER!r} and to no other")
    if fault.endpoint not in ENDPOINTS:
        raise InputError(f"{where}.endpoint: {describe_unknown('endpoint', str(fault.endpoint), ENDPOINTS)}")


def _check_replica(fault: ClockSkew, designs: Mapping[str, Design], where: str) -> None:
    place = "inner_service" if "/" in fault.host else find_host_kind(fault.host)
    most = max(design.replicas.get(place, 1) for design in designs.values())
    assert fault.replica is not None
    if fault.replica >= most:
        raise InputError(f"{where}: there is no replica {fault.replica}; allowed: 0 to {most - 1}")
