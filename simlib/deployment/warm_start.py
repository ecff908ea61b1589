"""Servers in the middle of their lives: caches and key sets that are there when a run begins, of any age.

A short run that begins with empty caches shows a restart, and all key sets end together in it. Here every replica has
validated tokens before the run, really and outside time. A key set is of an age that is uniform over its lifetime. An
answer about a token that a replica sees at rate r, kept for T seconds after it was asked for, is there for T out of
every T + 1/r seconds, and of an age that is uniform on [0, T).
"""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from simlib.deployment.enforcement_points import Site
from simlib.deployment.offline_run import PastContext, Resource, run_untimed
from simlib.scenario.hosts import GATEWAY, at
from simlib.scenario.messages import HttpRequest
from simlib.services import ENDPOINTS
from simlib.strategies import Presented

if TYPE_CHECKING:
    from simlib.deployment.deployment import Deployed


def warm(deployed: "Deployed") -> None:
    """Let every replica that validates the clients' own tokens have done so before the run."""
    for site in deployed.sites:
        if site.validator is not None and _sees_clients_tokens(deployed, site):
            for replica in range(site.replicas):
                _warm_keys(deployed, site, replica)
                _warm_answers(deployed, site, replica)


def _sees_clients_tokens(deployed: "Deployed", site: Site) -> bool:
    propagator = deployed.parts.propagator
    return site.edge or (site.place != GATEWAY and (propagator is None or not propagator.own_audiences))


def _setting(deployed: "Deployed", site: Site, name: str) -> float | None:
    value: float | None = getattr(deployed.parts.design.settings(site.place), name, None)
    return value


def _warm_keys(deployed: "Deployed", site: Site, replica: int) -> None:
    lifetime = _setting(deployed, site, "jwks_lifetime_s")
    if lifetime is None:
        return
    age = deployed.variates.one(f"warm.{site.host}.{replica}.keys", 0, 0) * lifetime
    user = next((user for user in _users(deployed) if _held(deployed, user)), None)
    if user is not None:
        _validate(deployed, site, replica, user, age)


def _warm_answers(deployed: "Deployed", site: Site, replica: int) -> None:
    ttl = _setting(deployed, site, "ttl_s")
    if ttl is None:
        return
    for user in _users(deployed):
        seen = max(float(deployed.demand.rates[user]), 1e-12) / site.replicas * ttl
        position = deployed.variates.one(f"warm.{site.host}.{replica}.answer", user, 0) * (1 + seen) / seen
        if position < 1 and _held(deployed, user):
            issued = _held(deployed, user) - deployed.parts.deployment.token_lifetime_s
            _validate(deployed, site, replica, user, min(position * ttl, -issued))


def _users(deployed: "Deployed") -> list[int]:
    """Those who come in this run, in order."""
    return sorted(set(deployed.demand.users.tolist()))


def _held(deployed: "Deployed", user: int) -> float:
    """When the token ends that a user has in hand as the run begins, 0 for none."""
    held = deployed.population.client(user).held
    return 0.0 if held is None else held.expires_at


def _validate(deployed: "Deployed", site: Site, replica: int, user: int, age: float) -> None:
    held = deployed.population.client(user).held
    assert held is not None
    assert site.validator is not None
    ctx = PastContext(-age, deployed.variates, user)
    presented = Presented(held.token, site.scope, uri=site.uri)
    flow = site.validator.validate(ctx, deployed.handlers.state_of(site, replica), presented)
    run_untimed(flow, _resources(deployed, site, ctx))


def _resources(deployed: "Deployed", site: Site, ctx: Any) -> Mapping[str, Resource]:
    """The servers as the site reaches them: its own by their plain names, all by those with their region."""

    def ask(region: str, name: str, request: HttpRequest) -> Any:
        endpoint = deployed.handlers.endpoint(name, ENDPOINTS[name], deployed.around(region))
        return endpoint(ctx, request, deployed.values[region])

    own = deployed.topology.authorization_server(site.region)
    everywhere = {at(name, region): partial(ask, region, name) for region in deployed.values for name in ENDPOINTS}
    return {**deployed.as_servers[own].resources(), **everywhere, **{n: partial(ask, own, n) for n in ENDPOINTS}}
