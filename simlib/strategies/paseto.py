"""PASETO access tokens, version 4 public: issued (S23 of data/evidence/strategies.csv)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from simlib.scenario.effects import Call, Compute, Context, Flow
from simlib.scenario.messages import StoreGet, StorePut, TokenRow
from simlib.strategies.base import Deployment, Grant, Issued, TokenFormat
from simlib.strategies.checks import check_paseto
from simlib.strategies.grant_details import about_user, claims_for, row_of
from simlib.strategies.jwt_access_token import key_of_jti
from simlib.tokens import PasetoVerification, SigningKey, from_numeric_date, judge_time, paseto_kid, sign_paseto

KEY_CHOICE = "EdDSA"


@dataclass(frozen=True)
class PasetoSettings:
    """Nothing to choose: the version of the format decides the algorithm, Ed25519. Needs the package pyseto."""

    def __post_init__(self) -> None:
        check_paseto()


class Paseto:
    """Like a JWT that leaves no choice of algorithm; only what was revoked is remembered."""

    name: ClassVar[str] = "paseto"
    summary: ClassVar[str] = "signed PASETO v4.public access token (Ed25519)"
    token_format: ClassVar[TokenFormat | None] = "paseto"
    Settings: ClassVar[type[PasetoSettings]] = PasetoSettings

    @staticmethod
    def operations(settings: PasetoSettings, deployment: Deployment) -> frozenset[str]:
        """What it charges to a cost profile."""
        return frozenset({"paseto.sign", "paseto.verify"})

    def __init__(self, settings: PasetoSettings, deployment: Deployment) -> None:
        self._deployment = deployment
        self._key = deployment.make_key(KEY_CHOICE)

    def keys(self) -> tuple[SigningKey, ...]:
        """The one signing key."""
        return (self._key,)

    def issue(self, ctx: Context, grant: Grant) -> Flow[Issued]:
        """Sign the claims that a JWT access token would have."""
        claims = claims_for(ctx, grant, self._deployment)
        token = yield Compute("paseto.sign", partial(sign_paseto, claims, self._key))
        return Issued(token, grant.subject, from_numeric_date(claims["iat"]), from_numeric_date(claims["exp"]))

    def inspect(self, ctx: Context, token: str) -> Flow[TokenRow | None]:
        """Verify the server's own signature, then look whether the ``jti`` was revoked."""
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
        """The claims of one of its own tokens that is in time."""
        if paseto_kid(token) != self._key.kid:
            return None
        verification = PasetoVerification(token, self._key.verification_key, self._deployment.issuer, None)
        verified = yield Compute("paseto.verify", verification)
        if verified.claims is None or judge_time(verified.claims, ctx.now()) is not None:
            return None
        claims: Mapping[str, Any] = verified.claims
        return claims

    def _row(self, claims: Mapping[str, Any], kind: str) -> TokenRow:
        return row_of(claims, kind, about_user(self._deployment, claims["sub"]))
