"""The application signs a session JWT when its user logs in: the simple case, without OAuth2."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from simlib.scenario.effects import Call, Compute, Context, Flow
from simlib.scenario.messages import StoreGet, StorePut, TokenRow
from simlib.strategies.base import Deployment, Grant, Issued, TokenFormat
from simlib.strategies.grant_details import about_user, claims_for, row_of
from simlib.strategies.jwt_access_token import key_of_jti
from simlib.strategies.jwt_operations import signing, verifying
from simlib.strategies.signing import Signer
from simlib.tokens import (
    SECRET_ALGORITHM,
    SESSION_TYPE,
    SigningKey,
    from_numeric_date,
    header_of,
    judge_time,
    session_verification,
)


@dataclass(frozen=True)
class SessionIssuingSettings:
    """Nothing to choose: HS256 with a secret that only the application has."""


class SessionIssuing:
    """Stands where the authorization server is, as the application's own login.

    What was revoked is remembered there, and read by nobody who validates sessions.
    """

    name: ClassVar[str] = "session_jwt"
    summary: ClassVar[str] = (
        "session JWT that the application signs for itself (HS256); no OAuth2: no delegation, no third party, and a "
        "session that was revoked lives on"
    )
    token_format: ClassVar[TokenFormat | None] = "session"
    Settings: ClassVar[type[Any]] = SessionIssuingSettings

    @staticmethod
    def operations(settings: Any, deployment: Deployment) -> frozenset[str]:
        """What it charges to a cost profile."""
        return frozenset(name(SECRET_ALGORITHM, deployment) for name in (signing, verifying))

    def __init__(self, settings: Any, deployment: Deployment) -> None:
        self._deployment = deployment
        self._secret = deployment.shared_secret()
        self._signer = Signer(self._secret, deployment)
        self._verifying = verifying(SECRET_ALGORITHM, deployment)

    def keys(self) -> tuple[SigningKey, ...]:
        """None: no key set may show a secret."""
        return ()

    def issue(self, ctx: Context, grant: Grant) -> Flow[Issued]:
        """Sign the claims of a new session."""
        claims = claims_for(ctx, grant, self._deployment)
        claims["auth_time"] = claims["iat"]
        token = yield from self._signer(claims, SESSION_TYPE)
        return Issued(token, grant.subject, from_numeric_date(claims["iat"]), from_numeric_date(claims["exp"]))

    def inspect(self, ctx: Context, token: str) -> Flow[TokenRow | None]:
        """Verify the signature, then look whether the ``jti`` was revoked."""
        claims = yield from self._read(ctx, token)
        if claims is None:
            return None
        revoked = yield Call("store", StoreGet(key_of_jti(claims)))
        return self._row(claims, "access") if revoked is None else None

    def revoke(self, ctx: Context, token: str) -> Flow[bool]:
        """Remember the ``jti``."""
        claims = yield from self._read(ctx, token)
        if claims is None:
            return False
        row = self._row(claims, "revoked")._replace(revoked_at=ctx.now())
        yield Call("store", StorePut(key_of_jti(claims), row))
        return True

    def _read(self, ctx: Context, token: str) -> Flow[Mapping[str, Any] | None]:
        """The claims of one of its own sessions that is in time."""
        if header_of(token).get("kid") != self._secret.kid:
            return None
        verified = yield Compute(
            self._verifying, session_verification(token, self._secret, self._deployment.issuer, None)
        )
        if verified.claims is None or judge_time(verified.claims, ctx.now()) is not None:
            return None
        claims: Mapping[str, Any] = verified.claims
        return claims

    def _row(self, claims: Mapping[str, Any], kind: str) -> TokenRow:
        known = {**about_user(self._deployment, claims["sub"]), "auth_time": ""}
        return row_of(claims, kind, known)
