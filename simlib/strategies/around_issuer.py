"""What wrappers around the authorization server's part have in common."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from simlib.scenario.effects import Compute, Context, Flow
from simlib.scenario.messages import TokenRow
from simlib.strategies.base import Grant, Issued
from simlib.strategies.roles import Issuer
from simlib.tokens import SigningKey, payload_of


class AroundIssuer:
    """Passes everything on to the part inside; a wrapper overrides what it changes."""

    def __init__(self, inner: Issuer) -> None:
        self.inner = inner
        self.token_format = getattr(inner, "token_format", None)
        if hasattr(inner, "sign"):  # only a server with a key has it, and whoever looks must see the same
            self.sign = inner.sign

    def issue(self, ctx: Context, grant: Grant) -> Flow[Issued]:
        """Make an access token."""
        return self.inner.issue(ctx, grant)

    def inspect(self, ctx: Context, token: str) -> Flow[TokenRow | None]:
        """What an access token stands for now; None when it is not active."""
        return self.inner.inspect(ctx, token)

    def revoke(self, ctx: Context, token: str) -> Flow[bool]:
        """Let an access token be inactive from now on; whether there was such a token."""
        return self.inner.revoke(ctx, token)

    def keys(self) -> tuple[SigningKey, ...]:
        """The keys whose public halves the JWKS endpoint serves."""
        return self.inner.keys()


class AroundJwtIssuer(AroundIssuer):
    """Around a part that issues signed tokens, which the server itself can read again."""

    def revoked_claims(self, ctx: Context, token: str) -> Flow[Mapping[str, Any] | None]:
        """Revoke a token; its claims when there was such a token, whose signature the part inside has then verified."""
        if not (yield from self.inner.revoke(ctx, token)):
            return None
        claims: Mapping[str, Any] = yield Compute("json.decode", partial(payload_of, token))
        return claims
