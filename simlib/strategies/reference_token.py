"""The authorization server issues opaque tokens: 256 random bits, of which it keeps the hash (RFC 6749 section 1.4).

Opaque tokens from an authorization server that can also sign: for answers and identity tokens that are JWTs.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from simlib.scenario.effects import Call, Compute, Context, Flow
from simlib.scenario.messages import StoreGet, StorePut, StoreRevoke, TokenRow
from simlib.strategies.base import DeploymentConfig, Grant, Issued, TokenFormat
from simlib.strategies.issued_claims import build_further_claims, build_row, encode_details, find_user_claims
from simlib.strategies.signing import Signer, check_key, name_signing, name_verification
from simlib.tokens import (
    ALGORITHMS,
    SigningKey,
    Verification,
    header_of,
    judge_time,
    key_choice,
    opaque_token,
    store_key,
)


@dataclass(frozen=True)
class ReferenceTokenSettings:
    """Nothing to choose."""


def _make(entropy: bytes) -> tuple[str, str]:
    token = opaque_token(entropy)
    return token, store_key(token)


class ReferenceToken:
    """The token says nothing; its row in the store says everything."""

    name: ClassVar[str] = "reference_token"
    summary: ClassVar[str] = "opaque reference to a row in the token store"
    token_format: ClassVar[TokenFormat | None] = "opaque"
    Settings: ClassVar[type[Any]] = ReferenceTokenSettings

    @staticmethod
    def list_operations(settings: Any, deployment: DeploymentConfig) -> frozenset[str]:
        """What it charges to a cost profile."""
        return frozenset({"opaque.issue", "store.put"})

    def __init__(self, settings: Any, deployment: DeploymentConfig) -> None:
        self._deployment = deployment

    def list_keys(self) -> tuple[SigningKey, ...]:
        """It signs nothing."""
        return ()

    def issue(self, ctx: Context, grant: Grant) -> Flow[Issued]:
        """Make a reference and write its row. Instants are whole seconds, as in a JWT, so that formats compare."""
        token, key = yield from self._made(ctx.random_bytes("access_token", 32))
        issued_at = math.floor(ctx.now())
        expires_at = issued_at + math.floor(self._deployment.token_lifetime_s)
        yield Call("store", StorePut(key, self._row(grant, issued_at, expires_at)))
        return Issued(token, grant.subject, issued_at, expires_at)

    def _made(self, entropy: bytes) -> Flow[tuple[str, str]]:
        """A new token and the key of its row."""
        made: tuple[str, str] = yield Compute("opaque.issue", partial(_make, entropy))
        return made

    def _row(self, grant: Grant, issued_at: float, expires_at: float) -> TokenRow:
        return TokenRow(
            "access",
            grant.subject,
            grant.client_id,
            grant.scope,
            grant.audience or self._deployment.audience,
            issued_at,
            expires_at,
            details=encode_details(build_further_claims(grant)),
        )

    def inspect(self, ctx: Context, token: str) -> Flow[TokenRow | None]:
        """The row, if it is an access token that is neither expired nor revoked."""
        key = yield Compute("token.hash", partial(store_key, token))
        row = yield Call("store", StoreGet(key))
        if row is None or row.kind != "access" or row.revoked_at is not None or row.expires_at <= ctx.now():
            return None
        return TokenRow(*row)

    def revoke(self, ctx: Context, token: str) -> Flow[bool]:
        """Mark the row."""
        key = yield Compute("token.hash", partial(store_key, token))
        known = yield Call("store", StoreRevoke(key, ctx.now()))
        return bool(known)


@dataclass(frozen=True)
class SigningReferenceTokenSettings:
    """``algorithm`` and ``key_bits`` (2048 or 3072, of an RSA key): what the server signs with; no shared secret."""

    algorithm: str = "RS256"
    key_bits: int = 2048

    def __post_init__(self) -> None:
        check_key(self.algorithm, self.key_bits, ALGORITHMS)

    @property
    def choice(self) -> str:
        """The choice of key."""
        return key_choice(self.algorithm, self.key_bits)


class SigningReferenceToken(ReferenceToken):
    """The client's token says nothing; what the server tells others about it can be signed."""

    name: ClassVar[str] = "signing_reference_token"
    summary: ClassVar[str] = "opaque reference, from an AS that also has a key: phantom tokens, signed introspection"
    Settings: ClassVar[type[Any]] = SigningReferenceTokenSettings

    @staticmethod
    def list_operations(settings: Any, deployment: DeploymentConfig) -> frozenset[str]:
        """What it charges to a cost profile."""
        return ReferenceToken.list_operations(settings, deployment) | {
            name_signing(settings.choice, deployment),
            name_verification(settings.choice, deployment),
        }

    def __init__(self, settings: Any, deployment: DeploymentConfig) -> None:
        super().__init__(settings, deployment)
        self._key = deployment.make_key(settings.choice)
        self._verification_operation = name_verification(settings.choice, deployment)
        self._signer = Signer(self._key, deployment)

    def list_keys(self) -> tuple[SigningKey, ...]:
        """The one signing key."""
        return (self._key,)

    def inspect(self, ctx: Context, token: str) -> Flow[TokenRow | None]:
        """The row of a reference; a JWT that this server made of one stands for itself until it expires.

        Such a JWT stays among the services, one of which may ask about its user; it lives as any JWT does.
        """
        if header_of(token).get("kid") != self._key.kid:
            return (yield from super().inspect(ctx, token))
        key, issuer = self._key.verification_key, self._deployment.issuer
        verified = yield Compute(self._verification_operation, Verification(token, key, (key.algorithm,), issuer, None))
        if verified.claims is None or judge_time(verified.claims, ctx.now()) is not None:
            return None
        return build_row(verified.claims, "access", find_user_claims(self._deployment, verified.claims["sub"]))

    def sign(self, ctx: Context, claims: Mapping[str, Any], typ: str) -> Flow[str]:
        """Sign claims under the server's name, as a JWT of that typ."""
        return self._signer(claims, typ)
