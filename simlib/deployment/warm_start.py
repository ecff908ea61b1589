"""Warm start: caches and key sets that are filled when a run begins, of any age.

A short run that begins with empty caches shows a restart, and all key sets end together in it. Here every replica has
validated tokens before the run, really and outside time. The age of a key set is uniform over its lifetime. An
answer about a token that a replica sees at rate r, kept for T seconds after it was fetched, is there for T out of
every T + 1/r seconds, and of an age that is uniform on [0, T).
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from simlib.deployment.deployment import Deployment
from simlib.deployment.enforcement_points import EnforcementPoint
from simlib.deployment.offline_run import OfflineContext, Resource, run_offline
from simlib.scenario.hosts import GATEWAY, name_in_region
from simlib.scenario.messages import HttpRequest
from simlib.services import ENDPOINTS
from simlib.strategies import PresentedToken


def warm_up_caches(deployment: Deployment) -> None:
    """Let every replica that validates the clients' own tokens have done so before the run."""
    for point in deployment.enforcement_points:
        if point.validator is not None and _receives_client_tokens(deployment, point):
            for replica in range(point.replicas):
                _warm_keys(deployment, point, replica)
                _warm_answers(deployment, point, replica)


def _receives_client_tokens(deployment: Deployment, point: EnforcementPoint) -> bool:
    propagator = deployment.parts.propagator
    return point.edge or (point.place != GATEWAY and (propagator is None or not propagator.own_audiences))


def _find_setting(deployment: Deployment, point: EnforcementPoint, name: str) -> float | None:
    value: float | None = getattr(deployment.parts.design.get_settings(point.place), name, None)
    return value


def _warm_keys(deployment: Deployment, point: EnforcementPoint, replica: int) -> None:
    lifetime = _find_setting(deployment, point, "jwks_lifetime_s")
    if lifetime is None:
        return
    age = deployment.variates.draw_one(f"warm.{point.host}.{replica}.keys", 0, 0) * lifetime
    user = next((user for user in _list_users(deployment) if _find_token_end(deployment, user)), None)
    if user is not None:
        _validate(deployment, point, replica, user, age)


def _warm_answers(deployment: Deployment, point: EnforcementPoint, replica: int) -> None:
    ttl = _find_setting(deployment, point, "ttl_s")
    if ttl is None:
        return
    for user in _list_users(deployment):
        seen = max(float(deployment.demand.rates[user]), 1e-12) / point.replicas * ttl
        position = deployment.variates.draw_one(f"warm.{point.host}.{replica}.answer", user, 0) * (1 + seen) / seen
        if position < 1 and _find_token_end(deployment, user):
            issued = _find_token_end(deployment, user) - deployment.parts.config.token_lifetime_s
            _validate(deployment, point, replica, user, min(position * ttl, -issued))


def _list_users(deployment: Deployment) -> list[int]:
    """Those who come in this run, in order."""
    return sorted(set(deployment.demand.users.tolist()))


def _find_token_end(deployment: Deployment, user: int) -> float:
    """When the token ends that a user has in hand as the run begins, 0 for none."""
    held = deployment.population.find_client(user).access_token
    return 0.0 if held is None else held.expires_at


def _validate(deployment: Deployment, point: EnforcementPoint, replica: int, user: int, age: float) -> None:
    held = deployment.population.find_client(user).access_token
    assert held is not None
    assert point.validator is not None
    ctx = OfflineContext(-age, deployment.variates, user)
    presented = PresentedToken(held.token, point.scope, uri=point.uri)
    flow = point.validator.validate(ctx, deployment.handlers.find_state(point, replica), presented)
    run_offline(flow, _list_resources(deployment, point, ctx))


def _list_resources(deployment: Deployment, point: EnforcementPoint, ctx: Any) -> Mapping[str, Resource]:
    """Servers as the enforcement point reaches them: its own by plain names, all by names with their region."""

    def ask(region: str, name: str, request: HttpRequest) -> Any:
        endpoint = deployment.handlers.wrap_endpoint(name, ENDPOINTS[name], deployment.build_endpoint_fault(region))
        return endpoint(ctx, request, deployment.authorization_servers[region])

    own = deployment.topology.find_server_region(point.region)
    everywhere = {
        name_in_region(name, region): partial(ask, region, name)
        for region in deployment.authorization_servers
        for name in ENDPOINTS
    }
    return {**deployment.servers[own].list_resources(), **everywhere, **{n: partial(ask, own, n) for n in ENDPOINTS}}
