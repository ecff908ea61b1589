"""JWT access token (RFC 9068) at the authorization server: signed, and stored only when it is revoked.

A stored JWT has a row of each token as well (S22 of data/evidence/strategies.csv).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from simlib.scenario.effects import Call, Compute, Context, Flow
from simlib.scenario.messages import StoreGet, StorePut, StoreRevoke, TokenRow
from simlib.strategies.base import DeploymentConfig
from simlib.strategies.issuing import SelfContainedIssuer, format_jti_key
from simlib.strategies.signing import Signer, check_key, name_signing, name_verification
from simlib.tokens import (
    ACCESS_TOKEN_TYPE,
    ALGORITHMS,
    JWT,
    SECRET_ALGORITHM,
    SharedSecret,
    SigningKey,
    TokenFormat,
    Verification,
    name_key_choice,
    read_header,
)


@dataclass(frozen=True)
class JwtAccessTokenSettings:
    """``algorithm``: RS256 and PS256 (quick to verify, slow to sign), ES256, ES384 and EdDSA (the reverse), or HS256:
    quick at both, with one secret shared with every RS, so every RS that can verify can also issue tokens.
    ``key_bits``: 2048 or 3072, the size of an RSA key.
    """

    algorithm: str = "RS256"
    key_bits: int = 2048

    def __post_init__(self) -> None:
        check_key(self.algorithm, self.key_bits, (*ALGORITHMS, SECRET_ALGORITHM))


class JwtAccessToken(SelfContainedIssuer):
    """The token is self-contained; nothing is stored when it is issued."""

    name: ClassVar[str] = "jwt_access_token"
    summary: ClassVar[str] = (
        "signed JWT access token (RFC 9068); with HS256 every RS holds the secret and could issue tokens itself"
    )
    token_format: ClassVar[TokenFormat | None] = JWT
    Settings: ClassVar[type[Any]] = JwtAccessTokenSettings

    @staticmethod
    def list_operations(settings: JwtAccessTokenSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile."""
        return frozenset(name(_name_choice(settings), deployment) for name in (name_signing, name_verification))

    def __init__(self, settings: JwtAccessTokenSettings, deployment: DeploymentConfig) -> None:
        super().__init__(deployment)
        self._key: SigningKey | SharedSecret = (
            deployment.shared_secret()
            if settings.algorithm == SECRET_ALGORITHM
            else deployment.make_key(_name_choice(settings))
        )
        self._signer = Signer(self._key, deployment)
        self._verification_operation = name_verification(self._key.choice, deployment)

    def list_keys(self) -> tuple[SigningKey, ...]:
        """List the one signing key; none when a secret signs, which no key set may contain."""
        return (self._key,) if isinstance(self._key, SigningKey) else ()

    def sign(self, ctx: Context, claims: Mapping[str, Any], typ: str) -> Flow[str]:
        """Sign other claims with the server's key, such as those of an identity token."""
        return self._signer(claims, typ)

    def _sign_claims(self, claims: Mapping[str, Any]) -> Flow[str]:
        return self._signer(claims, ACCESS_TOKEN_TYPE)

    def _read(self, token: str) -> Flow[Mapping[str, Any] | None]:
        key, deployment = self._key, self._deployment
        if read_header(token).get("kid") != key.kid:
            return None
        verification = Verification(token, key.verification_key, (key.algorithm,), deployment.issuer, None)
        verified = yield Compute(self._verification_operation, verification)
        claims: Mapping[str, Any] | None = verified.claims
        return claims


def _name_choice(settings: JwtAccessTokenSettings) -> str:
    return name_key_choice(settings.algorithm, settings.key_bits)


class StoredJwt(JwtAccessToken):
    """Services can verify the token themselves; the server has a row of each, so it can list and revoke them."""

    name: ClassVar[str] = "stored_jwt"
    summary: ClassVar[str] = "signed JWT access token, of which the AS also keeps a row"

    @staticmethod
    def list_operations(settings: JwtAccessTokenSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile."""
        return JwtAccessToken.list_operations(settings, deployment) | {"store.put"}

    def _store_issued(self, claims: Mapping[str, Any]) -> Flow[None]:
        """Write the row under the ``jti``."""
        yield Call("store", StorePut(format_jti_key(claims), self._build_row(claims, "access")))

    def inspect(self, ctx: Context, token: str) -> Flow[TokenRow | None]:
        """Verify the server's own signature, then read the row, which decides."""
        claims = yield from self._read_valid(ctx, token)
        if claims is None:
            return None
        row = yield Call("store", StoreGet(format_jti_key(claims)))
        if row is None or row.kind != "access" or row.revoked_at is not None or row.expires_at <= ctx.now():
            return None
        return TokenRow(*row)

    def revoke(self, ctx: Context, token: str) -> Flow[bool]:
        """Mark the row as revoked."""
        claims = yield from self._read_valid(ctx, token)
        if claims is None:
            return False
        was_found = yield Call("store", StoreRevoke(format_jti_key(claims), ctx.now()))
        return bool(was_found)
