"""Configuration of the deployments under contract: names, credentials and keys that every part is given."""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from simlib.services import AuthorizationServer, digest_secret, make_user_claims
from simlib.strategies import Credentials, DeploymentConfig, Grant, Issuer
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
