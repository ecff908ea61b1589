"""Hosts while the simulation runs: replicas, each with a station, its costs and its single-flight registry."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from simlib.engine.costs import DrawnColumn, HostCosts
from simlib.engine.kernel import Kernel
from simlib.engine.links import Connections, LinkRuntime
from simlib.engine.stations.base import Station
from simlib.engine.task import Task
from simlib.engine.threads import Threads
from simlib.scenario.effects import Flow
from simlib.scenario.variates import Variates

Handler = Callable[[Any], Flow[Any]]


class InProcess(NamedTuple):
    """A resource inside the caller's process (a dict, SQLite): its time is time of the caller's worker.

    ``operation_of`` names what a request costs, ``execute`` really does it.
    """

    operation_of: Callable[[Any], str]
    execute: Callable[[Any], Any]


@dataclass(slots=True)
class Route:
    """How one replica reaches one target: inside its own process, or over a link to the replicas of a host.

    ``target`` is what it is called there, whatever the caller calls it, and ``first`` what the first replica does then.
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
    """What a part may ask of the host it runs on."""

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

    def random_bytes(self, purpose: str, length: int) -> bytes:
        """Bytes derived from the seed: the same in every run, so worthless as secrets outside a simulation."""
        ordinal = self._issued.get(purpose, 0)
        self._issued[purpose] = ordinal + 1
        return self._variates.random_bytes(f"{self.name}.{self.replica}.{purpose}", ordinal, length)


class Replica:
    """One replica of a host. ``station`` is None for hosts whose CPU is not modelled (clients)."""

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
    )

    def __init__(self, name_id: int, context: HostContext, station: Station | None, costs: HostCosts) -> None:
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
