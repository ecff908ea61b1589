"""Signed with a key of the attacker's own, under the name of a known one."""

from dataclasses import replace
from typing import ClassVar

from simlib.attacks.base import Candidate, Inapplicable, OnTokens, Preparation
from simlib.attacks.rewriting import Rewritten, rewritten, signs
from simlib.scenario.effects import Context, Flow
from simlib.tokens import generate_signing_key
from simlib.tokens.forging import hmac_signed, signed


def signed_by_a_stranger(ctx: Context, made: Rewritten, **header: object) -> str:
    """A token with the known ``kid`` and the signature of another key of the same kind."""
    if not signs(made.algorithm):
        return made.seal(hmac_signed(made.claims, made.kid, ctx.random_bytes("foreign_key", 32), made.typ))
    key = replace(generate_signing_key(made.algorithm, "attacker"), kid=made.kid)
    return made.seal(signed(made.claims, key, typ=made.typ, **header))


class ForeignKey(OnTokens):
    """A name says nothing about who holds the key."""

    name: ClassVar[str] = "foreign_key"
    summary: ClassVar[str] = "forged claims signed with another key under the kid of the server's"
    source: ClassVar[str] = "RFC 7515 section 4.1.4, RFC 8725 section 3.3; CVE-2026-49998"
    needs: ClassVar[tuple[str, ...]] = ("encryption_jwk",)

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Rewrite and sign."""
        made = yield from rewritten(ctx, self.loot)
        if isinstance(made, Inapplicable):
            return made
        return (Candidate("known kid, foreign signature", signed_by_a_stranger(ctx, made)),)
