"""What an attacker begins with, each thing obtained by real steps in the deployed design."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from simlib.engine.arena.ground import ATTACKER_USER, OWNER_USER
from simlib.engine.parts import PARTS, make_parts
from simlib.engine.untimed import PastContext, run_untimed
from simlib.scenario.messages import HttpRequest, TokenResponse
from simlib.scenario.places import AUTHORIZATION_SERVER, CLIENT
from simlib.stores import MemoryStore
from simlib.strategies import Grant, Issued
from simlib.tokens import header_of, to_numeric_date

if TYPE_CHECKING:
    from simlib.engine.arena.field import Field

OTHER_API, OTHER_TENANT = "https://other-api.example", "https://as.example/other-tenant"
PAST_S = 60.0
"""How long ago the expired token ended, seconds."""
PAST, FUTURE, ELSEWHERE = 1_000_001, 1_000_002, 1_000_003
"""Whom random bytes of tokens belong to that were not issued in this run: to nobody in it."""
FUTURE_S = 1_000_000.0
"""How far ahead the clock is that issued a token too early, and when ``nbf`` comes: after every run."""


def _grant(field: "Field", **changes: Any) -> Grant:
    """What a token of the attacker's own is issued for, bound to its own key where the design binds."""
    client = field.people.client(ATTACKER_USER)
    grant = Grant(client.subject, client.client_id, field.deployed.parts.deployment.scope)
    for wrapper in field.deployed.parts.wrappers:
        grant = wrapper.grant_before(ATTACKER_USER, grant)
    return grant._replace(**changes)


def confirmation(field: "Field") -> Mapping[str, str]:
    """The attacker's own key, as tokens name it."""
    return _grant(field).confirmation


def _issued_at(field: "Field", instant: float, subject: int) -> str:
    past = PastContext(instant, field.deployed.variates, subject)
    server = field.deployed.as_servers[""]
    issued: Issued = run_untimed(server.issuer.issue(past, _grant(field)), server.resources())
    return issued.token


def _issued_for(field: "Field", **changes: Any) -> str:
    """A token that the server issues now."""
    context = field.tracer.context(AUTHORIZATION_SERVER)
    issued: Issued = field.tracer.run(
        AUTHORIZATION_SERVER, field.server.tokens.issue(context, _grant(field, **changes))
    )
    return issued.token


def _of_another_tenant(field: "Field") -> str:
    """By the same product with the same keys, under another issuer and with a store of its own."""
    parts = field.deployed.parts
    other = make_parts(parts.design, replace(parts.deployment, issuer=OTHER_TENANT)).issuer("")
    now = PastContext(field.tracer.now, field.deployed.variates, ELSEWHERE)
    resources = {**field.deployed.as_servers[""].resources(), "store": MemoryStore().execute}
    issued: Issued = run_untimed(other.issue(now, _grant(field)), resources)
    return issued.token


def _signed_in(field: "Field", **changes: Any) -> TokenResponse | None:
    """One more sign-in of the attacker with other wishes."""
    context, client = field.tracer.context(CLIENT), replace(field.people.client(ATTACKER_USER), **changes)
    obtained = field.tracer.run(CLIENT, field.people.sign_in(context, client, ATTACKER_USER))
    return obtained if isinstance(obtained, TokenResponse) else None


def _id_token(field: "Field", **changes: Any) -> str:
    scope = f"openid {field.deployed.parts.deployment.scope}"
    signed_in = _signed_in(field, scope=scope, **changes)
    return "" if signed_in is None else signed_in.id_token


def _narrow_token(field: "Field") -> str:
    signed_in = _signed_in(field, scope="openid")
    return "" if signed_in is None else signed_in.access_token


def _encryption_jwk(field: "Field") -> Mapping[str, Any] | None:
    """The public key of the resource server, where tokens are encrypted to it."""
    management = getattr(field.design.settings("authorization_server"), "key_management", None)
    if management is None or field.own_token.count(".") != 4:
        return None
    deployment = field.deployed.parts.deployment
    jwk: Mapping[str, Any] = deployment.encryption_key(management, deployment.audience).published_jwk
    return jwk


def _shared_secret(field: "Field") -> bytes:
    """What a resource server verifies with, where that is a secret."""
    symmetric = header_of(field.own_token).get("alg") == "HS256"
    return field.deployed.parts.deployment.shared_secret().secret if symmetric else b""


def _fresh_redirect(field: "Field") -> str:
    location: str = field.tracer.run(CLIENT, field.people.redirected(field.tracer.context(CLIENT)))
    return location


def _browser_storage(field: "Field") -> Mapping[str, str] | None:
    """What a script in the page can read: tokens of a page that has them, a cookie only when it is not HttpOnly."""
    client, flow = field.deployed.population.client(OWNER_USER), PARTS["flows"][field.flow]
    held = "" if client.held is None else client.held.token
    if field.ground.kind == "spa":
        return {"access token": held}
    if field.ground.kind == "spa_bff":
        return {} if flow.http_only else {"cookie": held}
    return None


def _client_authorization(field: "Field") -> str:
    return field.token_requests[0].authorization if field.token_requests else ""


def _stolen_request(field: "Field") -> HttpRequest:
    return field.api_request


OBTAINING: Mapping[str, tuple[str, Callable[["Field"], Any]]] = {
    "stolen_request": ("a request of the owner's client to the API, as a log or a proxy sees it", _stolen_request),
    "encryption_jwk": ("the resource server's public encryption key, as its owner publishes it", _encryption_jwk),
    "shared_secret": ("what a resource server verifies tokens with, where that is a secret", _shared_secret),
    "expired_token": ("own token of an earlier day", lambda field: _issued_at(field, -field.lifetime_s - PAST_S, PAST)),
    "early_token": (
        "own token that begins later",
        lambda field: _issued_for(field, claims={"nbf": to_numeric_date(FUTURE_S)}),
    ),
    "future_token": ("own token of a server whose clock is ahead", lambda field: _issued_at(field, FUTURE_S, FUTURE)),
    "token_for_another_api": ("own token for another API", lambda field: _issued_for(field, audience=OTHER_API)),
    "token_of_another_tenant": ("own token of another tenant with the same keys", _of_another_tenant),
    "id_token": ("own identity token", _id_token),
    "id_token_for_the_api": (
        "own identity token, by a client that has the API's name",
        lambda field: _id_token(field, client_id=field.deployed.parts.deployment.audience),
    ),
    "narrow_token": ("own token without the API's scope", _narrow_token),
    "fresh_redirect": ("the redirect of a sign-in of the owner, seen before its client sees it", _fresh_redirect),
    "redirects": ("the addresses of the owner's finished sign-in", lambda field: tuple(field.redirects)),
    "token_requests": (
        "what the owner's client sent to the token endpoint",
        lambda field: tuple(field.token_requests),
    ),
    "client_authorization": ("the client's own credentials", _client_authorization),
    "device_grant": (
        "whether the client polls for a device",
        lambda field: any(b"device_code" in request.body for request in field.token_requests),
    ),
    "browser_storage": ("what a script in the owner's page can read", _browser_storage),
    "refresh_token": (
        "the refresh token that the owner's device keeps",
        lambda field: field.deployed.population.client(OWNER_USER).refresh_token,
    ),
    "refresh_tokens_exist": ("whether the server gave one", lambda field: field.refresh_tokens_exist),
}
"""Field of `simlib.attacks.Loot` -> what it is and how it is obtained."""
