"""The authorization server issues signed access tokens (RFC 9068) and remembers only what it has revoked."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from simlib.scenario.effects import Call, Compute, Context, Flow
from simlib.scenario.messages import StoreGet, StorePut, TokenRow
from simlib.strategies.base import Deployment, Grant, Issued, TokenFormat
from simlib.strategies.checks import one_of
from simlib.strategies.jwt_operations import signing, verifying
from simlib.tokens import (
    ALGORITHMS,
    RSA_ALGORITHMS,
    RSA_BITS,
    SECRET_ALGORITHM,
    SharedSecret,
    SigningKey,
    Verification,
    access_token_claims,
    from_numeric_date,
    header_of,
    judge_time,
    key_choice,
    sign_access_token,
)


@dataclass(frozen=True)
class JwtAccessTokenSettings:
    """``algorithm``: RS256 and PS256 (quick to verify, slow to sign), ES256, ES384 and EdDSA (the reverse), or HS256:
    quick at both, with one secret shared with every RS, so every RS that can verify can also mint tokens.
    ``key_bits``: 2048 or 3072, the size of an RSA key.
    """

    algorithm: str = "RS256"
    key_bits: int = 2048

    def __post_init__(self) -> None:
        one_of("algorithm", self.algorithm, (*ALGORITHMS, SECRET_ALGORITHM))
        if self.key_bits not in RSA_BITS:
            raise ValueError(f"key_bits must be {' or '.join(map(str, RSA_BITS))}")
        if self.key_bits != RSA_BITS[0] and self.algorithm not in RSA_ALGORITHMS:
            raise ValueError(f"key_bits must be left out with {self.algorithm}: only RSA keys come in sizes")


class JwtAccessToken:
    """The token says everything; nothing is stored when it is issued."""

    name: ClassVar[str] = "jwt_access_token"
    summary: ClassVar[str] = (
        "signed JWT access token (RFC 9068); with HS256 every RS holds the secret and could mint tokens itself"
    )
    token_format: ClassVar[TokenFormat | None] = "jwt"
    Settings: ClassVar[type[JwtAccessTokenSettings]] = JwtAccessTokenSettings

    @staticmethod
    def operations(settings: JwtAccessTokenSettings, deployment: Deployment) -> frozenset[str]:
        """What it charges to a cost profile."""
        return frozenset(name(_choice(settings), deployment) for name in (signing, verifying))

    def __init__(self, settings: JwtAccessTokenSettings, deployment: Deployment) -> None:
        self._deployment = deployment
        self._key: SigningKey | SharedSecret = (
            deployment.shared_secret()
            if settings.algorithm == SECRET_ALGORITHM
            else deployment.make_key(_choice(settings))
        )
        self._signing = signing(self._key.choice, deployment)
        self._verifying = verifying(self._key.choice, deployment)

    def keys(self) -> tuple[SigningKey, ...]:
        """The one signing key; none when a secret signs, which no key set may show."""
        return (self._key,) if isinstance(self._key, SigningKey) else ()

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
        token = yield Compute(self._signing, partial(sign_access_token, claims, self._key))
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
        verified = yield Compute(self._verifying, verification)
        claims: Mapping[str, Any] | None = verified.claims
        return claims


def _choice(settings: JwtAccessTokenSettings) -> str:
    return key_choice(settings.algorithm, settings.key_bits)


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
