"""Configuration of the deployments under contract: names, credentials and keys that every part is given.

Also the authorization server around an issuer, and a client that only presents tokens, for wrappers to be put around.
"""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar
from urllib.parse import quote

from simlib.scenario.effects import Answer, Call, Context, Flow
from simlib.scenario.messages import HttpRequest
from simlib.services import AuthorizationServer, digest_secret, make_user_claims
from simlib.strategies import (
    ClientToken,
    Credentials,
    DeploymentConfig,
    Grant,
    Issuer,
    PresentedToken,
    TokenFormat,
    UserClient,
)
from simlib.tokens import KeySet, SigningKey, generate_signing_key

ISSUER, AUDIENCE = "https://as.example", "https://api.example"
SCOPE = "catalogue:read"
ELSEWHERE = "https://elsewhere.example"
URI = f"{AUDIENCE}/"
PUSHED, SHARED = "push", "shared"
"""Targets of the authorization server's pushes, and of the shared store."""

# Every reserved character has to survive Basic authentication (RFC 6749 section 2.3.1, appendix B).
RESOURCE_SERVER = Credentials("resource server/1", "s:e+c r%t&=?/ü€")
CLIENT = Credentials("shop", "client secret:1")
OTHER_CLIENT = Credentials("other", "other secret")


def format_basic(credentials: Credentials) -> str:
    """Format an Authorization header, from the RFC and not by the code under contract."""
    pair = quote(credentials.client_id, safe="") + ":" + quote(credentials.client_secret, safe="")
    return "Basic " + b64encode(pair.encode()).decode()


def make_key(algorithm: str, name: str = "current") -> SigningKey:
    """Make the key of that algorithm and name; its ``kid`` is its name. Equal keys are generated once per process."""
    return generate_signing_key(algorithm, name)


def make_impostor_key(key: SigningKey) -> SigningKey:
    """Make another key with the same ``kid`` as this one."""
    return replace(make_key(key.algorithm, "impostor"), kid=key.kid)


def build_config(lifetime_s: float = 300.0, information: Any = "userinfo", kid: str = "current") -> DeploymentConfig:
    """Build the configuration that parts under contract are given."""
    return DeploymentConfig(
        issuer=ISSUER,
        audience=AUDIENCE,
        scope=SCOPE,
        token_lifetime_s=lifetime_s,
        user_information=information,
        resource_server=RESOURCE_SERVER,
        client=CLIENT,
        user_claims=lambda subject: make_user_claims(subject, 2, 8),
        make_key=lambda algorithm: make_key(algorithm, kid),
    )


def build_server(
    issuer: Issuer, config: DeploymentConfig, list_served_keys: Callable[[], tuple[SigningKey, ...]]
) -> AuthorizationServer:
    """Build the authorization server around an issuer; only `RESOURCE_SERVER` may introspect there."""
    return AuthorizationServer(
        issuer=ISSUER,
        tokens=issuer,
        clients={c.client_id: digest_secret(c.client_secret) for c in (RESOURCE_SERVER, CLIENT, OTHER_CLIENT)},
        may_introspect=frozenset({RESOURCE_SERVER.client_id}),
        user_claims=config.user_claims,
        answers_with_claims=config.user_information != "userinfo",
        jwks=lambda: KeySet(tuple(signing.verification_key for signing in list_served_keys())).to_jwks(),
        make_grant=Grant,
        sign=getattr(issuer, "sign", None),
        status_list=getattr(issuer, "status_list", None),
    )


API = "api"
"""Target of a client's call, which takes no time and is not counted."""


@dataclass(frozen=True)
class PlainSettings:
    """Nothing to choose."""


class PlainPresenter:
    """Presents the token of the client unchanged, as a bearer token."""

    name: ClassVar[str] = "plain"
    summary: ClassVar[str] = "presents the token unchanged"
    token_format: ClassVar[TokenFormat | None] = None
    Settings: ClassVar[type[PlainSettings]] = PlainSettings
    useful_life_s = 0.0

    @staticmethod
    def list_operations(settings: PlainSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """List no operation."""
        return frozenset()

    def __init__(self, authorization: str) -> None:
        self.authorization = authorization

    def request(self, ctx: Context, state: UserClient, request: HttpRequest) -> Flow[Answer]:
        """Make one call."""
        token = state.access_token.token if state.access_token else ""
        answer: Answer = yield Call(API, request._replace(authorization=f"Bearer {token}" if token else ""))
        return answer

    def wrap_flow(self, ctx: Context, state: UserClient, flow: Flow[Any]) -> Flow[Any]:
        """Return the flow unchanged."""
        return flow


def build_client(token: str, user: int) -> UserClient:
    """Build a user's client that holds a token, valid or not."""
    return UserClient(user, "", ClientToken(token, 1e12))


def read_presented_token(request: HttpRequest, uri: str) -> PresentedToken:
    """Read the token that a resource server receives; the scope of the route is sent as the body."""
    scheme, _, token = request.authorization.partition(" ")
    return PresentedToken(
        token,
        request.body.decode(),
        request.sensitive,
        scheme.lower() or "bearer",
        request.dpop,
        request.certificate,
        "GET",
        uri,
        request.needs_user_information,
    )


def build_request(scope: str, **more: Any) -> HttpRequest:
    """Build the request that a client makes at a route of this scope."""
    return HttpRequest(body=scope.encode(), **more)
