"""OpenID Connect client: a reference access token for the API and a JWT identity token for the client (S16 of
data/evidence/strategies.csv)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from simlib.scenario.effects import Answer, Compute, Context, Failed, Flow, Reply
from simlib.scenario.messages import TokenResponse
from simlib.strategies.base import DeploymentConfig, check_each_of
from simlib.strategies.bearer import Bearer, BearerSettings, ClientToken, UserClient
from simlib.strategies.jwks_client import JwksClient, JwksSettings, KeyCache
from simlib.strategies.verdicts import ClaimTimeSettings, judge_claim_times
from simlib.tokens import ALGORITHMS, judge_id_token, make_id_token_verification, read_header

SCOPES = ("openid", "profile")
"""Scopes that it requests beside that of the API."""


@dataclass(frozen=True)
class OpenIdConnectSettings(ClaimTimeSettings, JwksSettings, BearerSettings):
    """Those of bearer, those of `simlib.strategies.jwks_client.JwksSettings` about the key set, and ``algorithms``:
    what is accepted in identity tokens, whose times are judged by the client's own clock as
    `simlib.strategies.verdicts.ClaimTimeSettings` says.
    """

    algorithms: tuple[str, ...] = ALGORITHMS

    def __post_init__(self) -> None:
        JwksSettings.__post_init__(self)
        BearerSettings.__post_init__(self)
        ClaimTimeSettings.__post_init__(self)
        check_each_of("algorithms", self.algorithms, ALGORITHMS)


class OpenIdConnect(Bearer):
    """Verifies the identity token itself and identifies its user by it; the access token stays opaque to it.

    The key set is fetched once for all users of the application, as where the client is a web server.
    """

    name: ClassVar[str] = "openid_connect"
    summary: ClassVar[str] = "bearer token for the API, and an identity token that the client verifies itself"
    Settings: ClassVar[type[Any]] = OpenIdConnectSettings
    scopes: ClassVar[tuple[str, ...]] = SCOPES

    @staticmethod
    def list_operations(settings: Any, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile, without signing and verifying, which the issuer lists."""
        return Bearer.list_operations(settings, deployment) | {"jwks.serve", "jwks.parse", "claims.check"}

    @staticmethod
    def list_requirements(settings: Any) -> frozenset[str]:
        """List a flow in which a user signs in, and a signing authorization server."""
        return frozenset({"id_token", "signing"})

    def __init__(self, settings: Any, deployment: DeploymentConfig) -> None:
        super().__init__(settings, deployment)
        self._jwks = JwksClient(settings, settings.timeout_s)
        self._keys = KeyCache()

    @property
    def common_life_s(self) -> float:
        """Seconds for which a key set is used."""
        life: float = self._settings.jwks_lifetime_s
        return life

    def fetch_common(self, ctx: Context) -> Flow[bool]:
        """Fetch the key set, as for the identity token of a sign-in."""
        return self._jwks.ensure_key_set(ctx, self._keys)

    def find_identity(self, state: UserClient) -> Mapping[str, Any] | None:
        """Find the claims about the user who is signed in; None when no user is."""
        claims: Mapping[str, Any] | None = state.presenter_state
        return claims

    def _begin_session(self, ctx: Context, state: UserClient, sign_in: Any) -> Flow[TokenResponse | Answer]:
        """End the old identity with the old session. A browser with a backend gets a cookie and no identity token."""
        state.presenter_state = None
        obtained = yield from super()._begin_session(ctx, state, sign_in)
        if isinstance(obtained, TokenResponse) and not obtained.id_token and state.target == "api":
            return _refuse("no_id_token")
        return obtained

    def _store_tokens(self, ctx: Context, state: UserClient, tokens: TokenResponse) -> Flow[ClientToken | Answer]:
        """Verify the identity token first: tokens that came with an invalid one are not used."""
        if tokens.id_token:
            refusal = yield from self._identify(ctx, state, tokens)
            if refusal is not None:
                state.refresh_token, state.access_token, state.presenter_state = "", None, None
                return refusal
        return (yield from super()._store_tokens(ctx, state, tokens))

    def _identify(self, ctx: Context, state: UserClient, tokens: TokenResponse) -> Flow[Answer | None]:
        """Make the checks of OpenID Connect Core section 3.1.3.7; returns the refusal, None when all hold."""
        if not (yield from self._jwks.ensure_key_set(ctx, self._keys)):
            return Failed("unreachable")
        key = yield from self._jwks.find_key(ctx, self._keys, read_header(tokens.id_token).get("kid"))
        if key is None:
            return _refuse("unknown_key")
        client_id = state.client_id or self._deployment.client.client_id
        verification = make_id_token_verification(
            tokens.id_token, key, self._settings.algorithms, self._deployment.issuer, client_id
        )
        verified = yield Compute(f"jwt.verify.{key.choice}", verification)
        if verified.claims is None:
            return _refuse(verified.reason)
        yield Compute("claims.check")
        before = state.presenter_state["sub"] if state.presenter_state is not None else ""
        failed_check = judge_claim_times(verified.claims, ctx.now(), self._settings) or judge_id_token(
            verified.claims, client_id, tokens.nonce, before
        )
        if failed_check:
            return _refuse(failed_check)
        state.presenter_state = verified.claims
        return None


def _refuse(check: str) -> Reply:
    """Refuse an identity token that failed a check: no user is signed in."""
    return Reply(400, json.dumps({"error": "invalid_id_token", "error_description": check}).encode())
