"""Signed with a key of the attacker's own, under the name of a known one."""

from dataclasses import replace
from typing import ClassVar

from simlib.attacks.base import Candidate, NotApplicable, Preparation, TokenAttack
from simlib.attacks.forged_claims import ForgedClaims, forge_claims, is_key_pair_algorithm
from simlib.scenario.effects import Context, Flow
from simlib.tokens import generate_signing_key
from simlib.tokens.forging import sign_claims, sign_with_hmac


def sign_with_foreign_key(ctx: Context, made: ForgedClaims, **header: object) -> str:
    """A token with the known ``kid`` and the signature of another key of the same kind."""
    if not is_key_pair_algorithm(made.algorithm):
        return made.seal(sign_with_hmac(made.claims, made.kid, ctx.random_bytes("foreign_key", 32), made.typ))
    key = replace(generate_signing_key(made.algorithm, "attacker"), kid=made.kid)
    return made.seal(sign_claims(made.claims, key, typ=made.typ, **header))


class ForeignKey(TokenAttack):
    """A name says nothing about who holds the key."""

    name: ClassVar[str] = "foreign_key"
    summary: ClassVar[str] = "forged claims signed with another key under the kid of the server's"
    source: ClassVar[str] = "RFC 7515 section 4.1.4, RFC 8725 section 3.3; CVE-2026-49998"
    needs: ClassVar[tuple[str, ...]] = ("encryption_jwk",)

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Rewrite and sign."""
        made = yield from forge_claims(ctx, self.assets)
        if isinstance(made, NotApplicable):
            return made
        return (Candidate("known kid, foreign signature", sign_with_foreign_key(ctx, made)),)
