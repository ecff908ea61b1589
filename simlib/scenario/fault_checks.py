"""Checks of the faults of a world: hosts that exist, times within the run, no contradictions."""

from collections.abc import Iterator, Mapping
from itertools import combinations

from simlib.scenario.design import Catalogue, Design
from simlib.scenario.errors import InputError, describe_unknown, format_count
from simlib.scenario.fault_times import compute_claimed_span, compute_fixed_span, is_overlapping
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

ROUNDING = 1e-9
"""Tolerance, as a share, for an end that is computed from lengths."""
MOST_TIMES = 1000
"""Most occurrences of a drawn fault in a run; more are a mistake, and would make the simulation endless."""
DURABLE = STORE
"""Host whose data are on disk, so a cold start does not empty it."""


def check_fault_times(world: World, horizon: float, where: str) -> None:
    """Refuse faults outside a run of that length (seconds), contradicting fixed ones, and too frequent drawn ones.

    ``where`` begins each message. Raises InputError with the key.
    """
    fixed = {name: fault for name, fault in world.faults.items() if not fault.is_random}
    for name, fault in fixed.items():
        begin, end = compute_fixed_span(fault)
        if begin >= horizon or end > horizon * (1 + ROUNDING):
            key = "at_s" if begin >= horizon else "length_s"
            span = f"begins at {begin:g} s" if begin >= horizon else f"lasts until {end:g} s"
            raise InputError(f"{where}.{name}.{key}: {span}, which is after the end of the run at {horizon:g} s")
    for name, fault in world.faults.items():
        _check_number(fault, horizon, f"{where}.{name}")
    resolve = Resolver(_list_regions(world))
    for first, second in combinations(fixed, 2):
        shared = fixed[first].list_claims(resolve) & fixed[second].list_claims(resolve)
        spans = [compute_claimed_span(fixed[name], compute_fixed_span(fixed[name])) for name in (first, second)]
        if shared and is_overlapping(spans[0], spans[1]):
            raise InputError(
                f"{where}.{second}: contradicts {first}: both set the state of {sorted(shared)[0]!r} at the same time; "
                "let one end before the other begins"
            )


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


class Resolver:
    """Resolver of host names in a world with these regions: a plain name means the host in each region."""

    def __init__(self, regions: tuple[str, ...]) -> None:
        self._regions = regions

    def __call__(self, host: str) -> tuple[str, ...]:
        """List the hosts of a name."""
        if not self._regions or "@" in host or host == SHARED_STORE:
            return (host,)
        return tuple(name_in_region(host, region) for region in self._regions)


def _check_number(fault: Fault, horizon: float, where: str) -> None:
    if fault.mean_between_s is None:
        return
    times = horizon / (fault.mean_between_s + (getattr(fault, "mean_length_s", None) or 0.0))
    if times > MOST_TIMES:
        raise InputError(
            f"{where}.mean_between_s: would occur about {format_count(times)} times in a run of {horizon:g} s; "
            f"allowed: {MOST_TIMES:,} times"
        )


def _list_regions(world: World) -> tuple[str, ...]:
    return () if world.regions is None else world.regions.names


def _list_allowed_hosts(world: World, designs: Mapping[str, Design], catalogue: Catalogue, fault: Fault) -> list[str]:
    """List the hosts that a fault of this kind may name, in regions too."""
    impossible = set() if _may_name_clients(fault) else {CLIENT, DURABLE} if isinstance(fault, ColdStart) else {CLIENT}
    plain = [host for host in _iterate_hosts(world, designs, catalogue) if host not in impossible]
    placed = [name_in_region(host, region) for host in plain if host != SHARED_STORE for region in _list_regions(world)]
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
