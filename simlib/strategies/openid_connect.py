"""A reference access token for the API and a JWT identity token for the client: OpenID Connect (S16 of
data/evidence/strategies.csv).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from simlib.scenario.effects import Answer, Compute, Context, Failed, Flow, Reply
from simlib.scenario.messages import TokenResponse
from simlib.strategies.base import DeploymentConfig
from simlib.strategies.bearer import Bearer, BearerSettings, ClientToken, UserClient
from simlib.strategies.jwks_client import JwksClient, JwksSettings, KeyCache
from simlib.strategies.settings_checks import check_at_least, check_one_of
from simlib.tokens import ALGORITHMS, header_of, id_token_verification, judge_id_token, judge_time

SCOPES = ("openid", "profile")
"""What it asks for beside the scope of the API."""


@dataclass(frozen=True)
class OpenIdConnectSettings(JwksSettings, BearerSettings):
    """Those of bearer, those of `simlib.strategies.jwks_client.JwksSettings` about the key set, and ``algorithms``:
    what is accepted in identity tokens; ``leeway_s``: clock skew granted to them.
    """

    algorithms: tuple[str, ...] = ALGORITHMS
    leeway_s: float = 0.0

    def __post_init__(self) -> None:
        JwksSettings.__post_init__(self)
        BearerSettings.__post_init__(self)
        for algorithm in self.algorithms:
            check_one_of("algorithms", algorithm, ALGORITHMS)
        check_at_least("leeway_s", self.leeway_s, 0)


class OpenIdConnect(Bearer):
    """Verifies the identity token itself and knows its user from it; the access token stays closed to it.

    The keys are those of the application, fetched once for all of its users, as where the client is a web server.
    """

    name: ClassVar[str] = "openid_connect"
    summary: ClassVar[str] = "bearer token for the API, and an identity token that the client verifies itself"
    Settings: ClassVar[type[Any]] = OpenIdConnectSettings
    scopes: ClassVar[tuple[str, ...]] = SCOPES

    @staticmethod
    def list_operations(settings: Any, deployment: DeploymentConfig) -> frozenset[str]:
        """What it charges to a cost profile; the issuer knows the names of signing and verifying."""
        return Bearer.list_operations(settings, deployment) | {"jwks.serve", "jwks.parse", "claims.check"}

    @staticmethod
    def list_requirements(settings: Any) -> frozenset[str]:
        """A flow in which a user signs in, and an authorization server that signs."""
        return frozenset({"id_token", "signing"})

    def __init__(self, settings: Any, deployment: DeploymentConfig) -> None:
        super().__init__(settings, deployment)
        self._jwks = JwksClient(settings, settings.timeout_s)
        self._keys = KeyCache()

    def identity(self, state: UserClient) -> Mapping[str, Any] | None:
        """The claims about the user who is signed in, None when nobody is."""
        claims: Mapping[str, Any] | None = state.presenter_state
        return claims

    def _begin(self, ctx: Context, state: UserClient, sign_in: Any) -> Flow[TokenResponse | Answer]:
        """With the old session the old identity ends. A browser with a backend gets a cookie and no identity token."""
        state.presenter_state = None
        obtained = yield from super()._begin(ctx, state, sign_in)
        if isinstance(obtained, TokenResponse) and not obtained.id_token and state.target == "api":
            return _refused("no_id_token")
        return obtained

    def _keep(self, ctx: Context, state: UserClient, tokens: TokenResponse) -> Flow[ClientToken | Answer]:
        """Believe the identity token first: tokens that came with a bad one are not used."""
        if tokens.id_token:
            refusal = yield from self._identify(ctx, state, tokens)
            if refusal is not None:
                state.refresh_token, state.access_token, state.presenter_state = "", None, None
                return refusal
        return (yield from super()._keep(ctx, state, tokens))

    def _identify(self, ctx: Context, state: UserClient, tokens: TokenResponse) -> Flow[Answer | None]:
        """The checks of OpenID Connect Core section 3.1.3.7; None when all hold."""
        if not (yield from self._jwks.ensure_key_set(ctx, self._keys)):
            return Failed("unreachable")
        key = yield from self._jwks.find_key(ctx, self._keys, header_of(tokens.id_token).get("kid"))
        if key is None:
            return _refused("unknown_key")
        client_id = state.client_id or self._deployment.client.client_id
        verification = id_token_verification(
            tokens.id_token, key, self._settings.algorithms, self._deployment.issuer, client_id
        )
        verified = yield Compute(f"jwt.verify.{key.choice}", verification)
        if verified.claims is None:
            return _refused(verified.reason)
        yield Compute("claims.check")
        before = state.presenter_state["sub"] if state.presenter_state is not None else ""
        wrong = judge_time(verified.claims, ctx.now(), self._settings.leeway_s) or judge_id_token(
            verified.claims, client_id, tokens.nonce, before
        )
        if wrong:
            return _refused(wrong)
        state.presenter_state = verified.claims
        return None


def _refused(check: str) -> Reply:
    """What the client makes of an identity token that it does not believe: nobody is signed in."""
    return Reply(400, json.dumps({"error": "invalid_id_token", "error_description": check}).encode())
