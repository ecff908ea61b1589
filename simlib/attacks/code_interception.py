"""A code is seen on its way back to the client, and redeemed by whoever saw it."""

from typing import ClassVar

from simlib.attacks.base import Candidate, Inapplicable, OnFlows, Preparation
from simlib.attacks.forms import parameters_of, redeem, won
from simlib.scenario.effects import Context, Flow


class CodeInterception(OnFlows):
    """On a phone by an application that registered the same scheme, elsewhere by a log or a referrer."""

    name: ClassVar[str] = "code_interception"
    summary: ClassVar[str] = "the redirect to the client is seen, and its code redeemed first"
    source: ClassVar[str] = "RFC 7636 section 1, RFC 9700 sections 2.1.1 and 4.2"
    needs: ClassVar[tuple[str, ...]] = ("fresh_redirect",)

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Redeem what the address carries; the attacker has no secret and no verifier."""
        if not self.loot.fresh_redirect:
            yield from ()
            return Inapplicable("no browser is redirected in this flow")
        carried = parameters_of(self.loot.fresh_redirect)
        if "access_token" in carried:
            return (Candidate("the token in the redirect", carried["access_token"]),)
        answer = yield from redeem(self.loot, carried.get("code", ""), self.loot.redirect_uri)
        return won(answer, "the token for the code")
