"""Minting by a resource server: it signs tokens with its verification key."""

from typing import ClassVar

from simlib.attacks.base import Candidate, NotApplicable, Preparation, TokenAttack
from simlib.attacks.foreign_key import sign_with_foreign_key
from simlib.attacks.forged_claims import forge_claims
from simlib.scenario.effects import Context, Flow
from simlib.tokens.forging import sign_with_hmac


class MintedByResourceServer(TokenAttack):
    """An HS256 secret that verifies can also sign; a public key cannot."""

    name: ClassVar[str] = "minted_by_resource_server"
    summary: ClassVar[str] = "a token for another API's users, made by a resource server with its verification key"
    source: ClassVar[str] = "RFC 7515 section 10.5, RFC 7518 section 3.2"
    needs: ClassVar[tuple[str, ...]] = ("shared_secret", "encryption_jwk")

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Rewrite the claims, and sign them with the shared secret or a key of its own."""
        forged = yield from forge_claims(ctx, self.assets)
        if isinstance(forged, NotApplicable):
            return forged
        secret = self.assets.shared_secret
        if secret:
            minted = forged.seal(sign_with_hmac(forged.claims, forged.kid, secret, forged.typ))
            return (Candidate("signed with the shared secret", minted),)
        return (Candidate("signed with a key of its own", sign_with_foreign_key(ctx, forged)),)
