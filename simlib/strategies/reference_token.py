"""The authorization server issues opaque tokens: 256 random bits, of which it keeps the hash (RFC 6749 section 1.4)."""

import math
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from simlib.scenario.effects import Call, Compute, Context, Flow
from simlib.scenario.messages import StoreGet, StorePut, StoreRevoke, TokenRow
from simlib.strategies.base import Deployment, Grant, Issued, TokenFormat
from simlib.strategies.grant_details import details_of, further_claims
from simlib.tokens import SigningKey, opaque_token, store_key


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
    def operations(settings: Any, deployment: Deployment) -> frozenset[str]:
        """What it charges to a cost profile."""
        return frozenset({"opaque.issue", "store.put"})

    def __init__(self, settings: Any, deployment: Deployment) -> None:
        self._deployment = deployment

    def keys(self) -> tuple[SigningKey, ...]:
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
            details=details_of(further_claims(grant)),
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
