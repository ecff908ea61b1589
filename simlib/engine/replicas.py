"""Replicas of a host, built before a run: their stations, costs and contexts, and the routes between them."""

from collections.abc import Mapping
from itertools import count
from typing import Any

from simlib.engine.costs import CostTable, DrawnColumn, HostCosts, Identity
from simlib.engine.faults import Faults, Skew
from simlib.engine.hosts import HostContext, Replica, Route, Threads
from simlib.engine.kernel import Kernel
from simlib.engine.links import Connections, LinkRuntime
from simlib.engine.network import Bind, Host, Network, Path
from simlib.engine.request_window import RequestWindow
from simlib.engine.slowed_costs import SlowedCosts
from simlib.engine.stations import Station
from simlib.scenario.effects import Flow
from simlib.scenario.variates import Variates


class SkewedContext(HostContext):
    """View of a host with clock faults; its own clock is all that it can read."""

    __slots__ = ("_skews",)

    def __init__(self, kernel: Kernel, variates: Variates, name: str, replica: int, skews: list[Skew]) -> None:
        super().__init__(kernel, variates, name, replica)
        self._skews = skews

    def now(self) -> float:
        """The host's clock, seconds since the start of the run."""
        now = self._kernel._now
        return now + sum(skew.seconds for skew in self._skews if skew.begin <= now < skew.end)


NO_FAULTS = Faults()


def build_replicas(
    host: Host,
    handlers: Mapping[str, tuple[str, Bind]],
    station: type[Station],
    table: CostTable,
    faults: Faults,
    names: tuple[str, ...],
    kernel: Kernel,
    variates: Variates,
    window: RequestWindow,
) -> list[Replica]:
    """The replicas of one host, with stations of that form."""
    costs = build_costs(host.name, table, variates, window, faults, kernel)
    replicas = []
    for index in range(host.replicas):
        context = build_context(kernel, variates, host.name, index, faults)
        workers = host.workers
        replica = Replica(names.index(host.name), context, None if workers is None else station(kernel, workers), costs)
        if host.threads is not None:
            replica.threads = Threads(host.threads)
            replica.threads_id = names.index(name_threads(host.name))
        elif faults is NO_FAULTS:
            # Threads are handed on, and crashes fail calls, in the middle of an event: there nothing may run ahead.
            replica.upcoming = kernel.upcoming
        for target, (where, bind) in handlers.items():
            if where == host.name:
                replica.handlers[target] = bind(context)
        replicas.append(replica)
    return replicas


def name_threads(host: str) -> str:
    """Name of a host's threads in records."""
    return f"{host}.threads"


def build_context(kernel: Kernel, variates: Variates, host: str, index: int, faults: Faults) -> HostContext:
    """The context of one replica: with a clock that may be off, if a fault says so."""
    skews = [skew for skew in faults.skews if skew.host == host and skew.replica in (None, index)]
    if not skews:
        return HostContext(kernel, variates, host, index)
    return SkewedContext(kernel, variates, host, index, skews)


def build_costs(
    host: str, table: CostTable, variates: Variates, window: RequestWindow, faults: Faults, kernel: Kernel
) -> HostCosts:
    """The costs on a host: with operations that take longer at times, if a fault says so."""
    slowdowns = [slow for slow in faults.slowdowns if slow.host == host and slow.operations]
    if not slowdowns:
        return HostCosts(host, table, variates, window)
    return SlowedCosts(host, table, variates, window, slowdowns, kernel)


def run_until_replaced(flow: Flow[Any], replica: Replica, group: list[Replica]) -> Flow[None]:
    """Run the background work of a replica until another takes its place in the group."""
    answer: Any = None
    while any(other is replica for other in group):
        try:
            effect = flow.send(answer)
        except StopIteration:
            return
        answer = yield effect


Replicas = Mapping[str, list[Replica]]


def connect_routes(
    network: Network, replicas: Replicas, names: tuple[str, ...], variates: Variates, window: RequestWindow
) -> None:
    """Give every replica its routes: the links that the network has, then what is in its own process."""
    for path in network.paths:
        link = _build_link(path, variates, window)
        callees = replicas[path.callee]
        balance = None
        if len(callees) > 1:
            balance = DrawnColumn(f"balance.{path.caller}.{path.callee}", Identity(), variates, window)
        for replica in replicas[path.caller]:
            pool = _build_pool(path, replica, variates, network.warm) if link.pooled else None
            for target, (where, _) in network.handlers.items():
                if where == path.callee:
                    route = Route(None, names.index(target), names.index(where), balance, pool)
                    _set_call_costs(route, path, network.charge_calls)
                    route.link, route.replicas, route.target = link, callees, target
                    route.first = callees[0].handlers[target]
                    replica.routes[target] = route
                    if target in network.single:
                        replica.routes |= _build_replica_routes(target, route)
    for host, group in replicas.items():
        _connect_in_process(network, host, group)


def _build_pool(path: Path, replica: Replica, variates: Variates, warm: bool) -> Connections:
    """The connections of a replica; ``warm``: with those that it has used before the run."""
    if not warm:
        return Connections(path.connections, path.keep_alive_s)
    ordinals, purpose = count(), f"warm.connections.{path.caller}.{path.callee}"
    return Connections(
        path.connections, path.keep_alive_s, lambda: variates.draw_one(purpose, replica.index, next(ordinals))
    )


def _connect_in_process(network: Network, host: str, replicas: list[Replica]) -> None:
    local = {**network.local, **network.local_to.get(host, {})}
    aliases = network.aliases.get(host, {})
    for replica in replicas:
        replica.routes |= {target: Route(resource) for target, resource in local.items()}
        replica.routes |= {name: replica.routes[target] for name, target in aliases.items()}


def _set_call_costs(route: Route, path: Path, charge_calls: bool) -> None:
    route.asks = not path.behind
    if charge_calls:
        route.call_out = (path.call_out,) if path.call_out else ()
        route.call_in = (path.call_in,) if path.call_in else ()


def _build_replica_routes(target: str, route: Route) -> dict[str, Route]:
    """The same route to each replica by an address of its own."""
    routes = {}
    for number, replica in enumerate(route.replicas):
        own = routes[f"{target}#{number}"] = Route(None, route.target_id, route.host_id, None, route.connections)
        own.asks, own.call_out, own.call_in = route.asks, route.call_out, route.call_in
        own.link, own.replicas, own.target = route.link, [replica], target
    return routes


def _build_link(path: Path, variates: Variates, window: RequestWindow) -> LinkRuntime:
    return LinkRuntime(
        f"{path.caller}.{path.callee}",
        path.round_trip,
        variates,
        window,
        bandwidth=path.bandwidth,
        connections=path.connections,
        keep_alive=path.keep_alive_s,
        connect_round_trips=path.connect_round_trips,
        head_out=path.head_out,
        head_back=path.head_back,
    )
