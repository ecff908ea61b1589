"""Hosts while the simulation runs: replicas, each with a station, its costs and its single-flight registry.

A server that gives a thread to each request keeps it from arrival to answer, also while it waits for others: a request
first gets a thread, in order of arrival, then shares the workers (cores) of the station.
"""

from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from simlib.engine.costs import DrawnColumn, HostCosts
from simlib.engine.kernel import NEVER, Kernel
from simlib.engine.links import Connections, LinkRuntime
from simlib.engine.stations.base import Occupancy, Station
from simlib.engine.task import Task
from simlib.scenario.effects import Flow
from simlib.scenario.variates import Variates

Held = tuple[Task, int]
"""A task and how deep in its calls it is: it may hold a thread on every host that it is nested in."""


class Threads(Occupancy):
    """Threads of one replica and the requests that wait for one."""

    form = "threads"
    __slots__ = ("_since", "_waiting")

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self._waiting: deque[Task] = deque()
        self._since: dict[Held, float] = {}

    def enter(self, task: Task, now: float) -> bool:
        """Take in a request; whether it has a thread at once. Otherwise `leave` returns it later."""
        self._integrate(now)
        self._number += 1
        self._arrivals += 1
        self._since[task, len(task.frames)] = now
        if self._idle:
            self._idle -= 1
            return True
        self._waiting.append(task)
        return False

    def leave(self, task: Task, now: float) -> tuple[float, Task | None]:
        """Take back the thread of an answered request: when it had arrived, and the request that gets its thread."""
        self._integrate(now)
        self._number -= 1
        since = self._since.pop((task, len(task.frames) + 1))
        if self._waiting:
            return since, self._waiting.popleft()
        self._idle += 1
        return since, None

    def move(self, one: Held, other: Held) -> None:
        """Move what one task holds here, if anything, to another."""
        since = self._since.pop(one, None)
        if since is not None:
            self._since[other] = since

    def crash(self, now: float) -> None:
        """Lose every request that is here."""
        self._integrate(now)
        self._waiting.clear()
        self._since.clear()
        self._number = 0
        self._idle = self._workers

    @property
    def held(self) -> list[tuple[Task, float]]:
        """Requests here, with a thread or without, and since when."""
        return [(task, since) for (task, _), since in self._since.items()]


Handler = Callable[[Any], Flow[Any]]


class InProcess(NamedTuple):
    """A resource inside the caller's process (a dict, SQLite): its time is time of the caller's worker.

    ``operation_of`` names what a request costs, ``execute`` really does it.
    """

    operation_of: Callable[[Any], str]
    execute: Callable[[Any], Any]


@dataclass(slots=True)
class Route:
    """Way from one replica to one target: inside its own process, or over a link to the replicas of a host.

    ``target`` is its name there, whatever the caller's name for it, and ``first`` the first replica's handler of it.
    """

    local: InProcess | None = None
    target_id: int = -1
    host_id: int = -1
    link: LinkRuntime = field(init=False)
    replicas: "list[Replica]" = field(init=False)
    balance: DrawnColumn | None = None
    connections: Connections | None = None
    call_out: tuple[str, ...] = ()
    call_in: tuple[str, ...] = ()
    asks: bool = True
    target: str = ""
    first: Handler = field(init=False)


class HostContext:
    """View of the host that handlers run on: its clock, its random bytes, its name and replica."""

    __slots__ = ("_issued", "_kernel", "_variates", "name", "replica")

    def __init__(self, kernel: Kernel, variates: Variates, name: str, replica: int) -> None:
        self._kernel = kernel
        self._variates = variates
        self._issued: dict[str, int] = {}
        self.name = name
        self.replica = replica

    def now(self) -> float:
        """The host's clock, seconds since the start of the run."""
        return self._kernel._now

    def simulated_now(self) -> float:
        """The simulated instant (seconds), for records alone: no part may read it, whose clock may be off."""
        return self._kernel._now

    def random_bytes(self, purpose: str, length: int) -> bytes:
        """Bytes derived from the seed: the same in every run, so worthless as secrets outside a simulation."""
        ordinal = self._issued.get(purpose, 0)
        self._issued[purpose] = ordinal + 1
        return self._variates.random_bytes(f"{self.name}.{self.replica}.{purpose}", ordinal, length)


class Replica:
    """Replica of a host. ``station`` is None for hosts whose CPU is not modelled (clients).

    ``upcoming``: the event list of which work here may run ahead (see `Kernel`), or one that nothing can precede.
    """

    __slots__ = (
        "context",
        "costs",
        "flights",
        "handlers",
        "index",
        "name",
        "name_id",
        "routes",
        "station",
        "threads",
        "threads_id",
        "upcoming",
    )

    def __init__(self, name_id: int, context: HostContext, station: Station | None, costs: HostCosts) -> None:
        self.upcoming: list[Any] = NEVER
        self.name = context.name
        self.name_id = name_id
        self.index = context.replica
        self.context = context
        self.station = station
        self.costs = costs
        self.threads: Threads | None = None
        self.threads_id = -1
        self.handlers: dict[str, Handler] = {}
        self.flights: dict[Hashable, list[Task]] = {}
        self.routes: dict[str, Route] = {}
