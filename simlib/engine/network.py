"""Network of hosts, links and handlers, given as values: the engine's public model.

`simulate` builds one from a scenario; theory tests, benchmarks and users with a model of their own build it directly
and run it with `run_network`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from simlib.engine.costs import CostTable, SecondsOf
from simlib.engine.faults import Faults
from simlib.engine.hosts import Handler, HostContext, InProcess
from simlib.engine.request_log import RequestLog
from simlib.engine.stations.base import Station
from simlib.scenario.design import Admission
from simlib.scenario.effects import Flow

Bind = Callable[[HostContext], Handler]
"""Makes the handler of one replica; state that the handler keeps belongs to that replica."""


@dataclass(frozen=True)
class Host:
    """Replicas of one kind. ``workers`` None: its CPU is not modelled. ``threads``: each call to it keeps one of
    so many threads of the replica until it is answered; None means that waiting takes no thread (an event loop).
    ``admission``: limit on the unanswered calls of each replica; further calls are refused. ``discipline``: the name
    of a queueing discipline, or a class of stations (`simlib.engine.stations`).

    ``known_on_arrival`` is the promise that lets a FIFO host use the Kiefer-Wolfowitz form: between two waits its
    handlers compute exactly once (the engine stops when they do not), and neither their costs nor what they do next
    depend on what other requests change in the meantime. Where a pool of connections or a request's log depends on the
    order of events, the engine does not rely on the promise.
    """

    name: str
    workers: int | None = 1
    replicas: int = 1
    discipline: str | type[Station] = "fifo"
    known_on_arrival: bool = False
    threads: int | None = None
    admission: Admission | None = None


@dataclass(frozen=True)
class Path:
    """Link from one host to another; see `simlib.scenario.hosts.Link`.

    Where the network charges for calls, ``call_out`` and ``call_in`` are what one costs at its ends (None: nothing).
    ``behind``: the callee is part of the caller, such as its database, so a call is no request to another server.
    """

    caller: str
    callee: str
    round_trip: SecondsOf
    bandwidth: float | None = None
    connections: int | None = None
    keep_alive_s: float | None = None
    connect_round_trips: float = 0.0
    head_out: int = 0
    head_back: int = 0
    call_out: str | None = "http.call_out"
    call_in: str | None = "http.call_in"
    behind: bool = False


@dataclass(frozen=True)
class Network:
    """Hosts, links, handlers of targets, and costs.

    ``handlers``: target -> (host, bind). ``local``: target -> a resource inside the caller's process; ``local_to`` the
    same for single hosts. ``entry``: the host where each request starts and the bind whose handler gets the request's
    number, or its log when ``open_log`` makes one. ``after``: further work at given instants (seconds), not part of any
    request. ``aliases``: host -> its name for a target -> the target. ``single``: targets of which each replica has an
    address of its own, "target#0" and so on. ``backgrounds``: host -> the background work of each of its replicas.
    ``costs_of``: hosts with a cost table of their own. ``entries``: the hosts where request i starts, when that is not
    always the same one. ``faults``: what goes wrong while it runs. ``warm``: connections have been in use before.
    """

    hosts: tuple[Host, ...]
    entry: tuple[str, Bind]
    costs: CostTable
    paths: tuple[Path, ...] = ()
    handlers: Mapping[str, tuple[str, Bind]] = field(default_factory=dict)
    local: Mapping[str, InProcess] = field(default_factory=dict)
    charge_calls: bool = False
    after: tuple[tuple[float, str, Callable[[], Flow[Any]]], ...] = ()
    open_log: Callable[[int, float], RequestLog] | None = None
    local_to: Mapping[str, Mapping[str, InProcess]] = field(default_factory=dict)
    aliases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    single: frozenset[str] = frozenset()
    backgrounds: Mapping[str, Callable[[HostContext], tuple[Flow[Any], ...]]] = field(default_factory=dict)
    costs_of: Mapping[str, CostTable] = field(default_factory=dict)
    entries: Sequence[str] | None = None
    faults: Faults | None = None
    warm: bool = False
