"""Fault schedule of one replication: the instants of a scenario's faults, as faults of hosts, links and code."""

from typing import TypeVar

from simlib.deployment.key_rotation import KeyChange
from simlib.engine.faults import Cut, Outage, Skew, Slowdown
from simlib.scenario.fault_times import FaultTime, Resolver, schedule_faults
from simlib.scenario.faults import (
    ClockSkew,
    ColdStart,
    Down,
    Fault,
    JwksEmptied,
    KeyRotation,
    MassLogout,
    Partition,
    RandomTokenFlood,
    RefreshHerd,
    RetryStorm,
    Slow,
    StoreFull,
    StoreSlow,
    UnknownKidFlood,
)
from simlib.scenario.hosts import AUTHORIZATION_SERVER, STORE, find_host_kind
from simlib.scenario.scenario import Scenario
from simlib.scenario.variates import Variates

Storm = tuple[float, float, int]
"""From when to when (seconds), and how many times a call is repeated."""

F = TypeVar("F")


class FaultSchedule:
    """Faults of a world in one replication, for the hosts of one design."""

    def __init__(self, scenario: Scenario, variates: Variates) -> None:
        world = scenario.world
        self.regions = () if world.regions is None else world.regions.names
        self._resolve = Resolver(self.regions)
        self._faults = world.faults
        self._in_process = world.store.database is None
        self.times = schedule_faults(world.faults, self._resolve, scenario.horizon_s, variates)

    def __bool__(self) -> bool:
        """Whether anything can go wrong, even if nothing does this time."""
        return bool(self._faults)

    def select(self, *kinds: type[F]) -> list[tuple[FaultTime, F]]:
        """The faults of some kinds, in order of time."""
        return [(time, fault) for time in self.times if isinstance(fault := self._find_fault(time), kinds)]

    def _find_fault(self, time: FaultTime) -> Fault:
        return self._faults[time.name]

    def list_times(self) -> tuple[tuple[FaultTime, str], ...]:
        """Every fault with its kind."""
        return tuple((time, self._find_fault(time).kind) for time in self.times)

    # --- hosts and links -----------------------------------------------------------------------------------------

    def build_outages(self, hosts: frozenset[str]) -> tuple[Outage, ...]:
        """Hosts that are down, of those that there are."""
        return tuple(
            Outage(host, time.begin, time.end, fault.endpoint or "")
            for time, fault in self.select(Down)
            for host in self._resolve(fault.host)
            if host in hosts
        )

    def build_slowdowns(self, hosts: frozenset[str]) -> tuple[Slowdown, ...]:
        """Hosts that are slow, and a store that is slow inside the server's own process."""
        slow = [
            Slowdown(host, time.begin, time.end, fault.factor)
            for time, fault in self.select(Slow)
            for host in self._resolve(fault.host)
        ]
        place, operations = (AUTHORIZATION_SERVER, f"{STORE}.") if self._in_process else (STORE, "")
        slow += [
            Slowdown(host, time.begin, time.end, fault.factor, operations)
            for time, fault in self.select(StoreSlow)
            for host in self._resolve(place)
        ]
        return tuple(one for one in slow if one.host in hosts)

    def build_cuts(self) -> tuple[Cut, ...]:
        """Hosts that cannot reach each other."""
        return tuple(
            Cut(one, other, time.begin, time.end)
            for time, fault in self.select(Partition)
            for one in self._resolve(fault.between[0])
            for other in self._resolve(fault.between[1])
        )

    def build_skews(self) -> tuple[Skew, ...]:
        """Clocks that are off."""
        return tuple(
            Skew(host, time.begin, time.end, fault.skew_s, fault.replica)
            for time, fault in self.select(ClockSkew)
            for host in self._resolve(fault.host)
        )

    def list_cold_starts(self, hosts: frozenset[str]) -> tuple[tuple[str, float], ...]:
        """Hosts that begin anew, and when."""
        return tuple(
            (host, time.begin)
            for time, fault in self.select(ColdStart)
            for host in self._resolve(fault.host)
            if host in hosts
        )

    # --- what servers and clients do -----------------------------------------------------------------------------

    def list_key_changes(self) -> tuple[KeyChange, ...]:
        """The signing keys to come, in the order in which they sign."""
        return tuple(
            KeyChange(time.begin, time.begin - fault.publication_lead_s, time.begin + (fault.kept_s or 0.0))
            for time, fault in self.select(KeyRotation)
        )

    def list_emergencies(self) -> tuple[float, ...]:
        """When a key is withdrawn together with all that it has signed."""
        return tuple(time.begin for time, fault in self.select(KeyRotation) if fault.emergency)

    def list_storms(self, host: str) -> tuple[Storm, ...]:
        """Times of the retry storms of callers on a host."""
        return tuple(
            (time.begin, time.end, fault.times)
            for time, fault in self.select(RetryStorm)
            if host in self._resolve(fault.caller)
        )

    def list_floods(self) -> list[tuple[FaultTime, UnknownKidFlood | RandomTokenFlood]]:
        """The floods."""
        return self.select(UnknownKidFlood, RandomTokenFlood)

    def list_logouts(self) -> list[tuple[FaultTime, MassLogout]]:
        """The mass logouts."""
        return self.select(MassLogout)

    def list_herds(self) -> list[tuple[FaultTime, RefreshHerd]]:
        """The instants at which many tokens end."""
        return self.select(RefreshHerd)

    @property
    def affects_store(self) -> bool:
        """Whether the token store may fail to answer."""
        reached = any(
            find_host_kind(host) == STORE
            for fault in self._faults.values()
            if isinstance(fault, Down | Partition)
            for host in ([fault.host] if isinstance(fault, Down) else fault.between)
        )
        return reached or any(isinstance(fault, StoreFull) for fault in self._faults.values())

    @property
    def ends_sessions(self) -> bool:
        """Whether the tokens of each user must be indexed."""
        return bool(self.list_logouts() or self.list_emergencies())

    def is_store_full(self, now: float) -> bool:
        """Whether the token store takes no writes at an instant (seconds)."""
        return any(time.begin <= now < time.end for time, _ in self.select(StoreFull))

    def is_jwks_empty(self, now: float) -> bool:
        """Whether the key set endpoint serves an empty set at an instant (seconds)."""
        return any(time.begin <= now < time.end for time, _ in self.select(JwksEmptied))

    @property
    def changes_key_sets(self) -> bool:
        """Whether the key set endpoint serves different sets at different times."""
        return bool(self.select(JwksEmptied, KeyRotation))
