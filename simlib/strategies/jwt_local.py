"""Local validation of JWT access tokens by the resource server (RFC 9068 section 4; S6 of
data/evidence/strategies.csv)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, ClassVar

from simlib.scenario.design import UserInformationSource
from simlib.scenario.effects import Compute, Context, Flow, Verdict
from simlib.strategies.base import Bound, DeploymentConfig, PresentedToken
from simlib.strategies.jwks_client import JwksClient, JwksSettings, KeyCache
from simlib.strategies.settings_checks import check_at_least, check_one_of, check_positive
from simlib.strategies.signing import name_verification
from simlib.strategies.verdicts import judge_claims, refuse_invalid_token, refuse_missing_token, refuse_unavailable
from simlib.tokens import (
    ALGORITHMS,
    JWT,
    SECRET_ALGORITHM,
    SharedSecret,
    TokenFormat,
    Verification,
    VerificationKey,
    read_header,
)


@dataclass(frozen=True)
class JwtLocalSettings(JwksSettings):
    """``algorithms``: what is accepted, whatever the header says (RFC 8725 section 3.1); HS256 stands alone, because it
    means a secret shared with the AS instead of its key set: nothing is fetched, and every RS that can verify a token
    can also mint one. ``timeout_s`` bounds one fetch of the key set, ``leeway_s`` is clock skew granted at expiry.
    The others are about the key set, see `simlib.strategies.jwks_client.JwksSettings`.
    """

    algorithms: tuple[str, ...] = ALGORITHMS
    timeout_s: float = 5.0
    leeway_s: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.algorithms != (SECRET_ALGORITHM,):
            for algorithm in self.algorithms:
                check_one_of("algorithms", algorithm, ALGORITHMS, f", or {SECRET_ALGORITHM} alone")
        check_positive("timeout_s", self.timeout_s)
        check_at_least("leeway_s", self.leeway_s, 0)


class JwtLocal:
    """Checks signature, issuer, audience, type, time and scope with the issuer's keys; makes no call per token."""

    name: ClassVar[str] = "jwt_local"
    summary: ClassVar[str] = (
        "JWT access token, verified by the RS with the keys of the AS; with algorithms HS256 alone by a secret shared "
        "with the AS: no keys are fetched, and every RS could mint tokens itself"
    )
    token_format: ClassVar[TokenFormat | None] = JWT
    user_information_sources: ClassVar[tuple[UserInformationSource, ...]] = ("token", "userinfo")
    caches_answers: ClassVar[bool] = False
    asks_authorization_server: ClassVar[bool] = False
    Settings: ClassVar[type[Any]] = JwtLocalSettings

    @staticmethod
    def list_operations(settings: Any, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile, without the verification, which the issuer lists."""
        return frozenset(
            {"claims.check"} if _uses_shared_secret(settings) else {"claims.check", "jwks.serve", "jwks.parse"}
        )

    def __init__(self, settings: Any, deployment: DeploymentConfig) -> None:
        self._settings = settings
        self._deployment = deployment
        self._secret = deployment.shared_secret() if _uses_shared_secret(settings) else None
        self._keys = JwksClient(settings, settings.timeout_s)
        self._name_verification = lru_cache(maxsize=16)(partial(name_verification, deployment=deployment))

    def compute_bound(self) -> Bound:
        """Compute the bound: a revocation is never noticed, so the token is accepted until it ends."""
        leeway = self._settings.leeway_s
        return Bound(leeway, self._deployment.token_lifetime_s + leeway)

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
        if self._secret is None and not (yield from self._keys.ensure_key_set(ctx, state)):
            return refuse_unavailable("no_keys")
        key = yield from self._find_key(ctx, state, token)
        if key is None:
            return refuse_invalid_token("unknown_key")
        verified = yield Compute(self._name_verification(key.choice), self._build_verification(token, key))
        if verified.claims is None:
            return refuse_invalid_token(verified.reason)
        yield Compute("claims.check")
        return self._judge(verified.claims, ctx.now(), scope)

    def _build_verification(self, token: str, key: VerificationKey | SharedSecret) -> Verification:
        """Build the verification of the bytes."""
        return Verification(token, key, self._settings.algorithms, self._deployment.issuer, self._deployment.audience)

    def _judge(self, claims: Mapping[str, Any], now: float, scope: str) -> Verdict:
        """Judge verified claims at ``now`` (seconds)."""
        return judge_claims(claims, now, self._settings.leeway_s, scope)

    def _find_key(self, ctx: Context, state: KeyCache, token: str) -> Flow[VerificationKey | SharedSecret | None]:
        kid = read_header(token).get("kid")
        if self._secret is not None:  # then no key set is ever fetched
            return self._secret if kid == self._secret.kid else None
        return (yield from self._keys.find_key(ctx, state, kid))


def _uses_shared_secret(settings: JwtLocalSettings) -> bool:
    return settings.algorithms == (SECRET_ALGORITHM,)
