"""A resource server makes tokens out of what it has to verify them with."""

from typing import ClassVar

from simlib.attacks.base import Candidate, Inapplicable, OnTokens, Preparation
from simlib.attacks.foreign_key import signed_by_a_stranger
from simlib.attacks.rewriting import rewritten
from simlib.scenario.effects import Context, Flow
from simlib.tokens.forging import hmac_signed


class MintedByResourceServer(OnTokens):
    """With HS256 whoever can verify can also sign; with a public key nobody can."""

    name: ClassVar[str] = "minted_by_resource_server"
    summary: ClassVar[str] = "a token for another API's users, made by a resource server with its verification key"
    source: ClassVar[str] = "RFC 7515 section 10.5, RFC 7518 section 3.2"
    needs: ClassVar[tuple[str, ...]] = ("shared_secret", "encryption_jwk")

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Rewrite, and sign with what there is."""
        made = yield from rewritten(ctx, self.loot)
        if isinstance(made, Inapplicable):
            return made
        secret = self.loot.shared_secret
        if secret:
            minted = made.seal(hmac_signed(made.claims, made.kid, secret, made.typ))
            return (Candidate("signed with the shared secret", minted),)
        return (Candidate("signed with a key of its own", signed_by_a_stranger(ctx, made)),)
