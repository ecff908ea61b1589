"""The authorization server issues signed access tokens (RFC 9068) and remembers only what it has revoked."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from simlib.scenario.effects import Call, Compute, Context, Flow
from simlib.scenario.messages import StoreGet, StorePut, TokenRow
from simlib.strategies.base import Deployment, Grant, Issued, TokenFormat
from simlib.strategies.checks import one_of
from simlib.tokens import (
    ALGORITHMS,
    SigningKey,
    Verification,
    access_token_claims,
    from_numeric_date,
    header_of,
    judge_time,
    sign_access_token,
)


@dataclass(frozen=True)
class JwtAccessTokenSettings:
    """``algorithm``: RS256 (quick to verify, slow to sign), ES256 (the reverse) or EdDSA."""

    algorithm: str = "RS256"

    def __post_init__(self) -> None:
        one_of("algorithm", self.algorithm, ALGORITHMS)


class JwtAccessToken:
    """The token says everything; nothing is stored when it is issued."""

    name: ClassVar[str] = "jwt_access_token"
    summary: ClassVar[str] = "signed JWT access token (RFC 9068)"
    token_format: ClassVar[TokenFormat | None] = "jwt"
    Settings: ClassVar[type[JwtAccessTokenSettings]] = JwtAccessTokenSettings

    def __init__(self, settings: JwtAccessTokenSettings, deployment: Deployment) -> None:
        self._deployment = deployment
        self._key = deployment.make_key(settings.algorithm)

    def keys(self) -> tuple[SigningKey, ...]:
        """The one signing key."""
        return (self._key,)

    def issue(self, ctx: Context, grant: Grant) -> Flow[Issued]:
        """Sign the claims of RFC 9068 section 2.2, with claims about the user when the design puts them there."""
        deployment = self._deployment
        in_token = deployment.user_information == "token"
        claims = access_token_claims(
            deployment.issuer,
            deployment.audience,
            grant.subject,
            grant.client_id,
            grant.scope,
            ctx.now(),
            deployment.token_lifetime_s,
            ctx.random_bytes("jti", 16).hex(),
            deployment.user_claims(grant.subject) if in_token else {},
        )
        token = yield Compute(f"jwt.sign.{self._key.algorithm}", partial(sign_access_token, claims, self._key))
        return Issued(token, grant.subject, from_numeric_date(claims["iat"]), from_numeric_date(claims["exp"]))

    def inspect(self, ctx: Context, token: str) -> Flow[TokenRow | None]:
        """Verify the server's own signature, then look whether the ``jti`` was revoked."""
        claims = yield from self._read(token)
        if claims is None or judge_time(claims, ctx.now()) is not None:
            return None
        revoked = yield Call("store", StoreGet(_revoked_key(claims)))
        return _row(claims, "access") if revoked is None else None

    def revoke(self, ctx: Context, token: str) -> Flow[bool]:
        """Remember the ``jti`` (RFC 7009 leaves open how a server invalidates a self-contained token)."""
        claims = yield from self._read(token)
        if claims is None or judge_time(claims, ctx.now()) is not None:
            return False
        row = _row(claims, "revoked")._replace(revoked_at=ctx.now())
        yield Call("store", StorePut(_revoked_key(claims), row))
        return True

    def _read(self, token: str) -> Flow[Mapping[str, Any] | None]:
        key, deployment = self._key, self._deployment
        if header_of(token).get("kid") != key.kid:
            return None
        verification = Verification(
            token, key.verification_key, (key.algorithm,), deployment.issuer, deployment.audience
        )
        verified = yield Compute(f"jwt.verify.{key.algorithm}", verification)
        claims: Mapping[str, Any] | None = verified.claims
        return claims


def _revoked_key(claims: Mapping[str, Any]) -> str:
    # RFC 7519 makes a jti unique per issuer; this store is one issuer's own.
    return f"jti:{claims['jti']}"


def _row(claims: Mapping[str, Any], kind: str) -> TokenRow:
    return TokenRow(
        kind,
        claims["sub"],
        claims["client_id"],
        claims.get("scope", ""),
        claims["aud"],
        from_numeric_date(claims["iat"]),
        from_numeric_date(claims["exp"]),
    )
