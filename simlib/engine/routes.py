"""Routes of a network, built before it runs: which replica reaches which target, over which link."""

from collections.abc import Mapping

from simlib.engine.costs import DrawnColumn, Identity
from simlib.engine.hosts import Replica, Route
from simlib.engine.links import Connections, LinkRuntime
from simlib.engine.network import Network, Path
from simlib.scenario.variates import Variates

Replicas = Mapping[str, list[Replica]]


def connect_routes(
    network: Network, replicas: Replicas, names: tuple[str, ...], variates: Variates, requests: int
) -> None:
    """Give every replica its routes: the links that the network has, then what is in its own process."""
    for path in network.paths:
        link = _build_link(path, variates, requests)
        callees = replicas[path.callee]
        balance = None
        if len(callees) > 1:
            balance = DrawnColumn(f"balance.{path.caller}.{path.callee}", Identity(), variates, requests)
        for replica in replicas[path.caller]:
            pool = Connections(path.connections, path.keep_alive_s) if link.pooled else None
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


def _build_link(path: Path, variates: Variates, requests: int) -> LinkRuntime:
    return LinkRuntime(
        f"{path.caller}.{path.callee}",
        path.round_trip,
        variates,
        requests,
        bandwidth=path.bandwidth,
        connections=path.connections,
        keep_alive=path.keep_alive_s,
        connect_round_trips=path.connect_round_trips,
        head_out=path.head_out,
        head_back=path.head_back,
    )
