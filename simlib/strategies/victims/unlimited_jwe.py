"""A victim: opens encrypted tokens as their headers ask, with any algorithm and to any size (RFC 8725 section 3.6)."""

from functools import partial
from typing import ClassVar

from simlib.scenario.effects import Compute, Context, Flow
from simlib.scenario.verdict import Verdict
from simlib.strategies import refusals
from simlib.strategies.base import Presented
from simlib.strategies.encrypted_local import EncryptedLocal
from simlib.strategies.jwks_client import KeyCache
from simlib.tokens.careless_jwe import open_carelessly


class UnlimitedJwe(EncryptedLocal):
    """Inflates and derives keys first, and verifies afterwards."""

    name: ClassVar[str] = "unlimited_jwe"
    summary: ClassVar[str] = "victim: encrypted JWT, opened by the algorithm and to the size that its header asks for"
    refused: ClassVar[str] = "one small request could fill memory or keep a core busy (RFC 8725 3.6); use encrypted_jwt"

    instead: ClassVar[str] = "encrypted_jwt"

    def validate(self, ctx: Context, state: KeyCache, presented: Presented) -> Flow[Verdict]:
        """Open, then verify what is inside."""
        if not presented.token:
            return refusals.no_token()
        opened = yield Compute(self._decrypting, partial(open_carelessly, presented.token, self._decryption_key))
        if opened.token is None:
            return refusals.invalid_token(opened.reason)
        return (yield from self._verify(ctx, state, opened.token, presented.scope))
