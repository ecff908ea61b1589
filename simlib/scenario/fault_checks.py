"""Whether the faults of a world can happen there: hosts that exist, times within the run, no contradictions."""

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

from simlib.scenario.design import Design
from simlib.scenario.errors import InputError, unknown
from simlib.scenario.fault_times import claimed_span, given_span, overlap
from simlib.scenario.faults import ClockSkew, ColdStart, Down, Fault, Partition, hosts_named
from simlib.scenario.hosts import (
    AUTHORIZATION_SERVER,
    BACKEND,
    CLIENT,
    ENDPOINTS,
    GATEWAY,
    SERVICE,
    SHARED_STORE,
    STORE,
    at,
    inner_service,
    kind_of,
)
from simlib.scenario.world import World

Catalogue = Mapping[str, Mapping[str, type[Any]]]
ROUNDING = 1e-9
"""An end that is computed from lengths may be that much, as a share, beyond the end that was meant."""
MOST_TIMES = 1000
"""A drawn fault that comes more often in a run is a mistake, and would keep the simulation busy with nothing else."""
DURABLE = STORE
"""It has on disk what it has, so it cannot begin anew with nothing."""


def check_fault_times(world: World, horizon: float, where: str) -> None:
    """Refuse faults outside a run of that length (seconds), given ones that contradict each other, and drawn ones that
    come too often.

    ``where`` begins each message. Raises InputError with the key.
    """
    given = {name: fault for name, fault in world.faults.items() if not fault.random}
    for name, fault in given.items():
        begin, end = given_span(fault)
        if begin >= horizon or end > horizon * (1 + ROUNDING):
            key = "at_s" if begin >= horizon else "length_s"
            what = f"begins at {begin:g} s" if begin >= horizon else f"lasts until {end:g} s"
            raise InputError(f"{where}.{name}.{key}: {what}, which is after the end of the run at {horizon:g} s")
    for name, fault in world.faults.items():
        _check_number(fault, horizon, f"{where}.{name}")
    resolve = Resolver(_regions(world))
    for one, other in combinations(given, 2):
        both = given[one].claims(resolve) & given[other].claims(resolve)
        spans = [claimed_span(given[name], given_span(given[name])) for name in (one, other)]
        if both and overlap(spans[0], spans[1]):
            raise InputError(
                f"{where}.{other}: contradicts {one}: both say at the same time what becomes of {sorted(both)[0]!r}; "
                "let one end before the other begins"
            )


def check_fault_hosts(world: World, designs: Mapping[str, Design], catalogue: Catalogue, where: str) -> None:
    """Refuse faults on hosts, endpoints or replicas that no design has. Raises InputError with the key."""
    for name, fault in world.faults.items():
        for key, host in hosts_named(fault):
            _check_host(host, fault, _known(world, designs, catalogue, fault), f"{where}.{name}.{key}")
        if isinstance(fault, Partition) and fault.between[0] == fault.between[1]:
            raise InputError(f"{where}.{name}.between: names two hosts, not {fault.between[0]!r} twice")
        if isinstance(fault, Down) and fault.endpoint is not None:
            _check_endpoint(fault, f"{where}.{name}")
        if isinstance(fault, ClockSkew) and fault.replica is not None:
            _check_replica(fault, designs, f"{where}.{name}.replica")


def is_there(world: World, designs: Mapping[str, Design], catalogue: Catalogue, fault: Fault) -> bool:
    """Whether every host that a fault names is in the world and in some design."""
    return all(host in _known(world, designs, catalogue, fault) for _, host in hosts_named(fault))


class Resolver:
    """Finds the hosts that a name means in a world with these regions: itself, or one in each for a plain name."""

    def __init__(self, regions: tuple[str, ...]) -> None:
        self._regions = regions

    def __call__(self, host: str) -> tuple[str, ...]:
        """The hosts."""
        if not self._regions or "@" in host or host == SHARED_STORE:
            return (host,)
        return tuple(at(host, region) for region in self._regions)


def _check_number(fault: Fault, horizon: float, where: str) -> None:
    if fault.mean_between_s is None:
        return
    times = horizon / (fault.mean_between_s + (getattr(fault, "mean_length_s", None) or 0.0))
    if times > MOST_TIMES:
        raise InputError(
            f"{where}.mean_between_s: would happen about {times:,.0f} times in a run of {horizon:g} s; "
            f"allowed: {MOST_TIMES:,} times"
        )


def _regions(world: World) -> tuple[str, ...]:
    return () if world.regions is None else world.regions.names


def _known(world: World, designs: Mapping[str, Design], catalogue: Catalogue, fault: Fault) -> list[str]:
    """The hosts that a fault of this kind may name, in regions too."""
    impossible = set() if _reaches_clients(fault) else {CLIENT, DURABLE} if isinstance(fault, ColdStart) else {CLIENT}
    plain = [host for host in _hosts(world, designs, catalogue) if host not in impossible]
    placed = [at(host, region) for host in plain if host != SHARED_STORE for region in _regions(world)]
    return [*plain, *placed]


def _reaches_clients(fault: Fault) -> bool:
    return isinstance(fault, Partition) or fault.kind == "retry_storm"


def _hosts(world: World, designs: Mapping[str, Design], catalogue: Catalogue) -> Iterator[str]:
    yield CLIENT
    if world.backend is not None:
        yield BACKEND
    if world.gateway is not None and any(GATEWAY in design.parts for design in designs.values()):
        yield GATEWAY
    yield SERVICE
    yield from (inner_service(name) for name in world.inner_services)
    yield AUTHORIZATION_SERVER
    if world.store.database is not None:
        yield STORE
    if world.shared_store is not None and any(_shares(design, catalogue) for design in designs.values()):
        yield SHARED_STORE


def _shares(design: Design, catalogue: Catalogue) -> bool:
    placed = [(catalogue[place][chosen.part], chosen) for place, chosen in design.parts.items()]
    placed += [(catalogue["wrappers"][chosen.part], chosen) for chosen in design.wrappers]
    return any("shared_store" in kind.needs(chosen.settings) for kind, chosen in placed if hasattr(kind, "needs"))


def _check_host(host: str, fault: Fault, known: list[str], where: str) -> None:
    if host not in known:
        raise InputError(f"{where}: {unknown('host', host, known)}")


def _check_endpoint(fault: Down, where: str) -> None:
    if kind_of(fault.host) != AUTHORIZATION_SERVER:
        raise InputError(f"{where}.endpoint: belongs to host = {AUTHORIZATION_SERVER!r} and to no other")
    if fault.endpoint not in ENDPOINTS:
        raise InputError(f"{where}.endpoint: {unknown('endpoint', str(fault.endpoint), ENDPOINTS)}")


def _check_replica(fault: ClockSkew, designs: Mapping[str, Design], where: str) -> None:
    place = "inner_service" if "/" in fault.host else kind_of(fault.host)
    most = max(design.replicas.get(place, 1) for design in designs.values())
    assert fault.replica is not None
    if fault.replica >= most:
        raise InputError(f"{where}: there is no replica {fault.replica}; allowed: 0 to {most - 1}")
