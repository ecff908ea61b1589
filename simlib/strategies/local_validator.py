"""Local validation of self-contained tokens: verified by the resource server with the keys of the authorization server.

Formats differ in how a key is found and how the bytes are verified, which subclasses define.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from simlib.scenario.design import UserInformationSource
from simlib.scenario.effects import Compute, Context, Flow, Verdict, new_tuple
from simlib.strategies.base import Bound, DeploymentConfig, PresentedToken, RequestDemand, ServerDependencies
from simlib.strategies.jwks_client import JwksClient, KeyCache
from simlib.strategies.verdicts import (
    CLAIMS_CHECK,
    judge_claims,
    refuse_invalid_token,
    refuse_missing_token,
    refuse_unavailable,
)


class LocalValidator:
    """Finds the key, verifies the bytes, judges the claims by its own clock; its settings have ``timeout_s`` and those
    of `simlib.strategies.verdicts.ClaimTimeSettings`.
    """

    user_information_sources: ClassVar[tuple[UserInformationSource, ...]] = ("token", "userinfo")
    caches_answers: ClassVar[bool] = False
    asks_authorization_server: ClassVar[bool] = False

    def __init__(self, settings: Any, deployment: DeploymentConfig) -> None:
        self._settings = settings
        self._deployment = deployment
        self._keys = JwksClient(settings, settings.timeout_s)

    def compute_bound(self) -> Bound:
        """Compute the bound: a revocation is never noticed, so the token is accepted until it ends."""
        after_expiry_s = self._settings.after_expiry_s
        return Bound(after_expiry_s, self._deployment.token_lifetime_s + after_expiry_s)

    def list_server_dependencies(self, demand: RequestDemand) -> ServerDependencies:
        """List the key set."""
        return (self._keys.find_server_dependency(demand),)

    def create_state(self) -> KeyCache:
        """Create an empty key cache."""
        return KeyCache()

    def validate(self, ctx: Context, state: KeyCache, presented: PresentedToken) -> Flow[Verdict]:
        """Find the key, verify the bytes, judge the claims."""
        if not presented.token:
            return refuse_missing_token()
        return (yield from self._verify(ctx, state, presented.token, presented.scope))

    def _verify(self, ctx: Context, state: KeyCache, token: str, scope: str) -> Flow[Verdict]:
        """Verify a signed token."""
        if not (yield from self._ensure_keys(ctx, state)):
            return refuse_unavailable("no_keys")
        key = yield from self._find_key(ctx, state, token)
        if key is None:
            return refuse_invalid_token("unknown_key")
        verified = yield new_tuple(Compute, (self._name_operation(key), self._build_verification(token, key)))
        if verified.claims is None:
            return refuse_invalid_token(verified.reason)
        yield CLAIMS_CHECK
        return self._judge(verified.claims, ctx.now(), scope)

    def _ensure_keys(self, ctx: Context, state: KeyCache) -> Flow[bool]:
        """Ensure that there are keys, fetched now if needed; returns whether there are."""
        return self._keys.ensure_key_set(ctx, state)

    def _find_key(self, ctx: Context, state: KeyCache, token: str) -> Flow[Any]:
        """Find the key that a token names; None when it is unknown."""
        raise NotImplementedError

    def _name_operation(self, key: Any) -> str:
        """Name the operation that verifies with a key."""
        raise NotImplementedError

    def _build_verification(self, token: str, key: Any) -> Any:
        """Build the verification of the bytes, which returns a `simlib.tokens.VerificationResult` when called."""
        raise NotImplementedError

    def _judge(self, claims: Mapping[str, Any], now: float, scope: str) -> Verdict:
        """Judge verified claims at ``now`` (seconds)."""
        return judge_claims(claims, now, self._settings, scope)
