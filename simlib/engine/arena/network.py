"""The design's own network with the attacker in it: one host more, and nothing else that a design would notice."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from simlib.attacks import ATTACKER_URI, BROWSER, OPEN_ROUTE, OWN_BROWSER, OWNER, SERVED
from simlib.engine.arena.people import OTHER_BACKEND, People
from simlib.engine.backends import backend
from simlib.engine.deployed import Deployed
from simlib.engine.hosts import Handler, HostContext
from simlib.engine.network import Bind, Host, Network, Path
from simlib.engine.routing import routed
from simlib.engine.sites import Site
from simlib.scenario.effects import Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.scenario.places import AUTHORIZATION_SERVER, BACKEND, CLIENT
from simlib.services import ENDPOINTS, AuthorizationServer, Gateway, gateway
from simlib.services.victims import CARELESS_SERVERS

ATTACKER = "attacker"
OPEN_INSIDE = f"{OPEN_ROUTE}/inside"

Serve = Callable[[str, HttpRequest], Flow[Reply]]


def attacked(deployed: Deployed, people: People, server: AuthorizationServer, careless: str, serve: Serve) -> Network:
    """``server`` is what the endpoints work with, ``careless`` which of them are victims, ``serve`` what the attacker's
    host answers.
    """
    network = deployed.network()
    endpoints = {**ENDPOINTS, **(CARELESS_SERVERS[careless].endpoints if careless else {})}
    bound = deployed.handlers.endpoints(server, deployed.around(""), endpoints)
    own = {name: (AUTHORIZATION_SERVER, bind) for name, bind in bound.items()}
    lured = {BROWSER: people.browser, OWN_BROWSER: people.own_browser, OWNER: people.owner}
    return replace(
        network,
        hosts=(*network.hosts, Host(ATTACKER, None)),
        paths=(*network.paths, *_paths(network)),
        handlers={
            **network.handlers,
            **own,
            **{target: (CLIENT, bind) for target, bind in lured.items()},
            **{target: (ATTACKER, partial(_serving, serve, target)) for target in SERVED},
            **_open_route(deployed),
            **_other_backend(deployed),
        },
        aliases={**network.aliases, ATTACKER: network.aliases.get(CLIENT, {})},
    )


def _paths(network: Network) -> list[Path]:
    """The attacker reaches what a client reaches, and everybody reaches the attacker."""
    from_client = [path for path in network.paths if path.caller == CLIENT]
    any_path = from_client[0]
    callers = [host.name for host in network.hosts]
    return [
        *(replace(path, caller=ATTACKER) for path in from_client),
        replace(any_path, caller=ATTACKER, callee=CLIENT),
        *(replace(any_path, caller=caller, callee=ATTACKER) for caller in callers),
    ]


def _serving(serve: Serve, target: str, ctx: HostContext) -> Handler:
    return partial(serve, target)


def _open_route(deployed: Deployed) -> dict[str, tuple[str, Bind]]:
    """One more route at the first host, for which a token of any scope will do. It shares the state of the others."""
    first = next(site for site in deployed.sites if site.first)
    if first.validator is not None:
        return {OPEN_ROUTE: (first.host, deployed.handlers.site(_without_scope(first)))}
    service = next(site for site in deployed.sites if site.edge)
    inside = deployed.handlers.site(_without_scope(service))
    return {OPEN_ROUTE: (first.host, _relay), OPEN_INSIDE: (service.host, inside)}


def _relay(ctx: HostContext) -> Handler:
    return lambda request: gateway(ctx, request, Gateway(None, target=OPEN_INSIDE))


def _without_scope(site: Site) -> Site:
    return replace(site, scope="")


def _other_backend(deployed: Deployed) -> dict[str, tuple[str, Bind]]:
    """The backend for users of the attacker's authorization server, where there is a backend."""
    if deployed.world.backend is None:
        return {}
    told = replace(deployed.parts.deployment, issuer=ATTACKER_URI)
    bind = backend(deployed.world, replace(deployed.parts, deployment=told), deployed.variates)
    return {OTHER_BACKEND: (BACKEND, partial(_at_attacker, bind))}


def _at_attacker(bind: Bind, ctx: HostContext) -> Handler:
    handler = bind(ctx)

    def elsewhere(request: Any) -> Flow[Any]:
        return routed(handler(request), frozenset({"token"}), ATTACKER)

    return elsewhere
