"""Session JWT of an application, the simple case without OAuth2: signed at login, verified and renewed while in use."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from simlib.scenario.design import UserInformationSource
from simlib.scenario.effects import Compute, Context, Cookie, Flow, Verdict
from simlib.scenario.messages import TokenRow
from simlib.strategies.base import (
    Bound,
    DeploymentConfig,
    Grant,
    PresentedToken,
    RequestDemand,
    ServerDependencies,
    check_numbers,
)
from simlib.strategies.issuing import SelfContainedIssuer, build_row, find_user_claims
from simlib.strategies.signing import Signer, name_signing, name_verification
from simlib.strategies.verdicts import ClaimTimeSettings, judge_claims, refuse_invalid_token, refuse_missing_token
from simlib.tokens import (
    SECRET_ALGORITHM,
    SESSION,
    SESSION_TYPE,
    SigningKey,
    TokenFormat,
    from_numeric_date,
    is_finite_number,
    make_session_verification,
    read_header,
    renew_claims,
    to_numeric_date,
)


@dataclass(frozen=True)
class SessionJwtIssuerSettings:
    """Nothing to choose: HS256 with a secret that only the application has."""


class SessionJwtIssuer(SelfContainedIssuer):
    """The application's own login, in place of an authorization server.

    It stores revocations, which no validator of sessions reads.
    """

    name: ClassVar[str] = "session_jwt"
    summary: ClassVar[str] = (
        "session JWT that the application signs for itself (HS256); no OAuth2: no delegation, no third party, and a "
        "revoked session stays valid until it expires"
    )
    token_format: ClassVar[TokenFormat | None] = SESSION
    Settings: ClassVar[type[Any]] = SessionJwtIssuerSettings

    @staticmethod
    def list_operations(settings: Any, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile."""
        return frozenset(name(SECRET_ALGORITHM, deployment) for name in (name_signing, name_verification))

    def __init__(self, settings: Any, deployment: DeploymentConfig) -> None:
        super().__init__(deployment)
        self._secret = deployment.shared_secret()
        self._signer = Signer(self._secret, deployment)
        self._verification_operation = name_verification(SECRET_ALGORITHM, deployment)

    def list_keys(self) -> tuple[SigningKey, ...]:
        """List no keys: no key set may contain a secret."""
        return ()

    def _build_claims(self, ctx: Context, grant: Grant) -> dict[str, Any]:
        claims = super()._build_claims(ctx, grant)
        claims["auth_time"] = claims["iat"]
        return claims

    def _sign_claims(self, claims: Mapping[str, Any]) -> Flow[str]:
        return self._signer(claims, SESSION_TYPE)

    def _read(self, token: str) -> Flow[Mapping[str, Any] | None]:
        if read_header(token).get("kid") != self._secret.kid:
            return None
        verification = make_session_verification(token, self._secret, self._deployment.issuer, None)
        verified = yield Compute(self._verification_operation, verification)
        claims: Mapping[str, Any] | None = verified.claims
        return claims

    def _build_row(self, claims: Mapping[str, Any], kind: str) -> TokenRow:
        omitted = {**find_user_claims(self._deployment, claims["sub"]), "auth_time": ""}
        return build_row(claims, kind, omitted)


@dataclass(frozen=True)
class SessionJwtValidatorSettings(ClaimTimeSettings):
    """``sliding``: a session that is used after half of its life gets a new life with the answer. ``longest_s``: how
    long after the login at most (assumption: half a working day). The others are about the times in claims, see
    `simlib.strategies.verdicts.ClaimTimeSettings`.
    """

    sliding: bool = True
    longest_s: float = 14_400.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_numbers(self, positive=("longest_s",))


class SessionJwtValidator:
    """Each replica holds the secret, so each can verify, renew and issue sessions; no call is made."""

    name: ClassVar[str] = "session_jwt"
    summary: ClassVar[str] = (
        "the application's own session JWT in a cookie, verified and renewed by itself; no OAuth2: no delegation, no "
        "third party, no revocation"
    )
    token_format: ClassVar[TokenFormat | None] = SESSION
    user_information_sources: ClassVar[tuple[UserInformationSource, ...]] = ("token", "userinfo")
    caches_answers: ClassVar[bool] = False
    asks_authorization_server: ClassVar[bool] = False
    Settings: ClassVar[type[Any]] = SessionJwtValidatorSettings

    @staticmethod
    def list_operations(settings: Any, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile."""
        renewing = {name_signing(SECRET_ALGORITHM, deployment)} if settings.sliding else set()
        return frozenset({"claims.check", name_verification(SECRET_ALGORITHM, deployment)} | renewing)

    def __init__(self, settings: Any, deployment: DeploymentConfig) -> None:
        self._settings = settings
        self._deployment = deployment
        self._secret = deployment.shared_secret()
        self._signer = Signer(self._secret, deployment)
        self._verification_operation = name_verification(SECRET_ALGORITHM, deployment)

    def compute_bound(self) -> Bound:
        """Compute the bound: a revocation is never noticed; a session in use lasts to the end of its longest life."""
        settings, lifetime = self._settings, self._deployment.token_lifetime_s
        longest = max(lifetime, settings.longest_s) if settings.sliding else lifetime
        return Bound(settings.after_expiry_s, longest + settings.after_expiry_s)

    def list_server_dependencies(self, demand: RequestDemand) -> ServerDependencies:
        """List nothing: the secret is here."""
        return ()

    def create_state(self) -> None:
        """It keeps nothing."""

    def validate(self, ctx: Context, state: None, presented: PresentedToken) -> Flow[Verdict]:
        """Verify the bytes, judge the claims, renew a session after half of its life."""
        token, deployment = presented.token, self._deployment
        if not token:
            return refuse_missing_token()
        if read_header(token).get("kid") != self._secret.kid:
            return refuse_invalid_token("unknown_key")
        verification = make_session_verification(token, self._secret, deployment.issuer, deployment.audience)
        verified = yield Compute(self._verification_operation, verification)
        claims = verified.claims
        if claims is None:
            return refuse_invalid_token(verified.reason)
        yield Compute("claims.check")
        verdict = judge_claims(claims, ctx.now(), self._settings, presented.scope)
        if verdict.accepted and not all(_is_whole_number(claims[name]) for name in ("iat", "exp", "auth_time")):
            return refuse_invalid_token("malformed")
        if not verdict.accepted:
            return verdict
        cookie = yield from self._renew(ctx, claims)
        verdict = judge_claims(claims, ctx.now(), self._settings, presented.scope)
        if not verdict.accepted:  # signing took its time
            return verdict
        # Based on the login: a renewal has no new information about the user.
        return verdict._replace(based_on=from_numeric_date(claims["auth_time"]), cookie=cookie)

    def _renew(self, ctx: Context, claims: Mapping[str, Any]) -> Flow[Cookie | None]:
        """Renew the session; None before half of its life, or when the longest life is over."""
        now = ctx.now()
        if not self._settings.sliding or from_numeric_date((claims["iat"] + claims["exp"]) / 2) > now:
            return None
        issued = to_numeric_date(now)
        longest = claims["auth_time"] + math.floor(self._settings.longest_s)
        until = min(issued + math.floor(self._deployment.token_lifetime_s), longest)
        if until <= claims["exp"]:
            return None
        renewed = renew_claims(claims, issued, until, ctx.random_bytes("jti", 16).hex())
        token = yield from self._signer(renewed, SESSION_TYPE)
        return Cookie(token, from_numeric_date(until) - now)


def _is_whole_number(value: object) -> bool:
    return isinstance(value, int) and is_finite_number(value)
