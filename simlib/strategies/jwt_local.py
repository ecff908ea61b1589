"""Local validation of JWT access tokens by the resource server (RFC 9068 section 4; S6 of
data/evidence/strategies.csv)."""

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, ClassVar

from simlib.scenario.effects import Context, Flow
from simlib.strategies.base import (
    DeploymentConfig,
    RequestDemand,
    ServerDependencies,
    check_each_of,
    check_numbers,
)
from simlib.strategies.jwks_client import JwksSettings, KeyCache
from simlib.strategies.local_validator import LocalValidator
from simlib.strategies.signing import name_verification
from simlib.strategies.verdicts import ClaimTimeSettings
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
class JwtLocalSettings(ClaimTimeSettings, JwksSettings):
    """``algorithms``: what is accepted, whatever the header says (RFC 8725 section 3.1); HS256 stands alone, because it
    means a secret shared with the AS instead of its key set: nothing is fetched, and every RS that can verify a token
    can also issue one. ``timeout_s`` bounds one fetch of the key set. ``leeway_s`` is clock skew granted at exp, nbf
    and iat, ``refuse_future_iat`` whether an iat ahead of the clock is refused, ``at_expiry`` whether a token is still
    accepted while the clock shows its exp, see `simlib.strategies.verdicts.ClaimTimeSettings`. The others are about the
    key set, see `simlib.strategies.jwks_client.JwksSettings`.
    """

    algorithms: tuple[str, ...] = ALGORITHMS
    timeout_s: float = 5.0

    def __post_init__(self) -> None:
        JwksSettings.__post_init__(self)
        ClaimTimeSettings.__post_init__(self)
        if self.algorithms != (SECRET_ALGORITHM,):
            check_each_of("algorithms", self.algorithms, ALGORITHMS, f", or {SECRET_ALGORITHM} alone")
        check_numbers(self, positive=("timeout_s",))


class JwtLocal(LocalValidator):
    """Checks signature, issuer, audience, type, time and scope with the issuer's keys; makes no call per token."""

    name: ClassVar[str] = "jwt_local"
    summary: ClassVar[str] = (
        "JWT access token, verified by the RS with the keys of the AS; with algorithms HS256 alone by a secret shared "
        "with the AS: no keys are fetched, and every RS could issue tokens itself"
    )
    token_format: ClassVar[TokenFormat | None] = JWT
    Settings: ClassVar[type[Any]] = JwtLocalSettings

    @staticmethod
    def list_operations(settings: Any, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile, without the verification, which the issuer lists."""
        return frozenset({"claims.check"} if _is_symmetric(settings) else {"claims.check", "jwks.serve", "jwks.parse"})

    def __init__(self, settings: Any, deployment: DeploymentConfig) -> None:
        super().__init__(settings, deployment)
        self._secret = deployment.shared_secret() if _is_symmetric(settings) else None
        self._name_verification = lru_cache(maxsize=16)(partial(name_verification, deployment=deployment))

    def list_server_dependencies(self, demand: RequestDemand) -> ServerDependencies:
        """List the key set; with a shared secret nothing is needed."""
        return super().list_server_dependencies(demand) if self._secret is None else ()

    def _ensure_keys(self, ctx: Context, state: KeyCache) -> Flow[bool]:
        if self._secret is not None or self._keys.has_current_keys(ctx, state):  # with a secret nothing is ever fetched
            return True
        return (yield from super()._ensure_keys(ctx, state))

    def _name_operation(self, key: VerificationKey | SharedSecret) -> str:
        return self._name_verification(key.choice)

    def _build_verification(self, token: str, key: VerificationKey | SharedSecret) -> Verification:
        """Build the verification of the bytes."""
        settings, deployment = self._settings, self._deployment
        return Verification(token, key, settings.algorithms, deployment.issuer, deployment.audience)

    def _find_key(self, ctx: Context, state: KeyCache, token: str) -> Flow[VerificationKey | SharedSecret | None]:
        kid = read_header(token).get("kid")
        if self._secret is not None:
            return self._secret if kid == self._secret.kid else None
        key = state.keys.find(kid) if isinstance(kid, str) else None
        if key is not None:  # as nearly always, and then without another generator
            return key
        return (yield from self._keys.find_key(ctx, state, kid))


def _is_symmetric(settings: JwtLocalSettings) -> bool:
    return settings.algorithms == (SECRET_ALGORITHM,)
