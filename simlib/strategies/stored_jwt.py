"""Stored JWT: self-contained, and with a row at the authorization server (S22 of data/evidence/strategies.csv)."""

from collections.abc import Mapping
from typing import Any, ClassVar

from simlib.scenario.effects import Call, Context, Flow
from simlib.scenario.messages import StoreGet, StorePut, StoreRevoke, TokenRow
from simlib.strategies.base import DeploymentConfig
from simlib.strategies.jwt_access_token import JwtAccessToken, JwtAccessTokenSettings
from simlib.strategies.self_contained_issuer import format_jti_key


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
