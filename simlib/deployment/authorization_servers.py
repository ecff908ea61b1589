"""Authorization servers of a run, one per region that has one: issuer, token store, registered clients and secrets."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from simlib.deployment.clients import (
    CLIENT_IDS,
    PUBLIC,
    REDIRECTS,
    build_password_check,
    derive_secret,
    name_subject,
)
from simlib.deployment.demand import Demand
from simlib.deployment.offline_run import Resource
from simlib.deployment.parts import Parts, find_part
from simlib.scenario.variates import Variates
from simlib.scenario.world import ClientKind, World
from simlib.services import GRANTS, TOKEN_EXCHANGE, AuthorizationServer, Registration, digest_secret
from simlib.stores import TokenStore
from simlib.strategies import Grant, Issuer
from simlib.tokens import KeySet


class ServerRuntime(NamedTuple):
    """One authorization server. ``resources`` are what its issuer may call besides the store, outside time."""

    region: str
    issuer: Issuer
    store: TokenStore
    list_further_resources: Callable[[], Mapping[str, Resource]]

    def list_resources(self) -> dict[str, Resource]:
        """Target -> what answers, for what happened before the run."""
        return {"store": self.store.execute, **self.list_further_resources()}


class ServersByUser:
    """Servers by user: that of the home region when every region has one, else the only one."""

    def __init__(self, servers: Mapping[str, ServerRuntime], regions: tuple[str, ...], demand: Demand) -> None:
        self._servers = servers
        self._regions = regions
        self._homes = demand.homes
        self._only = next(iter(servers.values())) if len(servers) == 1 else None

    def find_server(self, user: int) -> ServerRuntime:
        """The server of a user."""
        if self._only is not None:
            return self._only
        assert self._homes is not None
        return self._servers[self._regions[self._homes[user]]]


def build_authorization_server(
    world: World, parts: Parts, server: ServerRuntime, tokens: Any, demand: Demand, variates: Variates
) -> AuthorizationServer:
    """The value that its endpoints work with; ``tokens`` makes, reads and revokes its access tokens."""
    deployment, issuer = parts.config, server.issuer
    signing_keys = issuer.list_keys()
    keys = KeySet(tuple(key.verification_key for key in signing_keys))
    secrets = _list_secrets(world, parts, demand, variates)
    return AuthorizationServer(
        issuer=deployment.issuer,
        tokens=tokens,
        clients={client_id: digest_secret(secret) for client_id, secret in secrets.items()},
        may_introspect=frozenset({deployment.resource_server.client_id}),
        user_claims=deployment.user_claims,
        answers_with_claims=deployment.user_information == "introspection" or _is_answered_by_value(parts),
        jwks=keys.to_jwks,
        make_grant=Grant,
        public_clients=frozenset(CLIENT_IDS[kind.kind] for kind in world.clients if kind.kind in PUBLIC),
        registrations=_list_registrations(world, parts, secrets),
        audiences=frozenset(service.audience for service in world.inner_services.values()),
        refresh=parts.design.refresh,
        sign=getattr(issuer, "sign", None),
        sign_in=build_password_check(variates),
        status_list=getattr(issuer, "status_list", None),
    )


def _is_answered_by_value(parts: Parts) -> bool:
    """Whether a reference is turned into a JWT by introspection, which then holds what the design puts into tokens."""
    kind = find_part("authorization_server", parts.design.parts["authorization_server"].part)
    return not kind.token_format.is_self_contained and parts.config.user_information == "token"


def _list_secrets(world: World, parts: Parts, demand: Demand, variates: Variates) -> dict[str, str]:
    """Confidential clients and resource servers with their secrets."""
    deployment = parts.config
    secrets = {c.client_id: c.client_secret for c in (deployment.resource_server, deployment.client)}
    for number, client in enumerate(world.clients):
        if client.kind == "machine" and demand.kinds is not None:
            machines = [name_subject(user) for user in (demand.kinds == number).nonzero()[0].tolist()]
            secrets |= {machine: derive_secret(machine, variates) for machine in machines}
        elif client.kind not in PUBLIC:
            secrets[CLIENT_IDS[client.kind]] = derive_secret(CLIENT_IDS[client.kind], variates)
    return secrets


def _list_registrations(world: World, parts: Parts, secrets: dict[str, str]) -> dict[str, Registration]:
    scope = parts.config.scope
    registrations = {parts.config.resource_server.client_id: _register_resource_servers(scope)}
    for client in world.clients:
        registered = _build_registration(client.kind, scope)
        if client.kind == "machine":
            registrations |= {client_id: registered for client_id in secrets if client_id.startswith("user-")}
        else:
            registrations[CLIENT_IDS[client.kind]] = registered
    return registrations


def _build_registration(kind: ClientKind, scope: str) -> Registration:
    """Registration of the clients of a kind: their flows and nothing else, all scopes and an identity token."""
    grants = {"machine": {"client_credentials"}, "device": {"refresh_token", _find_grant("device_code")}}
    allowed = grants.get(kind, {"authorization_code", "refresh_token"})
    redirect = REDIRECTS.get(kind)
    return Registration(frozenset(allowed), frozenset({redirect} if redirect else ()), f"openid {scope}")


def _register_resource_servers(scope: str) -> Registration:
    """Registration of resource servers: they may exchange the tokens that they receive."""
    return Registration(frozenset({TOKEN_EXCHANGE}), frozenset(), scope)


def _find_grant(ending: str) -> str:
    return next(name for name in GRANTS if name.endswith(ending))
