"""The faults of a scenario's world in one replication: when they happen, and what they mean for servers and clients.

What they mean for hosts and links is told in `simlib.engine.faults`.

Callers that ask again at once when they get no usable answer.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from simlib.deployment.parts import KeyChange
from simlib.engine.faults import Cut, Outage, Skew, Slowdown
from simlib.engine.hosts import Handler, HostContext
from simlib.engine.network import Bind
from simlib.scenario.effects import Call, Context, Failed, Flow, Once
from simlib.scenario.fault_checks import Resolver
from simlib.scenario.fault_times import FaultTime, fault_times
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
from simlib.scenario.hosts import AUTHORIZATION_SERVER, STORE, kind_of
from simlib.scenario.scenario import Scenario
from simlib.scenario.variates import Variates

Storm = tuple[float, float, int]
"""From when to when (seconds), and how many times a call is repeated."""


def insistent(flow: Flow[Any], ctx: Context, storms: tuple[Storm, ...]) -> Flow[Any]:
    """The generator with its calls repeated while a storm lasts, those in shared work included."""
    answer: Any = None
    while True:
        try:
            effect = flow.send(answer)
        except StopIteration as stop:
            return stop.value
        if isinstance(effect, Once):
            effect = effect._replace(work=partial(_again, effect.work, ctx, storms))
        answer = yield effect
        if answer.__class__ is Failed and isinstance(effect, Call):
            answer = yield from _repeated(effect, answer, ctx, storms)


def insistent_host(bind: Bind, storms: tuple[Storm, ...]) -> Bind:
    """A bind whose handlers call like that."""

    def bound(ctx: HostContext) -> Handler:
        handler = bind(ctx)
        return lambda request: insistent(handler(request), ctx, storms)

    return bound


def _repeated(call: Call, answer: Any, ctx: Context, storms: tuple[Storm, ...]) -> Flow[Any]:
    times = 0
    while answer.__class__ is Failed and times < _patience(ctx.now(), storms):
        times += 1
        answer = yield call
    return answer


def _patience(now: float, storms: tuple[Storm, ...]) -> int:
    return max((times for begin, end, times in storms if begin <= now < end), default=0)


def _again(work: Callable[[], Flow[Any]], ctx: Context, storms: tuple[Storm, ...]) -> Flow[Any]:
    return insistent(work(), ctx, storms)


F = TypeVar("F")


class FaultSchedule:
    """What the faults of a world are in one replication, for the hosts of one design."""

    def __init__(self, scenario: Scenario, variates: Variates) -> None:
        world = scenario.world
        self.regions = () if world.regions is None else world.regions.names
        self._resolve = Resolver(self.regions)
        self._faults = world.faults
        self._in_process = world.store.database is None
        self.times = fault_times(world.faults, self._resolve, scenario.horizon_s, variates)

    def __bool__(self) -> bool:
        """Whether anything can go wrong, even if nothing does this time."""
        return bool(self._faults)

    def of(self, *kinds: type[F]) -> list[tuple[FaultTime, F]]:
        """The faults of some kinds, in order of time."""
        return [(time, fault) for time in self.times if isinstance(fault := self._fault(time), kinds)]

    def _fault(self, time: FaultTime) -> Fault:
        return self._faults[time.name]

    def told(self) -> tuple[tuple[FaultTime, str], ...]:
        """Every fault with its kind."""
        return tuple((time, self._fault(time).kind) for time in self.times)

    # --- hosts and links -----------------------------------------------------------------------------------------

    def outages(self, hosts: frozenset[str]) -> tuple[Outage, ...]:
        """Hosts that are down, of those that there are."""
        return tuple(
            Outage(host, time.begin, time.end, fault.endpoint or "")
            for time, fault in self.of(Down)
            for host in self._resolve(fault.host)
            if host in hosts
        )

    def slowdowns(self, hosts: frozenset[str]) -> tuple[Slowdown, ...]:
        """Hosts that are slow, and a store that is slow inside the server's own process."""
        slow = [
            Slowdown(host, time.begin, time.end, fault.factor)
            for time, fault in self.of(Slow)
            for host in self._resolve(fault.host)
        ]
        place, operations = (AUTHORIZATION_SERVER, f"{STORE}.") if self._in_process else (STORE, "")
        slow += [
            Slowdown(host, time.begin, time.end, fault.factor, operations)
            for time, fault in self.of(StoreSlow)
            for host in self._resolve(place)
        ]
        return tuple(one for one in slow if one.host in hosts)

    def cuts(self) -> tuple[Cut, ...]:
        """Hosts that cannot reach each other."""
        return tuple(
            Cut(one, other, time.begin, time.end)
            for time, fault in self.of(Partition)
            for one in self._resolve(fault.between[0])
            for other in self._resolve(fault.between[1])
        )

    def skews(self) -> tuple[Skew, ...]:
        """Clocks that are off."""
        return tuple(
            Skew(host, time.begin, time.end, fault.skew_s, fault.replica)
            for time, fault in self.of(ClockSkew)
            for host in self._resolve(fault.host)
        )

    def cold_starts(self, hosts: frozenset[str]) -> tuple[tuple[str, float], ...]:
        """Hosts that begin anew, and when."""
        return tuple(
            (host, time.begin)
            for time, fault in self.of(ColdStart)
            for host in self._resolve(fault.host)
            if host in hosts
        )

    # --- what servers and clients do -----------------------------------------------------------------------------

    def key_changes(self) -> tuple[KeyChange, ...]:
        """The signing keys to come, in the order in which they sign."""
        return tuple(
            KeyChange(time.begin, time.begin - fault.ahead_s, time.begin + (fault.kept_s or 0.0))
            for time, fault in self.of(KeyRotation)
        )

    def emergencies(self) -> tuple[float, ...]:
        """When a key is withdrawn together with all that it has signed."""
        return tuple(time.begin for time, fault in self.of(KeyRotation) if fault.emergency)

    def storms(self, host: str) -> tuple[Storm, ...]:
        """When the callers on a host ask again at once."""
        return tuple(
            (time.begin, time.end, fault.times)
            for time, fault in self.of(RetryStorm)
            if host in self._resolve(fault.caller)
        )

    def floods(self) -> list[tuple[FaultTime, UnknownKidFlood | RandomTokenFlood]]:
        """The floods."""
        return self.of(UnknownKidFlood, RandomTokenFlood)

    def logouts(self) -> list[tuple[FaultTime, MassLogout]]:
        """The mass logouts."""
        return self.of(MassLogout)

    def herds(self) -> list[tuple[FaultTime, RefreshHerd]]:
        """The instants at which many tokens end."""
        return self.of(RefreshHerd)

    @property
    def hits_the_store(self) -> bool:
        """Whether the token store may fail to answer."""
        reached = any(
            kind_of(host) == STORE
            for fault in self._faults.values()
            if isinstance(fault, Down | Partition)
            for host in ([fault.host] if isinstance(fault, Down) else fault.between)
        )
        return reached or any(isinstance(fault, StoreFull) for fault in self._faults.values())

    @property
    def ends_sessions(self) -> bool:
        """Whether it must be known which tokens each user has."""
        return bool(self.logouts() or self.emergencies())

    def store_is_full(self, now: float) -> bool:
        """Whether the token store takes no writes at an instant (seconds)."""
        return any(time.begin <= now < time.end for time, _ in self.of(StoreFull))

    def jwks_is_empty(self, now: float) -> bool:
        """Whether the key set endpoint serves an empty set at an instant (seconds)."""
        return any(time.begin <= now < time.end for time, _ in self.of(JwksEmptied))

    @property
    def changes_key_sets(self) -> bool:
        """Whether the key set endpoint serves different sets at different times."""
        return bool(self.of(JwksEmptied, KeyRotation))
