"""PASETO access tokens, version 4 public: issued by the authorization server, verified by the resource server with its
keys (S23 of data/evidence/strategies.csv)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from simlib.scenario.design import UserInformationSource
from simlib.scenario.effects import Call, Compute, Context, Flow, Verdict
from simlib.scenario.messages import StoreGet, StorePut, TokenRow
from simlib.strategies.base import Bound, DeploymentConfig, Grant, Issued, PresentedToken
from simlib.strategies.issued_claims import build_claims, build_row, find_user_claims
from simlib.strategies.jwks_client import JwksClient, JwksSettings, KeyCache
from simlib.strategies.jwt_access_token import format_jti_key
from simlib.strategies.settings_checks import check_at_least, check_package, check_positive
from simlib.strategies.verdicts import judge_claims, refuse_invalid_token, refuse_missing_token, refuse_unavailable
from simlib.tokens import (
    PASETO,
    PasetoVerification,
    SigningKey,
    TokenFormat,
    from_numeric_date,
    judge_time,
    read_paseto_kid,
    sign_paseto,
)

KEY_CHOICE = "EdDSA"


@dataclass(frozen=True)
class PasetoIssuerSettings:
    """Nothing to choose: the version of the format decides the algorithm, Ed25519. Needs the package pyseto."""

    def __post_init__(self) -> None:
        check_package("paseto", PASETO)


class PasetoIssuer:
    """Like a JWT without a choice of algorithm; stored only when it is revoked."""

    name: ClassVar[str] = "paseto"
    summary: ClassVar[str] = "signed PASETO v4.public access token (Ed25519)"
    token_format: ClassVar[TokenFormat | None] = PASETO
    Settings: ClassVar[type[PasetoIssuerSettings]] = PasetoIssuerSettings

    @staticmethod
    def list_operations(settings: PasetoIssuerSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile."""
        return frozenset({"paseto.sign", "paseto.verify"})

    def __init__(self, settings: PasetoIssuerSettings, deployment: DeploymentConfig) -> None:
        self._deployment = deployment
        self._key = deployment.make_key(KEY_CHOICE)

    def list_keys(self) -> tuple[SigningKey, ...]:
        """List the one signing key."""
        return (self._key,)

    def issue(self, ctx: Context, grant: Grant) -> Flow[Issued]:
        """Sign the claims that a JWT access token would have."""
        claims = build_claims(ctx, grant, self._deployment)
        token = yield Compute("paseto.sign", partial(sign_paseto, claims, self._key))
        return Issued(token, grant.subject, from_numeric_date(claims["iat"]), from_numeric_date(claims["exp"]))

    def inspect(self, ctx: Context, token: str) -> Flow[TokenRow | None]:
        """Verify the server's own signature, then look up whether the ``jti`` was revoked."""
        claims = yield from self._read(ctx, token)
        if claims is None:
            return None
        revoked = yield Call("store", StoreGet(format_jti_key(claims)))
        return self._build_row(claims, "access") if revoked is None else None

    def revoke(self, ctx: Context, token: str) -> Flow[bool]:
        """Store the ``jti``."""
        claims = yield from self._read(ctx, token)
        if claims is None:
            return False
        row = self._build_row(claims, "revoked")._replace(revoked_at=ctx.now())
        yield Call("store", StorePut(format_jti_key(claims), row))
        return True

    def _read(self, ctx: Context, token: str) -> Flow[Mapping[str, Any] | None]:
        """Read the claims of one of its own tokens that is in time."""
        if read_paseto_kid(token) != self._key.kid:
            return None
        verification = PasetoVerification(token, self._key.verification_key, self._deployment.issuer, None)
        verified = yield Compute("paseto.verify", verification)
        if verified.claims is None or judge_time(verified.claims, ctx.now()) is not None:
            return None
        claims: Mapping[str, Any] = verified.claims
        return claims

    def _build_row(self, claims: Mapping[str, Any], kind: str) -> TokenRow:
        return build_row(claims, kind, find_user_claims(self._deployment, claims["sub"]))


@dataclass(frozen=True)
class PasetoValidatorSettings(JwksSettings):
    """``timeout_s`` bounds one fetch of the key set, ``leeway_s`` is clock skew granted at expiry. The others
    are about the key set, see `simlib.strategies.jwks_client.JwksSettings`. Needs the package pyseto.
    """

    timeout_s: float = 5.0
    leeway_s: float = 0.0

    def __post_init__(self) -> None:
        check_package("paseto", PASETO)
        super().__post_init__()
        check_positive("timeout_s", self.timeout_s)
        check_at_least("leeway_s", self.leeway_s, 0)


class PasetoValidator:
    """Checks signature, issuer, audience, time and scope; there is no algorithm to choose."""

    name: ClassVar[str] = "paseto"
    summary: ClassVar[str] = "PASETO v4.public access token, verified by the RS with the keys of the AS"
    token_format: ClassVar[TokenFormat | None] = PASETO
    user_information_sources: ClassVar[tuple[UserInformationSource, ...]] = ("token", "userinfo")
    caches_answers: ClassVar[bool] = False
    asks_authorization_server: ClassVar[bool] = False
    Settings: ClassVar[type[PasetoValidatorSettings]] = PasetoValidatorSettings

    @staticmethod
    def list_operations(settings: PasetoValidatorSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile."""
        return frozenset({"paseto.verify", "claims.check", "jwks.serve", "jwks.parse"})

    def __init__(self, settings: PasetoValidatorSettings, deployment: DeploymentConfig) -> None:
        self._settings = settings
        self._deployment = deployment
        self._keys = JwksClient(settings, settings.timeout_s)

    def compute_bound(self) -> Bound:
        """Compute the bound: a revocation is never noticed, so the token is accepted until it ends."""
        leeway = self._settings.leeway_s
        return Bound(leeway, self._deployment.token_lifetime_s + leeway)

    def create_state(self) -> KeyCache:
        """Create an empty key cache."""
        return KeyCache()

    def validate(self, ctx: Context, state: KeyCache, presented: PresentedToken) -> Flow[Verdict]:
        """Find the key that the footer names, verify the bytes, judge the claims."""
        token = presented.token
        if not token:
            return refuse_missing_token()
        if not (yield from self._keys.ensure_key_set(ctx, state)):
            return refuse_unavailable("no_keys")
        key = yield from self._keys.find_key(ctx, state, read_paseto_kid(token))
        if key is None:
            return refuse_invalid_token("unknown_key")
        verification = PasetoVerification(token, key, self._deployment.issuer, self._deployment.audience)
        verified = yield Compute("paseto.verify", verification)
        if verified.claims is None:
            return refuse_invalid_token(verified.reason)
        yield Compute("claims.check")
        return judge_claims(verified.claims, ctx.now(), self._settings.leeway_s, presented.scope)
