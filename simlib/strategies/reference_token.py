"""Reference tokens, opaque to clients: 256 random bits, of which the authorization server stores the hash (RFC 6749
section 1.4).

One issuer can also sign: answers and identity tokens that are JWTs."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from simlib.scenario.effects import Call, Compute, Context, Flow, new_tuple
from simlib.scenario.messages import StoreGet, StorePut, StoreRevoke, TokenRow
from simlib.strategies.base import DeploymentConfig, Grant, Issued
from simlib.strategies.issuing import build_further_claims, build_row, encode_details, find_user_claims
from simlib.strategies.signing import Signer, check_key, name_signing, name_verification
from simlib.tokens import (
    ALGORITHMS,
    OPAQUE,
    SigningKey,
    TokenFormat,
    Verification,
    judge_time,
    make_opaque_token,
    make_store_key,
    name_key_choice,
    read_header,
)


@dataclass(frozen=True)
class ReferenceTokenSettings:
    """Nothing to choose."""


def _encode_token(entropy: bytes) -> tuple[str, str]:
    token = make_opaque_token(entropy)
    return token, make_store_key(token)


class ReferenceToken:
    """The token is a reference; its row in the store has all information."""

    name: ClassVar[str] = "reference_token"
    summary: ClassVar[str] = "opaque reference to a row in the token store"
    token_format: ClassVar[TokenFormat | None] = OPAQUE
    Settings: ClassVar[type[Any]] = ReferenceTokenSettings

    @staticmethod
    def list_operations(settings: Any, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile."""
        return frozenset({"opaque.issue", "store.put"})

    def __init__(self, settings: Any, deployment: DeploymentConfig) -> None:
        self._deployment = deployment

    def list_keys(self) -> tuple[SigningKey, ...]:
        """List no keys: it signs nothing."""
        return ()

    def issue(self, ctx: Context, grant: Grant) -> Flow[Issued]:
        """Issue a reference and write its row. Instants are whole seconds, as in a JWT, so that formats compare."""
        token, key = yield from self._make_token(ctx.random_bytes("access_token", 32))
        issued_at = math.floor(ctx.now())
        expires_at = issued_at + math.floor(self._deployment.token_lifetime_s)
        yield Call("store", StorePut(key, self._build_row(grant, issued_at, expires_at)))
        return Issued(token, grant.subject, issued_at, expires_at)

    def _make_token(self, entropy: bytes) -> Flow[tuple[str, str]]:
        """Make a new token and the key of its row."""
        token: tuple[str, str] = yield Compute("opaque.issue", partial(_encode_token, entropy))
        return token

    def _build_row(self, grant: Grant, issued_at: float, expires_at: float) -> TokenRow:
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
        """Find the row, if it is an access token that is neither expired nor revoked."""
        key = yield new_tuple(Compute, ("token.hash", partial(make_store_key, token)))
        row: TokenRow | None = yield new_tuple(Call, ("store", new_tuple(StoreGet, (key,)), None))
        if row is None or row.kind != "access" or row.revoked_at is not None or row.expires_at <= ctx.now():
            return None
        return row

    def revoke(self, ctx: Context, token: str) -> Flow[bool]:
        """Mark the row as revoked."""
        key = yield Compute("token.hash", partial(make_store_key, token))
        was_found = yield Call("store", StoreRevoke(key, ctx.now()))
        return bool(was_found)


@dataclass(frozen=True)
class SigningReferenceTokenSettings:
    """``algorithm`` and ``key_bits`` (2048 or 3072, of an RSA key) of the signing key; no shared secret."""

    algorithm: str = "RS256"
    key_bits: int = 2048

    def __post_init__(self) -> None:
        check_key(self.algorithm, self.key_bits, ALGORITHMS)

    @property
    def choice(self) -> str:
        """The choice of key."""
        return name_key_choice(self.algorithm, self.key_bits)


class SigningReferenceToken(ReferenceToken):
    """The client's token is a reference; what the server reports about it can be signed."""

    name: ClassVar[str] = "signing_reference_token"
    summary: ClassVar[str] = "opaque reference, from an AS that also has a key: phantom tokens, signed introspection"
    Settings: ClassVar[type[Any]] = SigningReferenceTokenSettings

    @staticmethod
    def list_operations(settings: Any, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile."""
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
        """List the one signing key."""
        return (self._key,)

    def inspect(self, ctx: Context, token: str) -> Flow[TokenRow | None]:
        """Find the row of a reference; a JWT that this server issued for one stands for itself until it expires.

        Such a JWT stays among the services, one of which may introspect it for claims about its user.
        """
        if read_header(token).get("kid") != self._key.kid:
            return (yield from super().inspect(ctx, token))
        key, issuer = self._key.verification_key, self._deployment.issuer
        verified = yield Compute(self._verification_operation, Verification(token, key, (key.algorithm,), issuer, None))
        if verified.claims is None or judge_time(verified.claims, ctx.now(), refuse_future_iat=False) is not None:
            return None
        return build_row(verified.claims, "access", find_user_claims(self._deployment, verified.claims["sub"]))

    def sign(self, ctx: Context, claims: Mapping[str, Any], typ: str) -> Flow[str]:
        """Sign claims with the server's key, as a JWT of that ``typ``."""
        return self._signer(claims, typ)
