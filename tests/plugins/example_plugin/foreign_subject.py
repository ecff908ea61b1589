"""Foreign subject: the attacker's own token with the victim as its subject, under the unchanged signature."""

from typing import ClassVar

from simlib.plugins import Candidate, Context, Flow, NotApplicable, Preparation, TokenAttack, replace_claims


class ForeignSubject(TokenAttack):
    """Goes through where claims are decoded and the signature is not verified."""

    name: ClassVar[str] = "foreign_subject"
    summary: ClassVar[str] = "own token with the victim as its subject"
    source: ClassVar[str] = "RFC 7515 section 10.1"

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Change the subject of a token that can be read."""
        yield from ()
        if self.assets.own_token.count(".") != 2:
            return NotApplicable("the token has no claims that can be changed")
        return (Candidate("own token for the victim", replace_claims(self.assets.own_token, sub=self.assets.victim)),)
