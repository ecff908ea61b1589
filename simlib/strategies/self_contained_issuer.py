"""Issuer of self-contained tokens: it stores a token only when that is revoked, under its ``jti``.

Formats differ in signing and verifying, which subclasses define.
"""

from collections.abc import Mapping
from typing import Any

from simlib.scenario.effects import Call, Context, Flow
from simlib.scenario.messages import StoreGet, StorePut, TokenRow
from simlib.strategies.base import DeploymentConfig, Grant, Issued
from simlib.strategies.issued_claims import build_claims, build_row, find_user_claims
from simlib.tokens import from_numeric_date, judge_time


class SelfContainedIssuer:
    """Issues, inspects and revokes; a subclass defines `_sign_claims` and `_read`."""

    def __init__(self, deployment: DeploymentConfig) -> None:
        self._deployment = deployment

    def issue(self, ctx: Context, grant: Grant) -> Flow[Issued]:
        """Sign the claims of RFC 9068 section 2.2, with claims about the user when the design puts them there."""
        claims = self._build_claims(ctx, grant)
        token = yield from self._sign_claims(claims)
        yield from self._store_issued(claims)
        return Issued(token, grant.subject, from_numeric_date(claims["iat"]), from_numeric_date(claims["exp"]))

    def inspect(self, ctx: Context, token: str) -> Flow[TokenRow | None]:
        """Verify the server's own signature, then look up whether the ``jti`` was revoked."""
        claims = yield from self._read_valid(ctx, token)
        if claims is None:
            return None
        revoked = yield Call("store", StoreGet(format_jti_key(claims)))
        return self._build_row(claims, "access") if revoked is None else None

    def revoke(self, ctx: Context, token: str) -> Flow[bool]:
        """Store the ``jti`` (RFC 7009 leaves open how a server invalidates a self-contained token)."""
        claims = yield from self._read_valid(ctx, token)
        if claims is None:
            return False
        row = self._build_row(claims, "revoked")._replace(revoked_at=ctx.now())
        yield Call("store", StorePut(format_jti_key(claims), row))
        return True

    def _build_claims(self, ctx: Context, grant: Grant) -> dict[str, Any]:
        return build_claims(ctx, grant, self._deployment)

    def _sign_claims(self, claims: Mapping[str, Any]) -> Flow[str]:
        """Sign the claims of a new token."""
        raise NotImplementedError

    def _read(self, token: str) -> Flow[Mapping[str, Any] | None]:
        """Verify one of its own tokens; returns its claims, None for any other text. Time is not judged."""
        raise NotImplementedError

    def _read_valid(self, ctx: Context, token: str) -> Flow[Mapping[str, Any] | None]:
        """Read the claims of one of its own tokens that is in time."""
        claims = yield from self._read(token)
        return None if claims is None or judge_time(claims, ctx.now()) is not None else claims

    def _store_issued(self, claims: Mapping[str, Any]) -> Flow[None]:
        """Store nothing of a token that was issued."""
        yield from ()

    def _build_row(self, claims: Mapping[str, Any], kind: str) -> TokenRow:
        return build_row(claims, kind, find_user_claims(self._deployment, claims["sub"]))


def format_jti_key(claims: Mapping[str, Any]) -> str:
    """Format the key of the token store under which a self-contained token is found."""
    # RFC 7519 makes a jti unique per issuer; this store is one issuer's own.
    return f"jti:{claims['jti']}"
